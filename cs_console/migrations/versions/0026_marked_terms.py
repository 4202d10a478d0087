"""Words that agents marked on a ticket, because redaction had missed them."""

import sqlalchemy as sa
from alembic import op

from models.columns import UtcMoment

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "marked_term",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_number", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("marked_at", UtcMoment(), nullable=False),
        sa.Column("removed_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_marked_term_ticket_number"), "marked_term", ["ticket_number"], unique=False)


def downgrade() -> None:
    op.drop_table("marked_term")

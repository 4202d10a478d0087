"""Who is on which ticket now."""

import sqlalchemy as sa
from alembic import op

from models.columns import UtcMoment

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "presence",
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("ticket_number", sa.Integer(), nullable=False),
        sa.Column("doing", sa.String(), nullable=False),
        sa.Column("since", UtcMoment(), nullable=False),
        sa.Column("seen_at", UtcMoment(), nullable=False),
        sa.Column("kept_from", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("agent_id"),
    )


def downgrade() -> None:
    op.drop_table("presence")

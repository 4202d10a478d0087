"""When, why and by which person a ticket was linked to another requester."""

import sqlalchemy as sa
from alembic import op

from models.columns import UtcMoment

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("verification", sa.Column("withdrawn_at", UtcMoment(), nullable=True))
    op.create_table(
        "linking",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_number", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.String(), nullable=False),
        sa.Column("to_id", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["from_id"], ["requester.id"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.ForeignKeyConstraint(["to_id"], ["requester.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in ("ticket_number", "from_id", "to_id"):
        op.create_index(op.f(f"ix_linking_{name}"), "linking", [name], unique=False)


def downgrade() -> None:
    op.drop_table("linking")
    op.drop_column("verification", "withdrawn_at")

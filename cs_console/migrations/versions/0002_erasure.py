"""Erasures and what holds them up."""

import sqlalchemy as sa
from alembic import op

from models.columns import UtcMoment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("requester_id", sa.String(), nullable=False),
        sa.Column("ticket_number", sa.Integer(), nullable=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("proposer_id", sa.String(), nullable=True),
        sa.Column("approver_id", sa.String(), nullable=True),
        sa.Column("proposed_at", UtcMoment(), nullable=False),
        sa.Column("approved_at", UtcMoment(), nullable=True),
        sa.Column("ended_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["approver_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["proposer_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_erasure_requester_id"), "erasure", ["requester_id"], unique=False)
    op.create_index(op.f("ix_erasure_state"), "erasure", ["state"], unique=False)
    op.create_table(
        "hold",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("requester_id", sa.String(), nullable=False),
        sa.Column("ticket_number", sa.Integer(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("placed_at", UtcMoment(), nullable=False),
        sa.Column("until", UtcMoment(), nullable=False),
        sa.Column("lifted_at", UtcMoment(), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["lifted_by"], ["agent.id"]),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_hold_requester_id"), "hold", ["requester_id"], unique=False)


def downgrade() -> None:
    op.drop_table("hold")
    op.drop_table("erasure")

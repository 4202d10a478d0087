"""What verification, clocks, workflows and packs need to remember."""

import sqlalchemy as sa
from alembic import op

from models.columns import UtcMoment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requester", sa.Column("age_band", sa.LargeBinary(), nullable=True))
    op.create_table(
        "adopted_pack",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_adopted_pack_name"), "adopted_pack", ["name"], unique=False)
    _about_tickets()
    _about_identity()


def _about_tickets() -> None:
    op.create_table(
        "asked",
        sa.Column("ticket_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("right", sa.String(), nullable=False),
        sa.Column("fields", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("ticket_number"),
    )
    op.create_table(
        "clock_event",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_number", sa.Integer(), nullable=False),
        sa.Column("move", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_clock_event_ticket_number"), "clock_event", ["ticket_number"], unique=False)
    op.create_table(
        "matter",
        sa.Column("ticket_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("about_number", sa.Integer(), nullable=True),
        sa.Column("decider_id", sa.String(), nullable=True),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["about_number"], ["ticket.number"]),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["decider_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("ticket_number"),
    )
    op.create_index(op.f("ix_matter_about_number"), "matter", ["about_number"], unique=False)
    op.create_table(
        "settlement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("notice", sa.LargeBinary(), nullable=True),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_settlement_ticket_number"), "settlement", ["ticket_number"], unique=False)


def _about_identity() -> None:
    op.create_table(
        "authority",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_number", sa.Integer(), nullable=False),
        sa.Column("requester_id", sa.String(), nullable=False),
        sa.Column("sort", sa.String(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.Column("ended_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_authority_requester_id"), "authority", ["requester_id"], unique=False)
    op.create_index(op.f("ix_authority_ticket_number"), "authority", ["ticket_number"], unique=False)
    op.create_table(
        "caller_check",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_number", sa.Integer(), nullable=False),
        sa.Column("requester_id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("matched", sa.Boolean(), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["requester_id"], ["requester.id"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("caller_check_by_agent", "caller_check", ["agent_id", "at"], unique=False)
    op.create_index("caller_check_by_requester", "caller_check", ["requester_id", "at"], unique=False)
    op.create_index(op.f("ix_caller_check_ticket_number"), "caller_check", ["ticket_number"], unique=False)


def downgrade() -> None:
    for name in ("caller_check", "authority", "settlement", "matter", "clock_event", "asked", "adopted_pack"):
        op.drop_table(name)
    op.drop_column("requester", "age_band")

"""Mail is filed by what it is: what no person wrote is kept apart, and senders can be blocked."""

import sqlalchemy as sa
from alembic import op

from models.columns import UtcMoment

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# What is in quarantine already gets its numbers in the order in which it came. Only lines of JSON Lines begin so.
_NUMBERED = """
UPDATE quarantined SET number = (
    SELECT placed.place FROM (
        SELECT id, row_number() OVER (ORDER BY at, id) AS place FROM quarantined
    ) AS placed WHERE placed.id = quarantined.id
)
"""
_LINES = "UPDATE quarantined SET is_mail = false WHERE reason LIKE 'bad_line:%'"


def upgrade() -> None:
    op.add_column("message", sa.Column("anchor", sa.LargeBinary(), nullable=True))
    op.add_column("message", sa.Column("mail_class", sa.String(), nullable=False, server_default="person"))
    op.create_index(op.f("ix_message_anchor"), "message", ["anchor"], unique=False)
    op.add_column("quarantined", sa.Column("number", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("quarantined", sa.Column("sort", sa.String(), nullable=False, server_default="unreadable"))
    op.add_column("quarantined", sa.Column("state", sa.String(), nullable=False, server_default="kept"))
    op.add_column("quarantined", sa.Column("is_mail", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("quarantined", sa.Column("kind", sa.String(), nullable=True))
    op.add_column("quarantined", sa.Column("subject", sa.LargeBinary(), nullable=True))
    op.add_column("quarantined", sa.Column("tried_with", sa.String(), nullable=False, server_default=""))
    op.execute(_NUMBERED)
    op.execute(_LINES)
    op.create_index(op.f("ix_quarantined_number"), "quarantined", ["number"], unique=True)
    op.create_table(
        "blocked_sender",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("mask", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("ticket_number", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.Column("lifted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    in_force = sa.text("lifted_at IS NULL")
    op.create_index(
        "blocked_sender_token",
        "blocked_sender",
        ["token"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )


def downgrade() -> None:
    op.drop_table("blocked_sender")
    op.drop_index(op.f("ix_quarantined_number"), "quarantined")
    for name in ("tried_with", "subject", "kind", "is_mail", "state", "sort", "number"):
        op.drop_column("quarantined", name)
    op.drop_index(op.f("ix_message_anchor"), "message")
    for name in ("mail_class", "anchor"):
        op.drop_column("message", name)

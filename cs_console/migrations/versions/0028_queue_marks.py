"""What a queue shows of a ticket and sorts by: unread, answered, snoozed, tagged, when it is due, its orders."""

import sqlalchemy as sa
from alembic import op

from models.columns import UtcMoment

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_BASE = "COALESCE(due_at, CASE WHEN first_response_at IS NULL AND state <> 'to verify' THEN first_response_due_at END)"
_NEXT = (
    f"CASE WHEN {_BASE} IS NULL OR follow_up_due_at < {_BASE} THEN COALESCE(follow_up_due_at, {_BASE}) ELSE {_BASE} END"
)
_ORDER = f"CASE WHEN snoozed_until IS NOT NULL THEN {2**59} + snoozed_until ELSE COALESCE({_NEXT}, {2**58}) END"
_DERIVED = {
    "next_due_at": _NEXT,
    "queue_order": _ORDER,
    "urgency_order": f"(3 - priority) * {2**60} + {_ORDER}",
}
_INDEXES = {
    "ticket_due": ("is_open", "next_due_at", "number"),
    "ticket_queue": ("is_open", "queue_order", "number"),
    "ticket_assignee_queue": ("is_open", "assignee_id", "queue_order", "number"),
    "ticket_state_queue": ("state", "queue_order", "number"),
    "ticket_kind_queue": ("is_open", "kind", "queue_order", "number"),
    "ticket_urgency": ("is_open", "urgency_order", "number"),
    "ticket_assignee_urgency": ("is_open", "assignee_id", "urgency_order", "number"),
    "ticket_updated": ("is_open", "last_message_at", "number"),
    "ticket_assignee_updated": ("is_open", "assignee_id", "last_message_at", "number"),
}
_SNOOZED = sa.text("snoozed_until IS NOT NULL")


def upgrade() -> None:
    for index in ("ticket_due", "ticket_assignee_due"):
        op.drop_index(index, table_name="ticket")
    op.drop_column("ticket", "next_due_at")
    op.add_column("ticket", sa.Column("unread", sa.Integer(), nullable=False, server_default="0"))
    for name in ("answered_at", "follow_up_due_at", "snoozed_until"):
        op.add_column("ticket", sa.Column(name, UtcMoment(), nullable=True))
    _derive(_DERIVED)
    for index, columns in _INDEXES.items():
        op.create_index(index, "ticket", list(columns))
    op.create_index(
        "ticket_snoozed", "ticket", ["snoozed_until", "number"], sqlite_where=_SNOOZED, postgresql_where=_SNOOZED
    )
    op.create_table(
        "desk_tag",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("added_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "ticket_tag",
        sa.Column("ticket_number", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["tag"], ["desk_tag.name"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("ticket_number", "tag"),
    )
    op.create_index("ticket_tag_tag", "ticket_tag", ["tag", "ticket_number"])


def downgrade() -> None:
    op.drop_table("ticket_tag")
    op.drop_table("desk_tag")
    op.drop_index("ticket_snoozed", table_name="ticket")
    for index in _INDEXES:
        op.drop_index(index, table_name="ticket")
    for name in (*_DERIVED, "snoozed_until", "follow_up_due_at", "answered_at", "unread"):
        op.drop_column("ticket", name)
    _derive({"next_due_at": _BASE})
    op.create_index("ticket_due", "ticket", ["is_open", "next_due_at", "number"])
    op.create_index("ticket_assignee_due", "ticket", ["is_open", "assignee_id", "next_due_at", "number"])


def _derive(columns: dict[str, str]) -> None:
    """Add derived columns: at once on PostgreSQL, which writes the table again; SQLite keeps them in its indexes."""
    if op.get_bind().dialect.name == "sqlite":
        for name, value in columns.items():
            op.execute(f"ALTER TABLE ticket ADD COLUMN {name} BIGINT GENERATED ALWAYS AS ({value}) VIRTUAL")
        return
    added = (f"ADD COLUMN {name} BIGINT GENERATED ALWAYS AS ({value}) STORED" for name, value in columns.items())
    op.execute(f"ALTER TABLE ticket {', '.join(added)}")

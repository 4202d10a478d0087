"""Tickets: one matter of one requester."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Computed, Index, Integer, String
from sqlmodel import Field

from models.columns import UtcMoment
from models.enums import Channel, Link, Priority, TicketKind, TicketState
from models.sealed import Original, Safe, SealedKey
from models.table import Table, partial_index

NO_DATE, SNOOZED, URGENCY_STEP = 2**58, 2**59, 2**60
"""Where tickets without a due date, snoozed ones, and those of the next lower priority begin in the queue's order: far
behind every due date, which is microseconds since 1970."""
_BASE_DUE = (
    "COALESCE(due_at, CASE WHEN first_response_at IS NULL AND state <> 'to verify' THEN first_response_due_at END)"
)
NEXT_DUE = (
    f"CASE WHEN {_BASE_DUE} IS NULL OR follow_up_due_at < {_BASE_DUE} "
    f"THEN COALESCE(follow_up_due_at, {_BASE_DUE}) ELSE {_BASE_DUE} END"
)
QUEUE_ORDER = (
    f"CASE WHEN snoozed_until IS NOT NULL THEN {SNOOZED} + snoozed_until ELSE COALESCE({NEXT_DUE}, {NO_DATE}) END"
)
URGENCY_ORDER = f"(3 - priority) * {URGENCY_STEP} + {QUEUE_ORDER}"
_WITHOUT_KEY = "sealed_key IS NULL"
_IS_SNOOZED = "snoozed_until IS NOT NULL"
_REDACTION_DUE = "redaction_due IS NOT NULL"
_INDEXES = (
    # each view and each filter of the queue walks one of these in its own order, from the cursor on
    Index("ticket_received", "is_open", "received_at", "number"),
    Index("ticket_assignee", "is_open", "assignee_id", "received_at", "number"),
    Index("ticket_state", "state", "received_at", "number"),
    Index("ticket_kind", "is_open", "kind", "received_at", "number"),
    Index("ticket_priority", "is_open", "priority", "received_at", "number"),
    Index("ticket_channel", "is_open", "channel", "received_at", "number"),
    Index("ticket_language", "is_open", "language", "received_at", "number"),
    Index("ticket_due", "is_open", "next_due_at", "number"),
    Index("ticket_queue", "is_open", "queue_order", "number"),
    Index("ticket_assignee_queue", "is_open", "assignee_id", "queue_order", "number"),
    Index("ticket_state_queue", "state", "queue_order", "number"),
    Index("ticket_kind_queue", "is_open", "kind", "queue_order", "number"),
    Index("ticket_urgency", "is_open", "urgency_order", "number"),
    Index("ticket_assignee_urgency", "is_open", "assignee_id", "urgency_order", "number"),
    Index("ticket_updated", "is_open", "last_message_at", "number"),
    Index("ticket_assignee_updated", "is_open", "assignee_id", "last_message_at", "number"),
    partial_index("ticket_snoozed", "snoozed_until", "number", where=_IS_SNOOZED),
    partial_index("ticket_redaction_due", "number", where=_REDACTION_DUE),
    partial_index("ticket_without_key", "number", where=_WITHOUT_KEY),
)


class Ticket(Table, table=True):
    """`subject` is the sealed original, `subject_redacted` the sealed redacted one; `row` grows with every change.

    `sealed_key` is the key of all that hangs on the ticket, sealed under its requester's: empty once they are erased,
    NULL while the contents are still under the requester's key itself.
    `redaction_due`: more became known of the requester; the redacted texts are hidden until they are made again.
    `pack` names the policy pack and version that the ticket was opened under ("hauthome-2023-08").
    `link` says how surely it is its requester's.
    `unread`: who it is with has not opened it since its requester wrote last. `answered_at`: when the requester wrote
    what no one has answered yet; `follow_up_due_at`: until when that should be answered.
    The store itself derives `is_open` (1 or 0) and `next_due_at`: the answer's due date, else the first response's
    while that is owed; nothing is due before a verification that has to come first (policy V.4). What the requester
    wrote since is due by its own date where that is earlier. `queue_order` is that date as a number, those without one
    behind all others and those snoozed behind them; `urgency_order` the same behind the priority.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="ticket_closed_when_closed"),
        *_INDEXES,
    )

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    requester_id: str = Field(foreign_key="requester.id", index=True)
    link: Link = Field(default=Link.NONE, sa_type=String)
    kind: TicketKind = Field(sa_type=String)
    state: TicketState = Field(default=TicketState.OPEN, sa_type=String)
    priority: Priority = Field(default=Priority.NORMAL, sa_type=Integer)
    assignee_id: str | None = Field(default=None, foreign_key="agent.id")
    channel: Channel = Field(sa_type=String)
    language: str = "en"
    pack: str
    sealed_key: bytes | None = Field(default=None, sa_type=SealedKey)
    subject: bytes = Field(sa_type=Original)
    subject_redacted: bytes = Field(sa_type=Safe)
    redaction_due: int | None = None
    no_contact: bool = False
    received_at: datetime = Field(sa_type=UtcMoment)
    created_at: datetime = Field(sa_type=UtcMoment)
    last_message_at: datetime = Field(sa_type=UtcMoment)
    first_response_due_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    first_response_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    verified_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    due_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    closed_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    unread: int = 1
    answered_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    follow_up_due_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    snoozed_until: datetime | None = Field(default=None, sa_type=UtcMoment)
    is_open: int | None = Field(
        default=None,
        sa_column=Column(Integer, Computed("CASE WHEN closed_at IS NULL THEN 1 ELSE 0 END", persisted=True)),
    )
    next_due_at: datetime | None = Field(
        default=None,
        sa_column=Column(
            UtcMoment,
            Computed(NEXT_DUE, persisted=True),
        ),
    )
    queue_order: int | None = Field(default=None, sa_column=Column(BigInteger, Computed(QUEUE_ORDER, persisted=True)))
    urgency_order: int | None = Field(
        default=None, sa_column=Column(BigInteger, Computed(URGENCY_ORDER, persisted=True))
    )
    version: int = 1

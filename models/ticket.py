"""Tickets: one matter of one requester."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Computed, Index, Integer, String, text
from sqlmodel import Field, SQLModel

from models.columns import UtcMoment
from models.enums import Channel, Link, Priority, TicketKind, TicketState
from models.sealed import Original, Safe, SealedKey

_WITHOUT_KEY = text("sealed_key IS NULL")
_REDACTION_DUE = text("redaction_due IS NOT NULL")
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
    Index("ticket_assignee_due", "is_open", "assignee_id", "next_due_at", "number"),
    Index("ticket_redaction_due", "number", sqlite_where=_REDACTION_DUE, postgresql_where=_REDACTION_DUE),
    Index("ticket_without_key", "number", sqlite_where=_WITHOUT_KEY, postgresql_where=_WITHOUT_KEY),
)


class Ticket(SQLModel, table=True):
    """`subject` is the sealed original, `subject_redacted` the sealed redacted one; `row` grows with every change.

    `sealed_key` is the key of all that hangs on the ticket, sealed under its requester's: empty once they are erased,
    NULL while the contents are still under the requester's key itself.
    `redaction_due`: more became known of the requester; the redacted texts are hidden until they are made again.
    `pack` names the policy pack and version that the ticket was opened under ("hauthome-2023-08").
    `link` says how surely it is its requester's.
    The store itself derives `is_open` (1 or 0) and `next_due_at`: the answer's due date, else the first response's
    while that is owed; nothing is due before a verification that has to come first (policy V.4).
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
    is_open: int | None = Field(
        default=None,
        sa_column=Column(Integer, Computed("CASE WHEN closed_at IS NULL THEN 1 ELSE 0 END", persisted=True)),
    )
    next_due_at: datetime | None = Field(
        default=None,
        sa_column=Column(
            UtcMoment,
            Computed(
                "COALESCE(due_at, CASE WHEN first_response_at IS NULL AND state <> 'to verify' "
                "THEN first_response_due_at END)",
                persisted=True,
            ),
        ),
    )
    version: int = 1

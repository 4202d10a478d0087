"""The other tickets of a ticket's requester, as the queue would list them: numbers, states, redacted subjects."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import col

from cs_console.custody.ticket_keys import TicketKeys, keys_for_view
from cs_console.desk import DeskSession
from cs_console.errors import KeyDestroyed
from cs_console.prepared import Prepared, Row
from cs_console.staff.undertakings import require_current
from cs_console.tickets.subjects import subject_of
from cs_console.tickets.ticket_record import is_on_record
from models.columns import from_microseconds
from models.enums import TicketKind, TicketState
from models.roles import WORKS_ON_TICKETS
from models.ticket import Ticket

MOST = 10
"""How many are listed, the newest first."""
_OTHERS = Prepared(
    select(
        col(Ticket.number),
        col(Ticket.kind),
        col(Ticket.state),
        col(Ticket.received_at),
        col(Ticket.closed_at),
        col(Ticket.sealed_key),
        col(Ticket.subject_redacted),
        col(Ticket.redaction_due),
    )
    .where(col(Ticket.requester_id) == bindparam("requester"), col(Ticket.number) != bindparam("number"))
    .order_by(col(Ticket.number).desc())
    .limit(MOST)
)


@dataclass(frozen=True, slots=True)
class OtherTicket:
    """One of them. `closed_at` is None while it is open; times are UTC."""

    number: int
    kind: TicketKind
    state: TicketState
    subject: str
    received_at: datetime
    closed_at: datetime | None


def other_tickets(session: DeskSession, number: int) -> tuple[OtherTicket, ...]:
    """The newest other tickets of this one's requester, once this session has opened it on record.

    None of an erased requester, nor of one whose data is held, which looks the same. Raises NothingThere, NotAllowed,
    NoUndertaking, SessionEnded.
    """
    with session.reading(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        if not is_on_record(db, session, number):
            return ()
        try:
            keys = keys_for_view(db, session, number)
        except KeyDestroyed:
            return ()
        rows = _OTHERS.all(db.connection(), {"requester": keys.requester_id, "number": number})
    return tuple(_other(keys, row) for row in rows)


def _other(keys: TicketKeys, row: Row) -> OtherTicket:
    number, kind, state, received, closed, sealed_key, sealed, due = row
    subject = subject_of(number, keys.requester_id, keys.requester_key, sealed_key, sealed, waits=due is not None)
    return OtherTicket(
        number,
        TicketKind(kind),
        TicketState(state),
        subject,
        from_microseconds(received),
        None if closed is None else from_microseconds(closed),
    )

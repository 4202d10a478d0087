"""Snoozing: a ticket leaves its place in the queue until a time, and the clock runs on."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from cs_console.desk import Desk, DeskSession
from cs_console.errors import BadInput, ChangedElsewhere, WrongState
from cs_console.local_time import moment
from cs_console.prepared import Prepared
from cs_console.tickets.ticket_record import TicketFacts, facts, record_about, require_open, require_own
from models.columns import microseconds
from models.enums import Action
from models.roles import WORKS_ON_TICKETS, Role
from models.ticket import Ticket

MOST = timedelta(days=90)
WOKEN_AT_ONCE = 200

_DUE = Prepared(
    select(col(Ticket.number))
    .where(col(Ticket.snoozed_until).is_not(None), col(Ticket.snoozed_until) <= bindparam("now"))
    .order_by(col(Ticket.snoozed_until), col(Ticket.number))
    .limit(WOKEN_AT_ONCE)
)
_WAKE = Prepared(
    update(Ticket)
    .where(col(Ticket.number) == bindparam("wanted"), col(Ticket.snoozed_until) <= bindparam("now"))
    .values(snoozed_until=None, unread=1)
)


def snooze(session: DeskSession, number: int, version: int, until: datetime) -> None:
    """Put the ticket behind all others until then (UTC), or until its requester writes; its assignee or a supervisor
    can. On record; its version stays, since nothing about the case changed.

    Nothing is snoozed past its due date. Raises BadInput for such a time, one in the past or more than MOST ahead,
    NotAssigned, WrongState, ChangedElsewhere.
    """
    with session.work(*WORKS_ON_TICKETS) as db:
        ticket, now = _of_theirs(db, session, number), session.desk.clock.now()
        if not now < until <= now + MOST:
            raise BadInput("That time cannot be used.", f"Choose one from now on, within {MOST.days} days.")
        if ticket.next_due_at is not None and until > ticket.next_due_at:
            when = moment(ticket.next_due_at)
            raise BadInput(f"#{number} is due {when}.", "Choose an earlier time: the due date does not move.")
        _set(db, ticket, version, until)
        about = {"until": str(microseconds(until)), "by": session.agent.id}
        record_about(db, session, ticket, Action.TICKET_SNOOZED, f"until {moment(until)}", about=about)


def unsnooze(session: DeskSession, number: int, version: int) -> None:
    """Put a snoozed ticket back in its place, on record. Raises NotAssigned, WrongState, ChangedElsewhere."""
    with session.work(*WORKS_ON_TICKETS) as db:
        ticket = _of_theirs(db, session, number)
        if ticket.snoozed_until is None:
            raise WrongState(f"#{number} is not snoozed.", "Snooze it with z.")
        _set(db, ticket, version, None)
        record_about(db, session, ticket, Action.TICKET_UNSNOOZED, about={"by": session.agent.id})


def wake_snoozed(desk: Desk) -> int:
    """Put back what was snoozed until now, unread, and return how many tickets that were, at most WOKEN_AT_ONCE."""
    now = microseconds(desk.clock.now())
    with desk.database.reading() as db:
        due = _DUE.all(db.connection(), {"now": now})
    for (number,) in due:
        with desk.database.transaction() as db:
            _WAKE.run(db.connection(), {"wanted": number, "now": now})
    return len(due)


def _of_theirs(db: Session, session: DeskSession, number: int) -> TicketFacts:
    ticket = facts(db, number)
    require_open(ticket)
    if not session.agent.has(Role.SUPERVISOR):
        require_own(ticket, session)
    return ticket


def _set(db: Session, ticket: TicketFacts, version: int, until: datetime | None) -> None:
    done = db.connection().execute(
        update(Ticket)
        .where(col(Ticket.number) == ticket.number, col(Ticket.version) == version)
        .values(snoozed_until=until)
        .returning(col(Ticket.number))
    )
    if done.first() is None:
        raise ChangedElsewhere(ticket.number)

"""What waits for an agent, for the header of every screen: a few counts that cost the same however many tickets there
are."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, literal, select, type_coerce
from sqlmodel import Session, col

from cs_console.decisions.for_this_person import number_for
from cs_console.desk import DeskSession
from cs_console.errors import LogBroken
from models.columns import UtcMoment
from models.log import LogHead
from models.roles import APPROVES, WORKS_ON_TICKETS, Role
from models.ticket import Ticket

COUNTED_UP_TO = 99
_NOTHING = literal(0)
_ANSWERED = col(Ticket.answered_at).is_not(None)
_WITH_TICKETS = frozenset({Role.AGENT, Role.VERIFIER})
"""Who has tickets of their own; the others are told about the whole desk's."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Open tickets whose due date has passed, those due before the day ends, proposals that this person can approve,
    and the agent's own tickets whose requester wrote what no one has answered. What is snoozed is not due.

    An agent's tickets are their own; those who lead and do not work tickets themselves are told about the whole desk's.
    Each count is at most COUNTED_UP_TO + 1, which means more than COUNTED_UP_TO.
    """

    overdue: int = 0
    due_today: int = 0
    approvals: int = 0
    answered: int = 0


def needs_of(session: DeskSession) -> Needs:
    """What waits for this agent now; the day is the console's local one. Raises SessionEnded."""
    roles = session.agent.roles
    now = session.desk.clock.now()
    today = _end_of_day(now)
    tickets = not roles.isdisjoint(WORKS_ON_TICKETS)
    due = type_coerce(col(Ticket.queue_order), UtcMoment())
    statement = select(
        _tickets(session, due < now) if tickets else _NOTHING,
        _tickets(session, due >= now, due < today) if tickets else _NOTHING,
        _tickets(session, _ANSWERED) if not roles.isdisjoint(_WITH_TICKETS) else _NOTHING,
        select(col(LogHead.size)).where(col(LogHead.id) == 1).scalar_subquery(),
    )
    with session.reading() as db:
        overdue, due_today, answered, size = db.connection().execute(statement).one()
        return Needs(overdue, due_today, _approvals(db, session, size), answered)


def _tickets(session: DeskSession, *due: ColumnElement[bool]) -> ScalarSelect[int]:
    conditions = [col(Ticket.is_open) == 1, *due]
    if not session.agent.roles.isdisjoint(_WITH_TICKETS):
        conditions.append(col(Ticket.assignee_id) == session.agent.id)
    return _counted(select(literal(1)).where(*conditions))


def _approvals(db: Session, session: DeskSession, size: int) -> int:
    """None while the log is broken: then no one can approve anything, and what is due is told all the same.

    Counted once for each `size` of the log: all that decides on it is on record, and each proposal is eight questions.
    """
    if session.agent.roles.isdisjoint(APPROVES):
        return 0
    counted = session.desk.approvals.get(session.session_id)
    if counted is not None and counted[0] == size:
        return counted[1]
    with suppress(LogBroken):
        number = min(number_for(db, session), COUNTED_UP_TO + 1)
        session.desk.approvals[session.session_id] = size, number
        return number
    return 0


def _counted(rows: Select[*tuple[int]]) -> ScalarSelect[int]:
    return select(func.count()).select_from(rows.limit(COUNTED_UP_TO + 1).subquery()).scalar_subquery()


def _end_of_day(now: datetime) -> datetime:
    tomorrow = now.astimezone().date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day).astimezone()

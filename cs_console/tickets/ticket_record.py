"""What every service about a ticket needs: its open columns, who may work with it, one way to change and record it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.access_log.standing import kind_of
from cs_console.access_log.vouched import COLUMNS_OF_ENTRY, NEWEST_KIND, genuine
from cs_console.desk import Desk, DeskSession
from cs_console.errors import ChangedElsewhere, ConsoleError, KeyDestroyed, NotAssigned, NothingThere, WrongState
from cs_console.prepared import Prepared, Row, Step, first_rows
from cs_console.staff.undertakings import require_current
from models.agent import Agent
from models.columns import moment
from models.enums import Action, Channel, Link, Priority, Result, TicketKind, TicketState
from models.log import LogEntry
from models.ticket import Ticket

ERASED = "erased"
"""What is shown instead of the text of a requester whose key is destroyed."""
UNREADABLE = "does not open: tell a supervisor"
MISSING = "its key is missing: tell an operator"
"""What is shown instead of a sealed value that was changed or moved."""


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """A ticket's columns without anything sealed. Times are UTC."""

    number: int
    version: int
    requester_id: str
    link: Link
    kind: TicketKind
    state: TicketState
    priority: Priority
    assignee_id: str | None
    assignee: str | None
    channel: Channel
    language: str
    pack: str
    no_contact: bool
    received_at: datetime
    first_response_due_at: datetime | None
    first_response_at: datetime | None
    verified_at: datetime | None
    due_at: datetime | None
    next_due_at: datetime | None
    closed_at: datetime | None
    unread: bool
    answered_at: datetime | None
    follow_up_due_at: datetime | None
    snoozed_until: datetime | None


FACTS = Prepared(
    select(*(col(Agent.name) if one.name == "assignee" else getattr(Ticket, one.name) for one in fields(TicketFacts)))
    .outerjoin(Agent, col(Agent.id) == col(Ticket.assignee_id))
    .where(col(Ticket.number) == bindparam("number"))
)
"""What `facts` asks, to be asked ahead or together with more."""
_KINDS_OF_VALUE: dict[str, Callable[[Any], object]] = {
    "link": Link,
    "kind": TicketKind,
    "state": TicketState,
    "priority": Priority,
    "channel": Channel,
    "no_contact": bool,
    "unread": bool,
    "snoozed_until": moment,
    **{one.name: moment for one in fields(TicketFacts) if one.name.endswith("_at")},
}
NOTHING_TO_ANSWER: Mapping[str, None] = MappingProxyType({"answered_at": None, "follow_up_due_at": None})
"""What an answer to the requester writes into a ticket: nothing of theirs is left without one."""
_READ = tuple(_KINDS_OF_VALUE.get(one.name) for one in fields(TicketFacts))
"""How each of a row's values is read; None where it is as the driver has it."""


def facts(db: Session, number: int) -> TicketFacts:
    """The ticket as it is now. Raises NothingThere."""
    return facts_in(number, FACTS.first(db.connection(), {"number": number}))


def facts_in(number: int, row: Row | None) -> TicketFacts:
    """The same of the answer to FACTS. Raises NothingThere."""
    if row is None:
        raise NothingThere(f"There is no ticket #{number}.")
    values: list[Any] = [value if read is None else read(value) for value, read in zip(row, _READ, strict=True)]
    return TicketFacts(*values)


def facts_on_record(db: Session, desk: Desk, number: int) -> TicketFacts:
    """The same, of the kind that the access log says: for whatever ends, turns, assigns or decides it, since a kind
    that was only written into the row would change who has to agree. Raises NothingThere, LogBroken.
    """
    return _on_record(desk, number, *first_rows(db.connection(), *_facts_on_record(number)))


def facts_after(db: Session, desk: Desk, number: int, step: Step) -> tuple[Row | None, TicketFacts]:
    """The first row of what one statement changed in a ticket, and the ticket on record after it, in one round trip.

    Raises NothingThere, LogBroken.
    """
    done, *found = first_rows(db.connection(), step, *_facts_on_record(number))
    return done, _on_record(desk, number, *found)


def _facts_on_record(number: int) -> tuple[Step, Step]:
    return (FACTS, {"number": number}), (NEWEST_KIND, {"number": number})


def _on_record(desk: Desk, number: int, row: Row | None, newest: Row | None) -> TicketFacts:
    ticket = facts_in(number, row)
    return replace(ticket, kind=kind_of(desk, ticket.kind, newest))


def change(db: Session, ticket: TicketFacts, version: int, **values: object) -> int:
    """Change a ticket's columns and return its new row number, if it is still at `row`.

    Raises ChangedElsewhere, with nothing changed, when another person was faster.
    """
    done = db.connection().execute(
        update(Ticket)
        .where(col(Ticket.number) == ticket.number, col(Ticket.version) == version)
        .values(version=version + 1, **values)
        .returning(col(Ticket.version))
    )
    found = done.first()
    if found is None:
        raise ChangedElsewhere(ticket.number)
    return int(found[0])


def reopened_values(ticket: TicketFacts, state: TicketState, ended_at: datetime) -> dict[str, object]:
    """The columns of a ticket whose end at that moment is taken back: in this state again if it is still closed, and
    without the first response that the letter of that moment would have been.
    """
    values: dict[str, object] = {}
    if ticket.state is TicketState.CLOSED:
        values |= {"state": state.value, "closed_at": None}
    if ticket.first_response_at == ended_at:
        values["first_response_at"] = None
    return values


_READ_NOW = Prepared(update(Ticket).where(col(Ticket.number) == bindparam("wanted")).values(unread=0))


def mark_read(desk: Desk, number: int) -> None:
    """Say in the queue that the ticket was read: who opened it is on record, and nothing is decided by this."""
    with desk.database.transaction() as db:
        _READ_NOW.run(db.connection(), {"wanted": number})


def pseudonym(desk: Desk, requester_id: str) -> str | None:
    """How the log names this requester; None once their key is gone."""
    try:
        return desk.pseudonym(requester_id, desk.keyring.key(requester_id))
    except KeyDestroyed:
        return None


def record_about(
    db: Session,
    session: DeskSession,
    ticket: TicketFacts,
    action: Action,
    reason: str = "",
    outcome: Result = Result.DONE,
    *,
    about: Mapping[str, str] | None = None,
) -> None:
    """Put on record what the desk's agent did with this ticket; the reason holds no value, no ground and no answer.

    `about` is what rules may read of it later: ids and words of the program's own.
    """
    record(db, session, entry_about(session.desk, ticket, action, reason, outcome, about=about))


def entry_about(
    desk: Desk,
    ticket: TicketFacts,
    action: Action,
    reason: str = "",
    outcome: Result = Result.DONE,
    *,
    about: Mapping[str, str] | None = None,
) -> Entry:
    """The entry that `record_about` appends."""
    requester = pseudonym(desk, ticket.requester_id)
    return Entry(action, outcome, ticket=ticket.number, requester=requester, reason=reason, about=about or {})


@contextmanager
def refusals_on_record(
    session: DeskSession, action: Action, kinds: tuple[type[ConsoleError], ...], about: Callable[[Session], TicketFacts]
) -> Iterator[None]:
    """A refusal of these kinds in here is written down by its code, in a transaction of its own, before it goes on."""
    try:
        yield
    except kinds as error:
        with suppress(NothingThere), session.work() as db:
            record_about(db, session, about(db), action, error.code, Result.REFUSED)
        raise


def open_on_record(db: Session, session: DeskSession, number: int) -> TicketFacts:
    """The ticket, for those who may read it; if this session has not opened it yet, the opening is recorded.

    Raises NoUndertaking, NothingThere.
    """
    require_current(db, session)
    ticket = facts(db, number)
    if not is_on_record(db, session, number):
        record_about(db, session, ticket, Action.TICKET_OPENED)
    return ticket


_OPENED = Prepared(
    select(*COLUMNS_OF_ENTRY)
    .where(
        col(LogEntry.ticket) == bindparam("number"),
        col(LogEntry.action) == Action.TICKET_OPENED.value,
        col(LogEntry.session) == bindparam("session"),
    )
    .order_by(col(LogEntry.seq).desc())
    .limit(1)
)


def is_on_record(db: Session, session: DeskSession, number: int) -> bool:
    """Whether this session has opened the ticket itself on record; having read a proposal about it does not count."""
    asked = {"number": number, "session": session.actor.session}
    row = _OPENED.first(db.connection(), asked)
    if row is None:
        return False
    genuine(session.desk, row)  # one that was changed says nothing
    return True


def require_own(ticket: TicketFacts, session: DeskSession) -> None:
    """Refuse unless the ticket is assigned to the desk's agent. Raises NotAssigned."""
    refusal = not_own(ticket, session)
    if refusal is not None:
        raise refusal


def not_own(ticket: TicketFacts, session: DeskSession) -> NotAssigned | None:
    """The refusal for an agent who is not the assignee, with what they can do; None for the assignee."""
    if ticket.assignee_id == session.agent.id:
        return None
    closed, taken = ticket.state is TicketState.CLOSED, ticket.assignee_id is not None
    return NotAssigned(session.agent.roles, closed=closed, taken=taken)


def require_open(ticket: TicketFacts) -> None:
    """Refuse a closed ticket. Raises WrongState."""
    if ticket.state is TicketState.CLOSED:
        raise WrongState(f"#{ticket.number} is closed.", "Reopen it first (s).")

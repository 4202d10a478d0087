"""The queue: views with their counts, and pages of tickets by keyset, subjects redacted."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from cs_console.custody.requester_access import hidden_from
from cs_console.desk import Desk, DeskSession
from cs_console.errors import BadFilter, BadPack, UnknownPack
from cs_console.policy.schema import Pack
from cs_console.staff.undertakings import require_current
from cs_console.tickets.filters import Filter, Key
from cs_console.tickets.present import Present, people_and_places, present_on
from cs_console.tickets.queue_query import LOOKED_AT, PERSONAL, VIEWS, Asker, Cursor, Lane, Sort, lane, sort_of
from cs_console.tickets.search import searching
from cs_console.tickets.search.index import index_newest, waiting_in
from cs_console.tickets.subjects import subject_of
from cs_console.tickets.tags import desk_tags, tags_of
from cs_console.tickets.ticket_record import MISSING
from cs_console.tickets.view_counts import view_counts
from models.agent import Agent
from models.clock_event import ClockEvent
from models.enums import ClockMove, Priority, TicketKind, TicketState
from models.roles import WORKS_ON_TICKETS
from models.ticket import Ticket
from models.verification import VerificationCode

__all__ = (
    "COUNTED_UP_TO",
    "PERSONAL",
    "VIEWS",
    "Cursor",
    "ListedTicket",
    "QueuePage",
    "QueueRow",
    "Sort",
    "ViewCount",
    "count",
    "counts",
    "listing",
    "page",
    "sort_of",
)

PAGE_SIZE = 100
MAX_PAGE_SIZE = 500
COUNTED_UP_TO = 1000
_EVERY_TICKET = Filter()
_FEE_MOVES = (ClockMove.FEE_ASKED, ClockMove.FEE_PAID, ClockMove.FEE_UNPAID, ClockMove.WENT_ON)

_LISTED = (
    col(Ticket.number),
    col(Ticket.kind),
    col(Ticket.state),
    col(Ticket.priority),
    col(Ticket.assignee_id),
    col(Ticket.next_due_at),
    col(Ticket.received_at),
    col(Ticket.version),
    col(Ticket.unread),
    col(Ticket.answered_at),
    col(Ticket.snoozed_until),
)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One ticket in the queue; `subject` is redacted and one line. Times are UTC.

    `due_at` is what the ticket is waited for: the answer's due date, else the first response's while it is owed.
    `tried_at`: when a code last went out for it, told in the view of those that wait for a verification. `stopped`: its
    clock is stopped, for proof of identity or for a fee. `unread`: who it is with has not read what came in last.
    `answered_at`: when the requester wrote what no one has answered yet. `present`: who else is on it.
    """

    number: int
    kind: TicketKind
    subject: str
    state: TicketState
    priority: Priority
    assignee: str | None
    due_at: datetime | None
    received_at: datetime
    version: int
    tried_at: datetime | None = None
    stopped: bool = False
    unread: bool = False
    answered_at: datetime | None = None
    snoozed_until: datetime | None = None
    tags: tuple[str, ...] = ()
    present: tuple[Present, ...] = ()


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Some rows, and where the next page begins; None at the end. One whose filter leaves much out may have few rows,
    or none, and yet not be the last.

    `still_indexing`: how many tickets a search cannot be sure of yet, counted no further than 10,000.
    """

    rows: tuple[QueueRow, ...]
    next: Cursor | None
    still_indexing: int = 0


@dataclass(frozen=True, slots=True)
class ViewCount:
    """How many tickets a view holds. With a filter it is counted no further than COUNTED_UP_TO; `more` says that there
    may be more.
    """

    view: str
    count: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class ListedTicket:
    """One ticket without anything a requester wrote, for operators' lists."""

    number: int
    kind: TicketKind
    state: TicketState
    priority: Priority
    due_at: datetime | None
    received_at: datetime


def page(
    session: DeskSession,
    view: str,
    asked: Filter | None = None,
    after: Cursor | None = None,
    size: int = PAGE_SIZE,
    sort: Sort | None = None,
) -> QueuePage:
    """One page of a view behind `after`: what is due first (To verify: what waits longest, Closed: newest first), or as
    `sort` says.

    A filter's number is looked for in every view. A requester whose key is destroyed shows as "erased".
    A search first indexes the newest tickets that wait for it, and is put on record before its rows are given.
    Raises BadFilter, BadInput for an unknown view, NotAllowed, NoUndertaking, SessionEnded.
    """
    sealed = (col(Ticket.sealed_key), col(Ticket.subject_redacted), col(Ticket.redaction_due))
    columns = (*_LISTED, col(Ticket.pack), col(Ticket.requester_id), *sealed)
    asked = asked or _EVERY_TICKET
    if asked.words and after is None:
        index_newest(session.desk)
    with session.reading(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        names, places = people_and_places(db)
        found, following = _rows(db, session, names, view, asked, columns, after, size, sort)
        waiting = waiting_in(db, session.desk) if asked.words else 0
        owners = {row.requester_id for row in found}
        keys = session.desk.keyring.keys(owners) if owners else {}
        if asked.words:
            found = searching.shown(db, session, found, keys)
        owners -= hidden_from(db, session, owners, keys)
        tried = _tried(db, [row.number for row in found]) if view == "to_verify" else {}
        stopped = _stopped(db, session, found)
        tags = tags_of(db, [row.number for row in found])
    _record(session, asked, after, found, following)
    subjects = _subjects(session, found, owners, keys)
    present = {
        row.number: present_on(session, places, row.number, TicketState(row.state), row.assignee_id)
        for row in found
        if row.requester_id in owners
    }
    rows = tuple(
        _queue_row(
            row,
            subjects[row.number],
            names,
            tried.get(row.number),
            row.number in stopped,
            tags.get(row.number, ()),
            present.get(row.number, ()),
        )
        for row in found
    )
    return QueuePage(rows, following, waiting)


def listing(
    session: DeskSession, view: str, asked: Filter, after: Cursor | None, size: int, sort: Sort | None = None
) -> tuple[tuple[ListedTicket, ...], Cursor | None]:
    """The same page with nothing sealed opened: numbers, kinds, states and dates."""
    if asked.words and after is None:
        index_newest(session.desk)
    with session.reading(*WORKS_ON_TICKETS) as db:
        columns = (*_LISTED, col(Ticket.requester_id)) if asked.words else _LISTED
        found, following = _rows(db, session, _agent_names(db), view, asked, columns, after, size, sort)
        if asked.words:
            found = searching.shown(db, session, found)
    _record(session, asked, after, found, following)
    listed = tuple(
        ListedTicket(
            row.number,
            TicketKind(row.kind),
            TicketState(row.state),
            Priority(row.priority),
            row.next_due_at,
            row.received_at,
        )
        for row in found
    )
    return listed, following


def counts(session: DeskSession) -> tuple[ViewCount, ...]:
    """How many tickets each view holds for this agent, exactly."""
    desk = session.desk
    with session.reading(*WORKS_ON_TICKETS) as db:
        held = view_counts(db, session.agent.id, desk.clock.now(), _due_soon(desk))
    return tuple(ViewCount(view, held[view]) for view, _ in VIEWS)


def count(session: DeskSession, view: str, asked: Filter) -> ViewCount:
    """How many tickets of a view a filter finds; `more` where it looked at as many as it may before the end.

    A search is not counted. Raises BadFilter, BadInput for an unknown view.
    """
    if asked.words:
        raise BadFilter("What a search finds is not counted.", "Read its pages.")
    with session.reading(*WORKS_ON_TICKETS) as db:
        asker = _asker(session, _agent_names(db), _tags_asked(db, asked))
        return ViewCount(view, *_counted(db, lane(db, view, asked, asker)))


def _counted(db: Session, wanted: Lane) -> tuple[int, bool]:
    """How many rows there are, and whether there may be more; it looks at no more than LOOKED_AT."""
    edge = _edge(db, wanted, None)
    within = wanted if edge is None else wanted.up_to(edge)
    number = int(db.connection().execute(within.counted(COUNTED_UP_TO + 1)).scalar_one())
    return min(number, COUNTED_UP_TO), number > COUNTED_UP_TO or edge is not None


def _edge(db: Session, wanted: Lane, after: Cursor | None) -> Cursor | None:
    """The last row that may be looked at where conditions are left that no index serves; None where the end is near."""
    if wanted.few or not wanted.left:
        return None
    row = db.connection().execute(wanted.edge(after, LOOKED_AT)).first()
    return None if row is None else Cursor(int(row[0]), int(row[1]))


def _rows(
    db: Session,
    session: DeskSession,
    names: dict[str, str],
    view: str,
    asked: Filter,
    columns: tuple[Any, ...],
    after: Cursor | None,
    size: int,
    sort: Sort | None,
) -> tuple[list[Any], Cursor | None]:
    wanted = lane(db, view, asked, _asker(session, names, _tags_asked(db, asked)), sort)
    if asked.words:
        wanted = searching.narrowed(wanted, searching.matching(db, session, searching.searched_words(asked.words)))
    size = min(max(size, 1), MAX_PAGE_SIZE)
    edge = _edge(db, wanted, after)
    within = wanted if edge is None else wanted.up_to(edge)
    page_of = within.page(select(*columns, wanted.key.label("key")), after, size + 1)
    found = list(db.connection().execute(page_of))
    if len(found) <= size:
        return found, edge
    last = found[size - 1]
    return found[:size], Cursor(int(last.key), last.number)


def _record(
    session: DeskSession, asked: Filter, after: Cursor | None, found: list[Any], following: Cursor | None
) -> None:
    """Put a search on record, before anything that it found is shown."""
    if asked.words:
        words = searching.searched_words(asked.words)
        more, continued = following is not None, after is not None
        searching.record_search(session, words, len(found), more=more, continued=continued)


def _asker(session: DeskSession, names: dict[str, str], tags: frozenset[str] = frozenset()) -> Asker:
    agents = {name.casefold(): agent_id for agent_id, name in names.items()}
    return Asker(session.agent.id, session.desk.clock.now(), _due_soon(session.desk), agents, tags)


def _due_soon(desk: Desk) -> timedelta:
    return timedelta(days=desk.packs.current.clock.due_soon_days)


def _tags_asked(db: Session, asked: Filter) -> frozenset[str]:
    """The desk's tags where the filter asks for one."""
    return frozenset(desk_tags(db)) if any(choice.key is Key.TAG for choice in asked.choices) else frozenset()


def _agent_names(db: Session) -> dict[str, str]:
    """Every agent's name by id: a team's worth of rows, read once a page."""
    return {row[0]: row[1] for row in db.connection().execute(select(col(Agent.id), col(Agent.name)))}


def _tried(db: Session, numbers: list[int]) -> dict[int, datetime]:
    """When the newest code went out for each of these tickets."""
    found = db.connection().execute(
        select(col(VerificationCode.ticket_number), func.max(col(VerificationCode.sent_at)))
        .where(col(VerificationCode.ticket_number).in_(numbers))
        .group_by(col(VerificationCode.ticket_number))
    )
    return {int(number): sent_at for number, sent_at in found}


def _stopped(db: Session, session: DeskSession, rows: list[Any]) -> frozenset[int]:
    """Which of these tickets have no due date because their clocks stand still; else it has not begun, or is over."""
    packs = _usable_packs(session, {row.pack for row in rows if row.next_due_at is None})
    dateless = [
        row
        for row in rows
        if row.next_due_at is None and row.pack in packs and packs[row.pack].kinds[row.kind].needs_decision
    ]
    # a term that counts from receipt has begun, so without its date it is stopped until the requester is verified
    unproven = {
        row.number
        for row in dateless
        if row.state == TicketState.TO_VERIFY and "verified" not in packs[row.pack].clock.starts
    }
    waiting = [row.number for row in dateless if row.state == TicketState.WAITING]
    if not waiting:
        return frozenset(unproven)
    moved = db.connection().execute(
        select(col(ClockEvent.ticket_number), col(ClockEvent.move))
        .where(col(ClockEvent.ticket_number).in_(waiting), col(ClockEvent.move).in_(_FEE_MOVES))
        .order_by(col(ClockEvent.at))
    )
    newest = {int(number): move for number, move in moved}
    return frozenset(unproven | {number for number, move in newest.items() if move == ClockMove.FEE_ASKED})


def _usable_packs(session: DeskSession, names: set[str]) -> dict[str, Pack]:
    """These packs, read once a page; one that is broken or gone is left out and must not close the whole queue."""
    found = {}
    for name in names:
        with suppress(UnknownPack, BadPack):
            found[name] = session.desk.packs.get(name)
    return found


def _queue_row(
    row: Any,
    subject: str,
    names: dict[str, str],
    tried_at: datetime | None,
    stopped: bool,
    tags: tuple[str, ...],
    present: tuple[Present, ...],
) -> QueueRow:
    return QueueRow(
        row.number,
        TicketKind(row.kind),
        subject,
        TicketState(row.state),
        Priority(row.priority),
        None if row.assignee_id is None else names.get(row.assignee_id),
        row.next_due_at,
        row.received_at,
        row.version,
        tried_at,
        stopped,
        bool(row.unread),
        row.answered_at,
        row.snoozed_until,
        tags,
        present,
    )


def _subjects(session: DeskSession, rows: list[Any], owners: set[str], keys: Mapping[str, bytes]) -> dict[int, str]:
    """The redacted subjects by number; of these requesters alone."""
    lost = session.desk.keyring.without_trace(owners - keys.keys())
    known = {owner: keys[owner] for owner in owners & keys.keys()}
    return {
        row.number: MISSING
        if row.requester_id in lost
        else subject_of(
            row.number,
            row.requester_id,
            known.get(row.requester_id),
            row.sealed_key,
            row.subject_redacted,
            waits=row.redaction_due is not None,
        )
        for row in rows
    }

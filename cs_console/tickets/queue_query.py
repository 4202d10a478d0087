"""Which tickets a view and a filter mean, as SQL that walks one index in the order of the page.

SQLite has no statistics here and PostgreSQL's may be stale, so the index is chosen by us: of several conditions that
an index serves, the rarest drives, and the others are written so that no index can serve them. What those leave out is
walked past; so one page looks at no more than LOOKED_AT tickets, and goes on from there with the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, exists, func, literal, not_, select, tuple_, type_coerce
from sqlmodel import Session, col

from cs_console.errors import BadFilter, BadInput
from cs_console.plain_text import one_line
from cs_console.tickets.filters import ME, UNASSIGNED, YES, YES_OR_NO, Choice, Filter, Key, Span
from models.columns import microseconds
from models.enums import Priority, TicketState
from models.ticket import NO_DATE, Ticket
from models.ticket_tag import TicketTag

VIEWS = (
    ("mine", "Mine"),
    ("answered", "Answered"),
    ("snoozed", "Snoozed"),
    ("overdue", "Overdue"),
    ("due_soon", "Due soon"),
    ("to_verify", "To verify"),
    ("approvals", "Approvals"),
    ("unassigned", "Unassigned"),
    ("all", "All open"),
    ("closed", "Closed"),
)
PERSONAL = ("mine", "answered", "snoozed")
"""The views of the asking agent's own tickets; the others are the desk's."""
_VIEW_NAMES = frozenset(name for name, _ in VIEWS)
_STATE_OF_VIEW = {"to_verify": TicketState.TO_VERIFY, "approvals": TicketState.IN_APPROVAL}
PROBE_LIMIT = 500
"""How far a condition is counted to find out which one is rarest; so many rows the store may also sort."""
LOOKED_AT = 5_000
"""How many tickets of the driving index one page, or one count, looks at."""


class Sort(StrEnum):
    """What a page can be sorted by: what is due first, what came last, what was said last, what is most urgent."""

    DUE = "due"
    RECEIVED = "received"
    UPDATED = "updated"
    PRIORITY = "priority"


_ORDERS: dict[Sort, Any] = {
    Sort.DUE: col(Ticket.queue_order),
    Sort.RECEIVED: type_coerce(col(Ticket.received_at), BigInteger),
    Sort.UPDATED: type_coerce(col(Ticket.last_message_at), BigInteger),
    Sort.PRIORITY: col(Ticket.urgency_order),
}
_NEWEST_FIRST = frozenset({Sort.RECEIVED, Sort.UPDATED})
_SORT_OF_VIEW = {"closed": Sort.RECEIVED, "to_verify": Sort.RECEIVED}
_INDEXED: dict[Sort, frozenset[Key]] = {
    Sort.DUE: frozenset({Key.ASSIGNEE, Key.STATE, Key.KIND}),
    Sort.RECEIVED: frozenset({Key.ASSIGNEE, Key.STATE, Key.KIND, Key.PRIORITY, Key.CHANNEL, Key.LANGUAGE}),
    Sort.UPDATED: frozenset({Key.ASSIGNEE}),
    Sort.PRIORITY: frozenset({Key.ASSIGNEE}),
}
"""What an index serves in each order."""
_TEXT_COLUMNS: dict[Key, Any] = {
    Key.KIND: col(Ticket.kind),
    Key.STATE: col(Ticket.state),
    Key.CHANNEL: col(Ticket.channel),
    Key.LANGUAGE: col(Ticket.language),
}
_TIMES: dict[Key, Any] = {
    Key.DUE: col(Ticket.next_due_at),
    Key.RECEIVED: col(Ticket.received_at),
    Key.UPDATED: col(Ticket.last_message_at),
}
_SORT_OF_SPAN = {Key.DUE: Sort.DUE, Key.RECEIVED: Sort.RECEIVED, Key.UPDATED: Sort.UPDATED}
_IS: dict[Key, ColumnElement[bool]] = {
    Key.UNREAD: col(Ticket.unread) + 0 == 1,
    Key.ANSWERED: type_coerce(col(Ticket.answered_at), BigInteger) + 0 > 0,
    Key.SNOOZED: type_coerce(col(Ticket.snoozed_until), BigInteger) + 0 > 0,
    Key.VERIFIED: type_coerce(col(Ticket.verified_at), BigInteger) + 0 > 0,
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: the next page goes on behind it, whatever was added or closed meanwhile.

    `key` is what the page is sorted by, as a number.
    """

    key: int
    number: int


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, when, and the agents they can name: ids by casefolded name."""

    agent_id: str
    now: datetime
    due_soon: timedelta
    agents: Mapping[str, str]
    tags: frozenset[str] = frozenset()
    """The desk's tags, where one is asked for."""


@dataclass(frozen=True, slots=True)
class Lane:
    """The rows of one view and filter, and their order: `driving` conditions are ranges of one index, what is `left`
    is asked of each row of it.
    """

    driving: tuple[ColumnElement[bool], ...]
    left: tuple[ColumnElement[bool], ...] = ()
    sort: Sort = Sort.RECEIVED
    newest_first: bool = True
    nobodys: bool = False
    """Whether "assignee:none" uses the index of assignees: PostgreSQL sorts unless the order names that column too."""
    few: bool = False
    """Whether the driving range is short, and its rows are sorted by the store."""

    @property
    def key(self) -> Any:
        """What comes before the number in the order, as a number; not as an index has it where the store sorts."""
        return _ORDERS[self.sort] + 0 if self.few else _ORDERS[self.sort]

    def page(self, columns: Select[*tuple[Any, ...]], after: Cursor | None, size: int) -> Select[*tuple[Any, ...]]:
        """`columns` narrowed to one page of at most `size` rows."""
        return self._ordered(columns.where(*self.driving, *self.left, *self._behind(after)), size)

    def edge(self, after: Cursor | None, looked_at: int) -> Select[*tuple[Any, ...]]:
        """The key and number of the last row that a page looks at; no row where the range ends before."""
        wanted = select(self.key.label("key"), col(Ticket.number)).where(*self.driving, *self._behind(after))
        return self._ordered(wanted, 1).offset(looked_at - 1)

    def up_to(self, edge: Cursor) -> "Lane":
        """The same without what comes behind that row."""
        here, there = self._place(edge)
        return replace(self, driving=(*self.driving, here >= there if self.newest_first else here <= there))

    def counted(self, limit: int) -> Select[*tuple[Any, ...]]:
        """How many rows there are, counting no further than `limit`."""
        wanted = select(literal(1)).where(*self.driving, *self.left).limit(limit)
        return select(func.count()).select_from(wanted.subquery())

    def _behind(self, after: Cursor | None) -> tuple[ColumnElement[bool], ...]:
        if after is None:
            return ()
        here, there = self._place(after)
        return (here < there if self.newest_first else here > there,)

    def _place(self, cursor: Cursor) -> tuple[Any, Any]:
        return tuple_(self.key, col(Ticket.number)), tuple_(literal(cursor.key, BigInteger()), literal(cursor.number))

    def _ordered(self, wanted: Select[*tuple[Any, ...]], size: int) -> Select[*tuple[Any, ...]]:
        by: list[Any] = [self.key, col(Ticket.number)]
        if self.nobodys:
            by.insert(0, col(Ticket.assignee_id))
        return wanted.order_by(*(column.desc() if self.newest_first else column for column in by)).limit(size)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A condition that an index serves, and the same one written so that none does."""

    key: Key
    driving: ColumnElement[bool]
    passive: ColumnElement[bool]
    knows_open: bool = False
    """Whether its index already implies that the ticket is open."""
    nobodys: bool = False
    tag: str = ""


def lane(db: Session, view: str, asked: Filter, asker: Asker, sort: Sort | None = None) -> Lane:
    """The lane of this view narrowed by this filter, in this order or in the view's own.

    Raises BadInput for an unknown view, BadFilter for an unknown name or a closed state in a view of open tickets.
    """
    if view not in _VIEW_NAMES:
        raise BadInput(f"There is no view {view!r}.", f"Possible: {', '.join(sorted(_VIEW_NAMES))}.")
    newest_first = (sort or sort_of(view)) in _NEWEST_FIRST and not (sort is None and view == "to_verify")
    sort = sort or sort_of(view)
    numbers = asked.choice(Key.NUMBER)
    if numbers is not None:  # a number is looked for everywhere
        wanted = col(Ticket.number).in_([int(value) for value in numbers.values])
        others = [_passive(choice, asker) for choice in asked.choices if choice is not numbers]
        spans = [_passive_span(span, asker) for span in asked.spans]
        return Lane((wanted,), (*others, *spans), sort, newest_first, few=True)
    state = asked.choice(Key.STATE)
    if view != "closed" and state is not None and state.values == (TicketState.CLOSED.value,):
        raise BadFilter("Closed tickets are only in the view Closed.", "Open that view first.", "closed")
    for choice in asked.choices:
        if choice.key is Key.TAG:
            _require_tags(choice, asker)
    candidates = _candidates(view, asked, asker)
    driver, few = _driver(db, view, [candidate for candidate, _ in candidates], sort)
    driving = [driver.driving] if driver is not None else []
    left = [candidate.passive for candidate, _ in candidates if candidate is not driver]
    is_open = 0 if view == "closed" else 1
    if driver is not None and driver.knows_open:
        if view == "closed":
            left.append(col(Ticket.is_open) + 0 == is_open)
    elif few and driver is not None and driver.tag:
        left.append(col(Ticket.is_open) + 0 == is_open)
    else:
        driving.append(col(Ticket.is_open) == is_open)
    used = {id(choice) for _, choice in candidates}
    left += [_passive(choice, asker) for choice in asked.choices if id(choice) not in used]
    if view in ("answered", "snoozed"):
        left.append(_IS[Key.ANSWERED if view == "answered" else Key.SNOOZED])
    snoozed_too = view == "snoozed" or any(choice.key is Key.SNOOZED for choice in asked.choices)
    for span in (*asked.spans, *_spans_of(view, asker)):
        drives = _SORT_OF_SPAN[span.key] is sort and not few and not (span.key is Key.DUE and snoozed_too)
        (driving if drives else left).append(_span(span, asker) if drives else _passive_span(span, asker))
    return Lane(tuple(driving), tuple(left), sort, newest_first, driver is not None and driver.nobodys, few)


def sort_of(view: str) -> Sort:
    """What a view is sorted by unless something else is asked for."""
    return _SORT_OF_VIEW.get(view, Sort.DUE)


def _candidates(view: str, asked: Filter, asker: Asker) -> list[tuple[_Candidate, Choice | None]]:
    """The conditions of which one may drive."""
    found: list[tuple[_Candidate, Choice | None]] = []
    if view in PERSONAL:
        found.append((_assigned_to(asker.agent_id), None))
    elif view == "unassigned":
        found.append((_assigned_to(None), None))
    elif view in _STATE_OF_VIEW:
        found.append((_in_state(_STATE_OF_VIEW[view]), None))
    for choice in asked.choices:
        if choice.negated or len(choice.values) != 1 or choice.key in {Key.DUE, Key.NUMBER, *YES_OR_NO}:
            continue
        if choice.key is Key.ASSIGNEE:
            found.append((_assigned_to(_agent_id(choice.values[0], asker)), choice))
        elif choice.key is Key.STATE:
            found.append((_in_state(TicketState(choice.values[0])), choice))
        elif choice.key is Key.TAG:
            found.append((_tagged(choice.values[0]), choice))
        else:
            column: Any = col(Ticket.priority) if choice.key is Key.PRIORITY else _TEXT_COLUMNS[choice.key]
            driving = column == _stored(choice)[0]
            found.append((_Candidate(choice.key, driving, _passive(choice, asker)), choice))
    return found


def _assigned_to(agent_id: str | None) -> _Candidate:
    column = col(Ticket.assignee_id)
    driving = column.is_(None) if agent_id is None else column == agent_id
    passive = func.coalesce(column, "") == (agent_id or "")
    return _Candidate(Key.ASSIGNEE, driving, passive, nobodys=agent_id is None)


def _in_state(state: TicketState) -> _Candidate:
    column = col(Ticket.state)
    return _Candidate(Key.STATE, column == state.value, func.coalesce(column, "") == state.value, knows_open=True)


def _tagged(tag: str) -> _Candidate:
    driving = col(Ticket.number).in_(select(col(TicketTag.ticket_number)).where(col(TicketTag.tag) == tag))
    return _Candidate(Key.TAG, driving, _has_tag([tag]), tag=tag)


def _has_tag(tags: list[str]) -> ColumnElement[bool]:
    return exists().where(col(TicketTag.ticket_number) == col(Ticket.number) + 0, col(TicketTag.tag).in_(tags))


def _driver(db: Session, view: str, candidates: list[_Candidate], sort: Sort) -> tuple[_Candidate | None, bool]:
    """What drives: the rarest of what an index serves in this order; what none serves only where it fits so few tickets
    that they can be sorted, which is told beside it. Each is counted in an index, no further than PROBE_LIMIT.
    """
    indexed = [one for one in candidates if one.key in _INDEXED[sort]]
    if not candidates or len(candidates) == len(indexed) == 1:
        return (indexed[0] if indexed else None), False
    counted = [(_probed(db, view, one), one) for one in candidates]
    count, rarest = min(counted, key=_count)
    if rarest.key not in _INDEXED[sort] and count < PROBE_LIMIT:
        return rarest, True
    served = [one for one in counted if one[1].key in _INDEXED[sort]]
    return (min(served, key=_count)[1] if served else None), False


def _count(counted: tuple[int, _Candidate]) -> int:
    return counted[0]


def _probed(db: Session, view: str, candidate: _Candidate) -> int:
    if candidate.tag:
        tagged = select(literal(1)).where(col(TicketTag.tag) == candidate.tag).limit(PROBE_LIMIT)
        return int(db.connection().execute(select(func.count()).select_from(tagged.subquery())).scalar_one())
    conditions = [candidate.driving]
    if not candidate.knows_open:
        conditions.append(col(Ticket.is_open) == (0 if view == "closed" else 1))
    return int(db.connection().execute(Lane(tuple(conditions)).counted(PROBE_LIMIT)).scalar_one())


def _spans_of(view: str, asker: Asker) -> list[Span]:
    if view == "due_soon":
        return [Span(Key.DUE, asker.now, asker.now + asker.due_soon)]
    return [Span(Key.DUE, None, asker.now)] if view == "overdue" else []


def _passive(choice: Choice, asker: Asker) -> ColumnElement[bool]:
    """A choice as a condition that no index can serve."""
    condition: ColumnElement[bool]
    if choice.key in YES_OR_NO:
        condition = func.coalesce(_IS[choice.key], False) == (choice.values == (YES,))
    elif choice.key is Key.ASSIGNEE:
        ids = [_agent_id(value, asker) or "" for value in choice.values]
        condition = func.coalesce(col(Ticket.assignee_id), "").in_(ids)
    elif choice.key is Key.DUE:
        condition = func.coalesce(type_coerce(col(Ticket.next_due_at), BigInteger), 0) == 0
    elif choice.key is Key.NUMBER:
        condition = (col(Ticket.number) + 0).in_([int(value) for value in choice.values])
    elif choice.key is Key.PRIORITY:
        condition = (col(Ticket.priority) + 0).in_(_stored(choice))
    elif choice.key is Key.TAG:
        condition = _has_tag(list(choice.values))
    else:
        condition = func.coalesce(_TEXT_COLUMNS[choice.key], "").in_(_stored(choice))
    return not_(condition) if choice.negated else condition


def _stored(choice: Choice) -> list[Any]:
    if choice.key is Key.PRIORITY:
        return [Priority[value.upper()].value for value in choice.values]
    return list(choice.values)


def _span(span: Span, asker: Asker) -> ColumnElement[bool]:
    """A span as a range of the order's own index."""
    low, high = span.bounds(asker.now)
    column = _ORDERS[_SORT_OF_SPAN[span.key]]
    last = NO_DATE if span.key is Key.DUE else None
    ends = [column >= microseconds(low)] if low else []
    upper = microseconds(high) if high else last
    return and_(*ends, *([column < upper] if upper is not None else []))


def _passive_span(span: Span, asker: Asker) -> ColumnElement[bool]:
    """The same as a condition that no index can serve."""
    low, high = span.bounds(asker.now)
    number = type_coerce(_TIMES[span.key], BigInteger) + 0
    ends = [number >= microseconds(low)] if low else []
    return and_(*ends, *([number < microseconds(high)] if high else []))


def _require_tags(choice: Choice, asker: Asker) -> None:
    """Refuse a tag that the desk's list does not have. Raises BadFilter."""
    for tag in choice.values:
        if tag not in asker.tags:
            possible = (
                f"Possible: {', '.join(sorted(asker.tags)[:12])}." if asker.tags else "This desk has no tags yet."
            )
            raise BadFilter(f"Unknown tag “{one_line(tag, 40)}”.", possible, tag)


def _agent_id(name: str, asker: Asker) -> str | None:
    """The id of the agent with that name, None for unassigned. Raises BadFilter."""
    folded = name.casefold()
    if folded == UNASSIGNED:
        return None
    if folded == ME and asker.agent_id:
        return asker.agent_id
    found = asker.agents.get(folded)
    if found is None:
        myself = [ME] if asker.agent_id else []  # a command on the host is no one's
        shown = ", ".join([*myself, UNASSIGNED, *sorted(asker.agents)[:12]])
        raise BadFilter(f"Unknown assignee “{name[:40]}”.", f"Possible: {shown}.", name)
    return found

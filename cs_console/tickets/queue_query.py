"""Which tickets a view and a filter mean, as SQL that walks one index in the order of the page.

SQLite has no statistics here and PostgreSQL's may be stale, so the index is chosen by us: of several conditions that
an index serves, the rarest drives, and the others are written so that no index can serve them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, func, literal, not_, select, tuple_, type_coerce
from sqlmodel import Session, col

from cs_console.errors import BadFilter, BadInput
from cs_console.tickets.filters import ME, UNASSIGNED, Choice, Filter, Key, Span
from models.columns import UtcMoment, microseconds
from models.enums import Priority, TicketState
from models.ticket import Ticket

VIEWS = (
    ("mine", "Mine"),
    ("unassigned", "Unassigned"),
    ("to_verify", "To verify"),
    ("due_soon", "Due soon"),
    ("overdue", "Overdue"),
    ("approvals", "Approvals"),
    ("all", "All open"),
    ("closed", "Closed"),
)
_VIEW_NAMES = frozenset(name for name, _ in VIEWS)
_STATE_OF_VIEW = {"to_verify": TicketState.TO_VERIFY, "approvals": TicketState.IN_APPROVAL}
PROBE_LIMIT = 500
"""How far a condition is counted to find out which one is rarest."""

_TEXT_COLUMNS: dict[Key, Any] = {
    Key.KIND: col(Ticket.kind),
    Key.STATE: col(Ticket.state),
    Key.CHANNEL: col(Ticket.channel),
    Key.LANGUAGE: col(Ticket.language),
}

_TIMES: dict[Key, Any] = {Key.DUE: col(Ticket.next_due_at), Key.RECEIVED: col(Ticket.received_at)}


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: the next page goes on behind it, whatever was added or closed meanwhile."""

    moment: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, when, and the agents they can name: ids by casefolded name."""

    agent_id: str
    now: datetime
    due_soon: timedelta
    agents: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Lane:
    """The rows of one view and filter, and their order."""

    conditions: tuple[ColumnElement[bool], ...]
    by_due: bool = False
    newest_first: bool = True
    nobodys: bool = False
    """Whether "assignee:none" uses the index of assignees: PostgreSQL sorts unless the order names that column too."""

    @property
    def order(self) -> Any:
        """The column that comes before the number in the order."""
        return col(Ticket.next_due_at) if self.by_due else col(Ticket.received_at)

    def page(self, columns: Select[*tuple[Any, ...]], after: Cursor | None, size: int) -> Select[*tuple[Any, ...]]:
        """`columns` narrowed to one page of at most `size` rows."""
        order, number = self.order, col(Ticket.number)
        statement = columns.where(*self.conditions)
        if after is not None:
            here = tuple_(order, number)
            there = tuple_(literal(after.moment, UtcMoment()), literal(after.number))
            statement = statement.where(here < there if self.newest_first else here > there)
        by: list[Any] = [col(Ticket.assignee_id), order, number] if self.nobodys else [order, number]
        return statement.order_by(*(column.desc() if self.newest_first else column for column in by)).limit(size)

    def counted(self, limit: int) -> Select[*tuple[Any, ...]]:
        """How many rows there are, counting no further than `limit`."""
        return select(func.count()).select_from(select(literal(1)).where(*self.conditions).limit(limit).subquery())


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A condition that an index serves, and the same one written so that none does."""

    driving: ColumnElement[bool]
    passive: ColumnElement[bool]
    knows_open: bool = False
    """Whether its index already implies that the ticket is open."""
    nobodys: bool = False


def lane(db: Session, view: str, asked: Filter, asker: Asker) -> Lane:
    """The lane of this view narrowed by this filter.

    Raises BadInput for an unknown view, BadFilter for an unknown name or a closed state in a view of open tickets.
    """
    if view not in _VIEW_NAMES:
        raise BadInput(f"There is no view {view!r}.", f"Possible: {', '.join(sorted(_VIEW_NAMES))}.")
    numbers = asked.choice(Key.NUMBER)
    if numbers is not None:  # a number is looked for everywhere
        wanted = col(Ticket.number).in_([int(value) for value in numbers.values])
        others = [_passive(choice, asker) for choice in asked.choices if choice is not numbers]
        return Lane((wanted, *others, *(_span(span, asker, drives=False) for span in asked.spans)))
    state = asked.choice(Key.STATE)
    if view != "closed" and state is not None and state.values == (TicketState.CLOSED.value,):
        raise BadFilter("Closed tickets are only in the view Closed.", "Open that view first.")
    by_due = view in ("due_soon", "overdue") or any(span.key is Key.DUE for span in asked.spans)
    candidates = _candidates(view, asked, asker, by_due)
    at = _rarest(db, view, [candidate for candidate, _ in candidates])
    conditions = [
        candidate.driving if place == at else candidate.passive for place, (candidate, _) in enumerate(candidates)
    ]
    if by_due and view in _STATE_OF_VIEW:
        conditions.append(_in_state(_STATE_OF_VIEW[view]).passive)
    driver = None if at is None else candidates[at][0]
    knows_open = driver is not None and driver.knows_open
    is_open = col(Ticket.is_open) if not knows_open else col(Ticket.is_open) + 0
    if not knows_open or view == "closed":
        conditions.append(is_open == (0 if view == "closed" else 1))
    conditions += _due_of_view(view, asker)
    used = {id(choice) for _, choice in candidates}
    for choice in asked.choices:
        if id(choice) not in used:
            conditions.append(_passive(choice, asker))
    conditions += [_span(span, asker, drives=(span.key is Key.DUE) == by_due) for span in asked.spans]
    return Lane(
        tuple(conditions),
        by_due,
        newest_first=not by_due and view != "to_verify",
        nobodys=driver is not None and driver.nobodys,
    )


def _candidates(view: str, asked: Filter, asker: Asker, by_due: bool) -> list[tuple[_Candidate, Choice | None]]:
    """The conditions of which one may drive. In the order of due dates only the assignee's index can."""
    found: list[tuple[_Candidate, Choice | None]] = []
    if view == "mine":
        found.append((_assigned_to(asker.agent_id), None))
    elif view == "unassigned":
        found.append((_assigned_to(None), None))
    elif view in _STATE_OF_VIEW and not by_due:
        found.append((_in_state(_STATE_OF_VIEW[view]), None))
    for choice in asked.choices:
        if choice.negated or len(choice.values) != 1 or choice.key in (Key.DUE, Key.NUMBER):
            continue
        if choice.key is Key.ASSIGNEE:
            found.append((_assigned_to(_agent_id(choice.values[0], asker)), choice))
        elif by_due:
            continue
        elif choice.key is Key.STATE:
            found.append((_in_state(TicketState(choice.values[0])), choice))
        else:
            column: Any = col(Ticket.priority) if choice.key is Key.PRIORITY else _TEXT_COLUMNS[choice.key]
            driving = column == _stored(choice)[0]
            found.append((_Candidate(driving, _passive(choice, asker)), choice))
    return found


def _assigned_to(agent_id: str | None) -> _Candidate:
    column = col(Ticket.assignee_id)
    driving = column.is_(None) if agent_id is None else column == agent_id
    return _Candidate(driving, func.coalesce(column, "") == (agent_id or ""), nobodys=agent_id is None)


def _in_state(state: TicketState) -> _Candidate:
    column = col(Ticket.state)
    return _Candidate(column == state.value, func.coalesce(column, "") == state.value, knows_open=True)


def _rarest(db: Session, view: str, candidates: list[_Candidate]) -> int | None:
    """Which candidate fits the fewest tickets, each counted in its own index and no further than PROBE_LIMIT."""
    if len(candidates) < 2:
        return 0 if candidates else None
    is_open = 0 if view == "closed" else 1
    counts = []
    for candidate in candidates:
        conditions = [candidate.driving]
        if not candidate.knows_open:
            conditions.append(col(Ticket.is_open) == is_open)
        counts.append(db.connection().execute(Lane(tuple(conditions)).counted(PROBE_LIMIT)).scalar_one())
    return counts.index(min(counts))


def _due_of_view(view: str, asker: Asker) -> list[ColumnElement[bool]]:
    due = col(Ticket.next_due_at)
    if view == "due_soon":
        return [due >= asker.now, due < asker.now + asker.due_soon]
    return [due < asker.now] if view == "overdue" else []


def _passive(choice: Choice, asker: Asker) -> ColumnElement[bool]:
    """A choice as a condition that no index can serve."""
    condition: ColumnElement[bool]
    if choice.key is Key.ASSIGNEE:
        ids = [_agent_id(value, asker) or "" for value in choice.values]
        condition = func.coalesce(col(Ticket.assignee_id), "").in_(ids)
    elif choice.key is Key.DUE:
        condition = func.coalesce(type_coerce(col(Ticket.next_due_at), BigInteger), 0) == 0
    elif choice.key is Key.NUMBER:
        condition = (col(Ticket.number) + 0).in_([int(value) for value in choice.values])
    elif choice.key is Key.PRIORITY:
        condition = (col(Ticket.priority) + 0).in_(_stored(choice))
    else:
        condition = func.coalesce(_TEXT_COLUMNS[choice.key], "").in_(_stored(choice))
    return not_(condition) if choice.negated else condition


def _stored(choice: Choice) -> list[Any]:
    if choice.key is Key.PRIORITY:
        return [Priority[value.upper()].value for value in choice.values]
    return list(choice.values)


def _span(span: Span, asker: Asker, *, drives: bool) -> ColumnElement[bool]:
    column = _TIMES[span.key]
    low, high = span.bounds(asker.now)
    if drives:
        ends = [column >= low] if low else []
        return and_(*ends, *([column < high] if high else []))
    number = type_coerce(column, BigInteger) + 0
    ends = [number >= microseconds(low)] if low else []
    return and_(*ends, *([number < microseconds(high)] if high else []))


def _agent_id(name: str, asker: Asker) -> str | None:
    """The id of the agent with that name, None for unassigned. Raises BadFilter."""
    folded = name.casefold()
    if folded == UNASSIGNED:
        return None
    if folded == ME and asker.agent_id:
        return asker.agent_id
    found = asker.agents.get(folded)
    if found is None:
        shown = ", ".join([ME, UNASSIGNED, *sorted(asker.agents)[:12]])
        raise BadFilter(f"Unknown assignee “{name[:40]}”.", f"Possible: {shown}.")
    return found

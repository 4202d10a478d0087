"""The queue at growing sizes: pages, views, filters and counts beside the raw keyset query on the same file."""

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from typing import Any

from benchmarks.growing import Pair, Raw, at_growing_sizes
from benchmarks.many_tickets import RARE_LANGUAGE
from benchmarks.result import Result
from cs_console.desk import Desk, DeskSession
from cs_console.tickets.filters import Filter, parse
from cs_console.tickets.queue import Cursor, Sort, counts, page
from cs_console.tickets.queue_query import LOOKED_AT
from models.columns import microseconds
from models.ticket import NO_DATE
from models.ticket_count import SPAN

ROUNDS = 300
WARM_UP = 20
PAGES_DEEP = 60
PAGE = 100

_COLUMNS = (
    "number, kind, state, priority, assignee_id, next_due_at, received_at, version, requester_id, subject_redacted"
)
_NEWEST = f"ORDER BY received_at DESC, number DESC LIMIT {PAGE + 1}"
_OLDEST = f"ORDER BY received_at, number LIMIT {PAGE + 1}"
_SOONEST = f"ORDER BY queue_order, number LIMIT {PAGE + 1}"
_MOST_URGENT = f"ORDER BY urgency_order, number LIMIT {PAGE + 1}"
_LAST_SAID = f"ORDER BY last_message_at DESC, number DESC LIMIT {PAGE + 1}"


def run(*sizes: int) -> Iterator[Result]:
    """Every measurement at every size, in turns with the same at 10,000 tickets and with the raw query; on SQLite, then
    on PostgreSQL.

    Sizes default to 10,000 and 100,000; 1,000,000 takes half an hour to fill on each.
    """
    for on_server in (False, True):
        yield from at_growing_sizes("queue", sizes, _measurements, ROUNDS, WARM_UP, on_server=on_server)


def _measurements(desk: Desk, session: DeskSession, raw: Raw) -> dict[str, Pair]:
    return {
        "page": (lambda: page(session, "all"), lambda: _query(raw, "is_open = 1", (), _SOONEST)),
        "next page": _next_pages(session, raw),
        "view": _views(desk, session, raw),
        "filter": _filters(desk, session, raw),
        "sort": _sorts(session, raw),
        "rare filter": _rare_filters(session, raw),
        "counts": (lambda: counts(session), lambda: _raw_counts(desk, session, raw)),
    }


def _query(raw: Raw, where: str, values: tuple[object, ...], order: str) -> list[Any]:
    return raw.rows(f"SELECT {_COLUMNS} FROM ticket WHERE {where} {order}", values)


def _next_pages(session: DeskSession, raw: Raw) -> Pair:
    """Pages at many depths, down to the last third of what has a due date."""
    deep = random.Random(7)
    dated = f"is_open = 1 AND queue_order < {NO_DATE}"
    (span,) = raw.rows(f"SELECT min(queue_order), max(queue_order) FROM ticket WHERE {dated}")
    moments = [deep.randint(span[0], span[1] - (span[1] - span[0]) // 3) for _ in range(PAGES_DEEP)]
    places = [
        raw.rows(
            "SELECT queue_order, number FROM ticket WHERE is_open = 1 AND queue_order >= ? "
            "ORDER BY queue_order, number LIMIT 1",
            (moment,),
        )[0]
        for moment in moments
    ]
    ours, theirs = cycle(places), cycle(places)

    def console() -> object:
        return page(session, "all", None, Cursor(*next(ours)))

    return console, lambda: _query(raw, "is_open = 1 AND (queue_order, number) > (?, ?)", next(theirs), _SOONEST)


def _sorts(session: DeskSession, raw: Raw) -> Pair:
    """The same tickets in each order, of the desk and of one agent."""
    orders = {Sort.RECEIVED: _NEWEST, Sort.UPDATED: _LAST_SAID, Sort.PRIORITY: _MOST_URGENT}
    mine = ("is_open = 1 AND assignee_id = ?", (session.agent.id,))
    asked = [
        (view, sort, *of, order)
        for sort, order in orders.items()
        for view, of in (("all", ("is_open = 1", ())), ("mine", mine))
    ]
    ours, theirs = cycle(asked), cycle(asked)
    return lambda: _sorted_page(session, next(ours)), lambda: _query(raw, *next(theirs)[2:])


def _sorted_page(session: DeskSession, asked: tuple[Any, ...]) -> object:
    return page(session, asked[0], sort=asked[1])


def _rare_filters(session: DeskSession, raw: Raw) -> Pair:
    """Filters that no index serves in the order of the page, and that find the same at each size.

    A few tickets that are found and sorted, as many at any size; and none at all: every open ticket is unread, so that
    the page walks as far as it may and no further. A part of all tickets would not do: 1% of 10,000 are few, which are
    sorted, and of 100,000 many, which are walked; and a page of fifty rows takes longer to open than one of ten.
    """
    walk = f"SELECT number FROM ticket WHERE is_open = 1 ORDER BY queue_order, number LIMIT {LOOKED_AT}"
    rare = parse(f"lang:{RARE_LANGUAGE}"), "is_open = 1 AND language = ?", (RARE_LANGUAGE,), _SOONEST
    asked = [rare, (parse("unread:no"), f"number IN ({walk}) AND unread = 0", (), _SOONEST)]
    ours, theirs = cycle(asked), cycle(asked)
    return lambda: page(session, "all", next(ours)[0]), lambda: _query(raw, *next(theirs)[1:])


def _views(desk: Desk, session: DeskSession, raw: Raw) -> Pair:
    conditions = _raw_views(desk, session)
    ours, theirs = cycle(conditions), cycle(conditions.values())
    return lambda: page(session, next(ours)), lambda: _query(raw, *next(theirs))


def _raw_views(desk: Desk, session: DeskSession) -> dict[str, tuple[str, tuple[object, ...], str]]:
    now = desk.clock.now()
    soon = microseconds(now + timedelta(days=desk.packs.current.clock.due_soon_days))
    return {
        "mine": ("is_open = 1 AND assignee_id = ?", (session.agent.id,), _SOONEST),
        "answered": ("is_open = 1 AND assignee_id = ? AND answered_at > 0", (session.agent.id,), _SOONEST),
        "snoozed": ("is_open = 1 AND assignee_id = ? AND snoozed_until > 0", (session.agent.id,), _SOONEST),
        "unassigned": ("is_open = 1 AND assignee_id IS NULL", (), _SOONEST),
        "to_verify": ("state = 'to verify'", (), _OLDEST),
        "due_soon": ("is_open = 1 AND queue_order >= ? AND queue_order < ?", (microseconds(now), soon), _SOONEST),
        "overdue": ("is_open = 1 AND queue_order < ?", (microseconds(now),), _SOONEST),
        "approvals": ("state = 'in approval'", (), _SOONEST),
        "all": ("is_open = 1", (), _SOONEST),
        "closed": ("is_open = 0", (), _NEWEST),
    }


def _filters(desk: Desk, session: DeskSession, raw: Raw) -> Pair:
    soon = microseconds(desk.clock.now() + timedelta(days=3))
    me = session.agent.id
    asked: list[tuple[Filter, str, tuple[object, ...], str]] = [
        (parse("kind:appeal"), "is_open = 1 AND kind = 'appeal'", (), _SOONEST),
        (
            parse("kind:appeal due:<3d assignee:me"),
            "is_open = 1 AND assignee_id = ? AND queue_order < ? AND kind = 'appeal'",
            (me, soon),
            _SOONEST,
        ),
        (
            parse("lang:de priority:high"),
            "is_open = 1 AND language || '' = 'de' AND priority = 2",
            (),
            _SOONEST,
        ),
        (parse("state:waiting -kind:report"), "state = 'waiting' AND kind <> 'report'", (), _SOONEST),
    ]
    ours, theirs = cycle(asked), cycle(asked)
    return lambda: page(session, "all", next(ours)[0]), lambda: _query(raw, *next(theirs)[1:])


def _raw_counts(desk: Desk, session: DeskSession, raw: Raw) -> object:
    """The sums of what is kept; of due dates the spans alone."""
    names = ", ".join(f"'{name} {session.agent.id}'" for name in ("assigned", "answered", "snoozed"))
    now = desk.clock.now()
    soon = now + timedelta(days=desk.packs.current.clock.due_soon_days)
    kept = raw.rows(
        "SELECT name, sum(tickets) FROM ticket_count "
        f"WHERE name IN ({names}, 'in state to verify', 'in state in approval', 'unassigned', 'open', 'closed') "
        "GROUP BY name"
    )
    due = "SELECT sum(tickets) FROM ticket_count WHERE name = 'due' AND span < ?"
    return kept, [raw.rows(due, (microseconds(moment) // SPAN,)) for moment in (now, soon)]

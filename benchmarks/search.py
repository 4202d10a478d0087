"""Search at growing sizes: words that few and many tickets have, beside the raw look-up in the same file."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

from benchmarks.many_tickets import OTHER_WORD, RARE_WORD, fill
from benchmarks.result import Result, compare, timed
from benchmarks.scratch import scratch_desk, scratch_session
from cs_console.desk import Desk, DeskSession
from cs_console.tickets.filters import parse
from cs_console.tickets.queue import QueuePage, page
from cs_console.tickets.search.tokens import current_generation, search_key, tokens_of
from cs_console.tickets.search.words import words_of
from models.roles import Role

SIZES = (10_000, 100_000)
SMALLEST = 10_000
"""What flatness is measured against (DESIGN.md, Speed)."""
ROUNDS = 200
WARM_UP = 10
PAGE = 100
FREQUENT_WORD = "word1"
"""Of the bulk builder's words one that a large part of the tickets have."""

_SEARCHES = {
    "first page": RARE_WORD,
    "two words": f"{OTHER_WORD} {RARE_WORD}",
    "with a filter": f"{RARE_WORD} kind:appeal",
    "frequent word": FREQUENT_WORD,
}

Pair = tuple[Callable[[], object], Callable[[], object]]


def run(*sizes: int) -> Iterator[Result]:
    """Each search at every size, in turns with the same at 10,000 tickets and with SQLite's own look-up of its rows.

    Every call is a search of its own, put on record. Sizes default to 10,000 and 100,000; 1,000,000 needs some 4 GB of
    disk and takes a quarter of an hour to fill.
    """
    with _filled(SMALLEST) as smallest:
        for size in sizes or SIZES:
            with _filled(size) as filled:
                for name, (console, baseline) in filled.items():
                    yield _measured(name, size, console, baseline, smallest[name][0])


def _measured(
    name: str, size: int, console: Callable[[], object], baseline: Callable[[], object], small: Callable[[], object]
) -> Result:
    times: tuple[list[float], ...] = ([], [], [])
    for at in range(WARM_UP + ROUNDS):
        for act, kept in zip((console, baseline, small), times, strict=True):
            took = timed(act)
            if at >= WARM_UP:
                kept.append(took)
    ours, theirs, at_smallest = times
    flatness = round(median(ours) / median(at_smallest), 3)
    return compare(f"search {name}", size, ours, theirs, flatness=flatness, slowest_ms=round(max(ours), 2))


@contextmanager
def _filled(size: int) -> Iterator[dict[str, Pair]]:
    with scratch_desk() as desk:
        session = scratch_session(desk, "mei", Role.AGENT)
        others = [scratch_session(desk, f"agent{at}", Role.AGENT).agent.id for at in range(40)]
        fill(desk, size, [session.agent.id, *others], indexed=True)
        raw = sqlite3.connect(desk.settings.home / "console.db")
        raw.execute("PRAGMA query_only = ON")
        try:
            yield {name: _pair(desk, session, raw, words) for name, words in _SEARCHES.items()}
        finally:
            raw.close()


def _pair(desk: Desk, session: DeskSession, raw: sqlite3.Connection, words: str) -> Pair:
    asked = parse(words)
    key = search_key(desk, current_generation(desk))
    [token] = tokens_of(key, words_of(asked.words[-1]))

    def console() -> QueuePage:
        desk.searches.clear()  # else only the first would be put on record
        return page(session, "all", asked)

    def baseline() -> object:
        return raw.execute(
            "SELECT number, kind, state, subject_redacted FROM search_token JOIN ticket ON number = ticket_number "
            f"WHERE token = ? AND closed_at IS NULL ORDER BY ticket_number DESC LIMIT {PAGE + 1}",
            (token,),
        ).fetchall()

    return console, baseline

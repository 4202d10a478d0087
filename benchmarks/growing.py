"""What is measured on desks of growing size: each act in turns with the same at 10,000 tickets and with a raw query."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from statistics import median
from typing import Any

import psycopg

from benchmarks.many_tickets import fill
from benchmarks.result import Result, compare, timed
from benchmarks.scratch import scratch_desk, scratch_postgres, scratch_session
from cs_console.desk import Desk, DeskSession
from models.roles import Role

SIZES = (10_000, 100_000)
SMALLEST = 10_000
"""What flatness is measured against (DESIGN.md, Speed)."""

Pair = tuple[Callable[[], object], Callable[[], object]]
"""An act of the console and the raw query beside it."""


class Raw:
    """The engine's own driver on the desk's store, for reading; a value stands as `?` in a query."""

    def __init__(self, desk: Desk) -> None:
        self.connection: sqlite3.Connection | psycopg.Connection[Any]
        file = desk.database.file
        if file is not None:
            self.connection = sqlite3.connect(file)
            self.connection.execute("PRAGMA query_only = ON")
        else:
            url = desk.settings.database.replace("+psycopg", "")
            self.connection = psycopg.connect(url, autocommit=True)

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """Every row of the answer."""
        if isinstance(self.connection, sqlite3.Connection):
            return self.connection.execute(query, values).fetchall()
        return self.connection.execute(query.replace("?", "%s").encode(), values).fetchall()

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()


Measurements = Callable[[Desk, DeskSession, Raw], dict[str, Pair]]


def at_growing_sizes(
    what: str,
    sizes: tuple[int, ...],
    measurements: Measurements,
    rounds: int,
    warm_up: int,
    *,
    indexed: bool = False,
    on_server: bool = False,
) -> Iterator[Result]:
    """Every measurement at every size (10,000 and 100,000 by default), under `what` and its own name."""
    engine = "postgresql" if on_server else "sqlite"
    options = {"indexed": indexed, "on_server": on_server}
    with filled_desk(SMALLEST, measurements, **options) as smallest:
        for size in sizes or SIZES:
            with filled_desk(size, measurements, **options) as filled:
                for name, (console, baseline) in filled.items():
                    times = _in_turns((console, baseline, smallest[name][0]), rounds, warm_up)
                    ours, theirs, at_smallest = times
                    flatness = round(median(ours) / median(at_smallest), 3)
                    more = {"engine": engine, "flatness": flatness, "slowest_ms": round(max(ours), 2)}
                    yield compare(f"{what} {name}", size, ours, theirs, **more)


def _in_turns(acts: tuple[Callable[[], object], ...], rounds: int, warm_up: int) -> tuple[list[float], ...]:
    times: tuple[list[float], ...] = tuple([] for _ in acts)
    for at in range(warm_up + rounds):
        for act, kept in zip(acts, times, strict=True):
            took = timed(act)
            if at >= warm_up:
                kept.append(took)
    return times


@contextmanager
def filled_desk(
    size: int, measurements: Measurements, *, indexed: bool = False, on_server: bool = False
) -> Iterator[dict[str, Pair]]:
    """The measurements on a desk of that many tickets, each beside its raw query."""
    with scratch_postgres() if on_server else nullcontext("") as url, scratch_desk(url) as desk:
        session = scratch_session(desk, "mei", Role.AGENT)
        others = [scratch_session(desk, f"agent{at}", Role.AGENT).agent.id for at in range(40)]
        fill(desk, size, [session.agent.id, *others], indexed=indexed)
        raw = Raw(desk)
        try:
            yield measurements(desk, session, raw)
        finally:
            raw.close()

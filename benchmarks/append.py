"""Appending by many consoles at once beside plain inserts by as many clients, both durable, on one PostgreSQL."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from benchmarks.result import Result, percentile, timed
from benchmarks.reveal import postgres_insert
from benchmarks.scratch import scratch_desk, scratch_postgres
from cs_console.access_log.append import append_alone
from cs_console.access_log.checkpoint import write_checkpoint
from cs_console.access_log.entry import Entry
from cs_console.access_log.verify import verify_log
from cs_console.desk import DeskSession, operator_session
from cs_console.opening import open_desk
from cs_console.settings import Settings
from models.enums import Action

CLIENTS = 16
SECONDS = 2.0
"""How long all clients of one side append together."""
WARM_UP = 20
TURNS = 3
ENTRY = Entry(Action.VIEW_ENDED, ticket=10_482, requester="fedcba9876543210", fields=("mobile",), seconds=30)


def run(clients: int = CLIENTS) -> Iterator[Result]:
    """`size` is the number of clients; times are of one append, `throughput_ratio` compares appends a second."""
    with scratch_postgres() as url, scratch_desk(url) as desk:
        with postgres_insert(url):
            pass  # its table
        ours: list[tuple[float, list[float]]] = []
        theirs: list[tuple[float, list[float]]] = []
        for _ in range(TURNS):  # turn by turn: what the machine does meanwhile meets both alike
            ours.append(_together("console", clients, str(desk.settings.home), url))
            theirs.append(_together("plain", clients, "", url))
        verdict = verify_log(desk)
        assert verdict.ok, verdict
    rates = [statistics.median(rate for rate, _ in side) for side in (ours, theirs)]
    times = [[one for _, every in side for one in every] for side in (ours, theirs)]
    medians = [statistics.median(side) for side in times]
    yield Result(
        "append",
        clients,
        medians[0],
        medians[1],
        medians[0] / medians[1],
        percentile(times[0], 0.95),
        {
            "throughput_ratio": round(rates[0] / rates[1], 3),
            "console_per_second": round(rates[0]),
            "baseline_per_second": round(rates[1]),
            "engine": "postgresql",
        },
    )


def _together(side: str, clients: int, home: str, url: str) -> tuple[float, list[float]]:
    """Appends a second of so many processes that begin together, and the time of each append in milliseconds."""
    command = [sys.executable, "-m", "benchmarks.append", side, home, url]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(clients)
    ]
    for one in running:
        assert one.stdout is not None and one.stdout.readline() == "warm\n"
    for one in running:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    times = [json.loads(one.communicate()[0]) for one in running]
    return sum(len(every) for every in times) / SECONDS, [one for every in times for one in every]


def client(side: str, home: str, url: str) -> None:
    """One process: get warm, wait for the word, append for two seconds, print each append's time."""
    with _console(Path(home), url) if side == "console" else postgres_insert(url) as append:
        for _ in range(WARM_UP):
            append()
        print("warm", flush=True)
        sys.stdin.readline()
        times, end = [], monotonic() + SECONDS
        while monotonic() < end:
            times.append(timed(append))
    print(json.dumps(times))


@contextmanager
def _console(home: Path, url: str) -> Iterator[Callable[[], object]]:
    desk = open_desk(Settings(home=home, database_url=url, outbox=home / "outbox"))
    session: DeskSession = operator_session(desk)

    def append() -> None:
        append_alone(desk, session.actor, ENTRY, desk.clock.now())

    append()
    while write_checkpoint(desk, force=True) is None:  # others may have been quicker; each console has signed before
        append()
    yield append
    desk.close()


if __name__ == "__main__":
    client(*sys.argv[1:])

"""Many consoles that append at once, each a process of its own: forked before any store is open.

`home url processes entries hold`: with `hold` one process more appends first, says "held" before its commit and waits
to be killed. Each of the others says "ready" before its first entry. One line for each that ends: its exit status and
how long its slowest entry took, in seconds.
"""

import os
import signal
import sys
import time
from pathlib import Path

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.desk import Desk, DeskSession, operator_session
from cs_console.errors import StoreBusy
from cs_console.opening import open_desk
from cs_console.settings import Settings
from models.enums import Action


def append(settings: Settings, name: str, entries: int) -> None:
    desk = open_desk(settings)
    session = operator_session(desk)
    say("ready")
    slowest = 0.0
    for number in range(entries):
        entry = Entry(Action.TICKET_OPENED, ticket=10_482, reason=f"{name}: {number}")
        began = time.monotonic()
        while not recorded(desk, session, entry):
            began = time.monotonic()
        slowest = max(slowest, time.monotonic() - began)
    say(f"slowest {slowest:.3f}")
    desk.close()


def recorded(desk: Desk, session: DeskSession, entry: Entry) -> bool:
    """Try once; whether it is done.

    SQLite promises no one their turn: on a slow disk a wait can end, and people try again as they are told. A server
    has a queue, so that a wait there ends in a failure.
    """
    try:
        with desk.database.transaction() as db:
            record(db, session, entry)
    except StoreBusy:
        if desk.database.is_sqlite:
            return False
        raise
    return True


def hold(settings: Settings) -> None:
    desk = open_desk(settings)
    with desk.database.transaction() as db:
        record(db, operator_session(desk), Entry(Action.TICKET_OPENED, reason="never committed"))
        say(f"held {os.getpid()}")
        signal.pause()


def say(words: str) -> None:
    os.write(1, f"{words}\n".encode())  # one write each: lines of many processes do not mix


def main(home: str, url: str, processes: int, entries: int, holding: bool) -> int:
    settings = Settings(home=Path(home), database_url=url)
    if holding and os.fork() == 0:
        hold(settings)
    if holding:
        sys.stdin.readline()  # the holder holds
    for number in range(processes):
        if os.fork() == 0:
            append(settings, f"writer {number}", entries)
            return 0
    failures = 0
    for _ in range(processes + holding):
        _pid, status = os.wait()
        failures += os.waitstatus_to_exitcode(status) not in ((0, -signal.SIGKILL) if holding else (0,))
    return failures


if __name__ == "__main__":
    home, url, processes, entries, holding = sys.argv[1:]
    sys.exit(main(home, url, int(processes), int(entries), holding == "hold"))

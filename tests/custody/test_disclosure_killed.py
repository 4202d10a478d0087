"""A console killed at any moment has shown no value without an entry."""

import json
import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic

import pytest

from cs_console.access_log.verify import verify_log
from models.enums import Action, Field, Role
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket

ROUNDS = 20
PHONE = "+8613800138000"
SPOKEN = ["+86", "138", "0013", "8000"]
PATIENCE = 60.0


class _Pipe:
    """What the console under test has written, line by line; a killed one leaves half a line at most."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._rest = b""

    def lines(self, seconds: float) -> Iterator[list[str]]:
        """The lines that arrive within so many seconds."""
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0 and select.select([self._handle], [], [], left)[0]:
            *whole, self._rest = (self._rest + os.read(self._handle, 65536)).split(b"\n")
            yield from (line.decode().split() for line in whole)


@contextmanager
def _console(case: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], _Pipe]]:
    command = [sys.executable, "-m", "tests.custody.reveal_forever"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(case).encode() + b"\n")
        process.stdin.flush()
        yield process, _Pipe(process.stdout.fileno())
        process.stdin.close()
        process.kill()


@pytest.mark.timeout(300)
def test_kill_9_at_any_moment_shows_nothing_that_is_not_on_record(test_office: TestOffice) -> None:
    test_office.clock.at = datetime.now(UTC)  # the other process has the machine's clock
    desk = test_office.desk("mei", Role.AGENT)
    ticket = make_ticket(test_office, assignee=desk, contacts={Field.MOBILE: PHONE}, verified=True)
    case = {
        "home": str(test_office.office.settings.home),
        "url": test_office.office.settings.database_url,
        "agent": desk.agent.id,
        "session": desk.session_id,
        "number": str(ticket.number),
        "item": ticket.contact_ids[Field.MOBILE],
    }
    rng = random.Random()
    seen: set[int] = set()
    with _console(case) as (process, pipe):
        for _ in range(ROUNDS):
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            process.stdin.flush()
            pid, entry, *value = next(pipe.lines(PATIENCE))
            assert value == SPOKEN
            seen.add(int(entry))
            seen.update(int(line[1]) for line in pipe.lines(rng.random() * 0.05))
            os.kill(int(pid), signal.SIGKILL)
            # what it still had in the pipe; a line of it cut off in the middle was written whole by the kernel
            seen.update(int(line[1]) for line in pipe.lines(0.02))
    entries = {entry.seq for entry in recorded(test_office.office, Action.FIELD_REVEALED)}
    assert len(seen) >= ROUNDS
    assert seen <= entries
    assert verify_log(test_office.office).ok

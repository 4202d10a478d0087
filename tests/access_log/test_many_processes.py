"""Many consoles append at once: nothing is lost, doubled or out of order, and one that dies blocks no other."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cs_console.access_log.state import log_state
from cs_console.access_log.verify import verify_log
from cs_console.database import LOCK_WAIT_SECONDS
from tests.access_log.tampering import fill, hand
from tests.support.desk import TestDesk

ROOT = Path(__file__).parents[2]
PROCESSES, ENTRIES = 16, 20


@contextmanager
def appending(made: TestDesk, processes: int, how: str) -> Iterator[subprocess.Popen[str]]:
    settings = made.desk.settings
    words = [str(settings.home), settings.database_url, str(processes), str(ENTRIES), how]
    command = [sys.executable, "-m", "tests.access_log.append_together", *words]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, start_new_session=True, **pipes) as running:  # type: ignore[call-overload]
        try:
            yield running
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)


def require_all_in_order(made: TestDesk, before: int, processes: int) -> None:
    verdict = verify_log(made.desk)
    assert (verdict.ok, verdict.size) == (True, before + processes * ENTRIES)
    with hand(made) as store:
        rows = store.rows("SELECT seq, reason FROM log_entry WHERE reason LIKE 'writer%' ORDER BY seq")
    assert [seq for seq, _ in rows] == list(range(before + 1, before + processes * ENTRIES + 1))
    for writer in range(processes):
        mine = [reason for _, reason in rows if reason.startswith(f"writer {writer}:")]
        assert mine == [f"writer {writer}: {number}" for number in range(ENTRIES)]


def test_sixteen_processes_append_every_entry_once_and_in_order(test_desk: TestDesk) -> None:
    fill(test_desk, 10)
    with appending(test_desk, PROCESSES, "") as running:
        said, problems = running.communicate(timeout=240)
    assert (running.returncode, problems) == (0, "")
    assert said.count("slowest") == PROCESSES
    require_all_in_order(test_desk, 10, PROCESSES)
    assert log_state(test_desk.desk).last_checkpoint_size >= 256


def test_a_console_killed_while_it_holds_the_head_is_in_nobodys_way(test_desk: TestDesk) -> None:
    fill(test_desk, 10)
    others = 6
    with appending(test_desk, others, "hold") as running:
        assert running.stdin is not None and running.stdout is not None
        holder = int(running.stdout.readline().removeprefix("held "))
        running.stdin.write("\n")
        running.stdin.flush()
        for _ in range(others):
            assert running.stdout.readline() == "ready\n"
        os.kill(holder, signal.SIGKILL)
        killed = time.monotonic()
        said, problems = running.communicate(timeout=240)
        assert time.monotonic() - killed < 4 * LOCK_WAIT_SECONDS
    assert (running.returncode, problems) == (0, "")
    slowest = [float(line.removeprefix("slowest ")) for line in said.splitlines()]
    assert len(slowest) == others
    assert max(slowest) < LOCK_WAIT_SECONDS + 1
    require_all_in_order(test_desk, 10, others)

"""Reading mail in a second process: the same answers as here, in order, whatever becomes of that process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from multiprocessing import active_children
from pathlib import Path

import pytest

from cs_console.intake import read_ahead
from cs_console.intake.incoming import LIMITS
from cs_console.intake.mail_files import RawMail
from cs_console.intake.our_mail import OurMail
from cs_console.intake.read_ahead import WORTH_IT, Reading, ReadMail, _OtherProcess, read_mails, read_one
from cs_console.policy.loader import DEFAULT, SHIPPED, load_pack

MAILS = sorted((Path(__file__).parent.parent / "data" / "mail").glob("*.eml"))
READING = Reading(LIMITS, OurMail(mailboxes=frozenset({"service"})), load_pack(SHIPPED / f"{DEFAULT}.toml"))


def raws() -> list[RawMail]:
    contents = [file.read_bytes() for file in MAILS]
    return [RawMail(file.name, content, len(content), 0) for file, content in zip(MAILS, contents, strict=True)]


def ended(pid: int) -> bool:
    """Whether the process has gone; one that no one has waited for yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


class Started(_OtherProcess):
    """The other process once it has started, as it has after some hundred mails of a long import."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        until = time.monotonic() + 60
        while not self.ready() and time.monotonic() < until:
            time.sleep(0.02)
        assert self.ready()


@pytest.fixture(autouse=True)
def _has_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "_OtherProcess", Started)


def test_the_other_process_gives_the_same_answers_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    here = [(raw, read_one(raw.content, raw.size, READING)) for raw in raws()]
    assert any(read.problem for _, read in here)
    assert any(read.redacted for _, read in here)
    read_here: list[int] = []

    def counted(content: bytes, size: int, reading: Reading) -> ReadMail:
        read_here.append(size)
        return read_one(content, size, reading)

    monkeypatch.setattr(read_ahead, "read_one", counted)
    assert list(read_mails(raws(), READING, WORTH_IT)) == here
    assert read_here == []
    assert active_children() == []


def test_a_small_import_starts_no_process() -> None:
    found = read_mails(raws(), READING, WORTH_IT - 1)
    next(found)
    assert active_children() == []


def test_when_the_other_process_dies_the_rest_is_read_here() -> None:
    here = [read_one(raw.content, raw.size, READING) for raw in raws()] * 8
    found = []
    for number, (_, read) in enumerate(read_mails(raws() * 8, READING, WORTH_IT)):
        found.append(read)
        if number == len(MAILS):
            os.kill(active_children()[0].pid or 0, signal.SIGKILL)
    assert found == here


def test_nothing_is_left_when_the_import_is_broken_off() -> None:
    found = read_mails(raws() * 8, READING, WORTH_IT)
    assert isinstance(found, Generator)
    for _ in range(3):
        next(found)
    found.close()
    assert active_children() == []


def test_it_ends_when_the_importing_process_is_killed() -> None:
    importing = subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.PIPE, text=True)
    with importing:
        assert importing.stdout is not None
        other = int(importing.stdout.readline())
        assert not ended(other)
        importing.kill()
    until = time.monotonic() + 30
    while not ended(other) and time.monotonic() < until:
        time.sleep(0.05)
    assert ended(other)


def _import_for_a_minute() -> None:
    """What the test above kills: it prints the other process's id when that has started."""
    found = read_mails(raws() * 8, READING, WORTH_IT)
    for _ in range(3):
        next(found)
    print(active_children()[0].pid, flush=True)
    time.sleep(60)


if __name__ == "__main__":
    _import_for_a_minute()

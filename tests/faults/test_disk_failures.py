"""The disk fails at each write of a reveal, and the file goes away at each step: nothing shown, or it is on record."""

import errno
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.custody.reveals import mobile_of
from tests.faults.acts.act import card_of
from tests.faults.driver_calls import watch
from tests.faults.processes import Words, program
from tests.faults.revealing import Revealing, at_each, each_call, revealing
from tests.faults.system_calls import Answers, available
from tests.faults.tally import Tally
from tests.support.desk import TestDesk
from tests.support.soak import rounds

SUITE = "write failures"
DISKS = ((errno.ENOSPC, True), (errno.EIO, False), (errno.ENOSPC, False), (errno.EIO, True))[: rounds(2, 4)]
"""What a failing disk says, and whether it goes on saying so."""


def with_journal(file: Path) -> list[Path]:
    return [found for found in (file, file.with_name(file.name + "-wal")) if found.exists()]


def unlink(file: Path, kept: Path) -> None:
    kept.mkdir()
    for one in with_journal(file):
        (kept / one.name).hardlink_to(one)
        one.unlink()


def replace_by_a_copy(file: Path, kept: Path) -> None:
    """A copy of the database and of its journal, as a backup tool would put in place."""
    unlink(file, kept)
    for one in kept.iterdir():
        shutil.copy(one, file.with_name(one.name))


def remove_the_folder(file: Path, kept: Path) -> None:
    file.parent.rename(kept)


@pytest.mark.parametrize("desk_on", ["sqlite"], indirect=True)
@pytest.mark.parametrize("remove", [unlink, replace_by_a_copy, remove_the_folder])
def test_the_file_goes_away_at_each_call(
    desk_on: TestDesk, tally: Tally, monkeypatch: pytest.MonkeyPatch, remove: Callable[[Path, Path], None]
) -> None:
    """An entry in a file that no one finds again does not count."""
    desk = desk_on.desk
    watch(desk.database.engine)
    one = revealing(desk_on, tally)
    assert desk.database.file is not None
    file, kept = desk.database.file, desk.settings.home.parent / "kept"

    def put_back() -> None:
        desk.database.close()
        if remove is remove_the_folder and kept.exists():
            shutil.rmtree(file.parent, ignore_errors=True)
            kept.rename(file.parent)
        elif kept.exists():
            for one in (*with_journal(file), file.with_name(file.name + "-shm")):
                one.unlink(missing_ok=True)
            for one in kept.iterdir():
                one.rename(file.with_name(one.name))
            kept.rmdir()

    with tally:
        each_call(one, remove.__name__, lambda _connection: remove(file, kept), put_back)


def stricken(one: Revealing, **more: Any) -> dict[str, Any]:
    """The case for a process that reveals while its own writes fail."""
    settings = one.made.desk.settings
    return {
        **card_of(one.session),
        "home": str(settings.home),
        "url": settings.database_url,
        "keyring_url": settings.keyring_url,
        "number": one.ticket.number,
        "item": mobile_of(one.ticket).item,
        **more,
    }


def judge_said(one: Revealing, what: str, said: list[Words]) -> bool:
    """Judge what that process said; whether it showed the value."""
    [[verdict, *rest], _gone] = said
    if verdict == "shown":
        one.judge(what, int(rest[0]), " ".join(rest[1:]))
    else:
        one.judge(what, None)
    return verdict == "shown"


@pytest.mark.parametrize("desk_on", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("error", "lasting"), DISKS if available() else ())
def test_the_disk_fails_at_each_write(desk_on: TestDesk, tally: Tally, error: int, lasting: bool) -> None:
    """System calls fail by the kernel's own word: each write, sync and truncation of the journal and of the file."""
    one = revealing(desk_on, tally)
    ours, theirs = socket.socketpair()
    with tally, ours, theirs, program("stricken_reveal", theirs.fileno()) as process:

        def struck_at(at: int) -> bool:
            tally.rounds += 1
            process.tell(stricken(one, read_only=False))
            answers = Answers(at, error, lasting)
            answers.until_closed(ours)
            tally.faults += answers.struck
            named = f"{errno.errorcode[error]} at write {at}"
            shown = judge_said(one, named, process.until_said("gone"))
            tally.holds(shown or answers.struck, f"{named}: refused for no reason")
            one.works_again(named)
            return answers.struck

        writes = at_each(struck_at)
        assert writes >= 4, f"a reveal writes more than {writes} times"  # journal, sync, file, sync


@pytest.mark.parametrize("desk_on", ["sqlite"], indirect=True)
def test_the_file_can_only_be_read(desk_on: TestDesk, tally: Tally) -> None:
    one = revealing(desk_on, tally)
    home = desk_on.desk.settings.home
    desk_on.desk.close()
    before = {found: found.stat().st_mode for found in (home, *home.iterdir())}
    ours, theirs = socket.socketpair()
    with tally, ours, theirs, program("stricken_reveal", theirs.fileno()) as process:
        tally.rounds += 1
        for found in before:
            found.chmod(0o500 if found.is_dir() else 0o400)
        process.tell(stricken(one, read_only=True))
        said = process.until_said("gone")
        for found, mode in before.items():
            found.chmod(mode)
        shown = judge_said(one, "read-only", said)
        tally.holds(not shown, "shown from a file that cannot be written")
        tally.faults += not shown
        one.works_again("read-only")

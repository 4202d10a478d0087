"""Backups of a desk on one host: made while it works, refused when not whole or not its own, put back in one step."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from cs_console.access_log.checkpoint import write_checkpoint
from cs_console.access_log.state import log_state
from cs_console.access_log.verify import verify_log
from cs_console.backups.making import Backup, Store, back_up
from cs_console.backups.restoring import finish, restore
from cs_console.casework.conversation import open_ticket
from cs_console.desk import Desk, operator_session
from cs_console.errors import BadInput, ConsoleError, NotADatabase, SessionEnded, StoreBusy, StoreTooNew
from cs_console.intake.form import FormEntry, open_by_form
from cs_console.opening import open_desk
from models.enums import Channel, TicketKind
from models.roles import Role
from tests.faults.processes import forked
from tests.support.desk import TestDesk, make_desk
from tests.support.soak import rounds
from tests.support.stored import entries

ROUNDS = rounds(8, 50)
LETTER = FormEntry(TicketKind.RIGHTS, Channel.LETTER, "A letter", "Delete it.")


def backed_up(desk: Desk, name: str = "day.backup", store: Store = Store.DATABASE) -> Backup:
    return back_up(operator_session(desk), desk.settings.home.parent / name, store)


def log_size(desk: Desk) -> int:
    return log_state(desk).size


def grown(test_desk: TestDesk) -> list[int]:
    mei = test_desk.session("mei", Role.AGENT)
    return [open_by_form(mei, LETTER).number for _ in range(3)]


def test_a_backup_is_whole_alone_in_its_file_and_the_owners_only(sqlite_desk: TestDesk) -> None:
    grown(sqlite_desk)
    made = backed_up(sqlite_desk.desk)
    assert made.file.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in made.file.parent.glob("day.backup*")) == ["day.backup"]
    with closing(sqlite3.connect(f"file:{made.file}?mode=ro&immutable=1", uri=True)) as opened:
        assert opened.execute("SELECT count(*) FROM ticket").fetchone() == (3,)
        assert opened.execute("SELECT size FROM log_head").fetchone() == (log_size(sqlite_desk.desk),)
    assert [entry.reason for entry in entries(sqlite_desk.desk, "backup.made")] == ["database"]


def test_the_keyring_is_never_in_a_backup_of_the_data(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    grown(sqlite_desk)
    data, keys = backed_up(desk).file, backed_up(desk, "keys.backup", Store.KEYRING).file
    with closing(sqlite3.connect(desk.settings.home / "keyring.db")) as keyring:
        wrapped = [row[0] for row in keyring.execute("SELECT wrapped FROM wrapped_key")]
    assert wrapped
    assert all(key not in data.read_bytes() and key in keys.read_bytes() for key in wrapped)


def test_a_backup_is_consistent_while_another_process_appends(sqlite_desk: TestDesk) -> None:
    grown(sqlite_desk)
    program = "from tests.backups.test_backups import append_forever; append_forever()"
    with subprocess.Popen(
        [sys.executable, "-c", program], env=os.environ | {"CS_CONSOLE_HOME": str(sqlite_desk.desk.settings.home)}
    ) as busy:
        try:
            first = log_size(sqlite_desk.desk)
            give_up = time.monotonic() + 20
            while log_size(sqlite_desk.desk) < first + 5:
                assert time.monotonic() < give_up
                time.sleep(0.01)
            made = [backed_up(sqlite_desk.desk, f"{number}.backup") for number in range(5)]
        finally:
            busy.kill()
    sizes = []
    for one in made:
        with closing(sqlite3.connect(f"file:{one.file}?mode=ro&immutable=1", uri=True)) as opened:
            (size,) = opened.execute("SELECT size FROM log_head").fetchone()
            assert opened.execute("SELECT count(*), max(seq) FROM log_entry").fetchone() == (size, size)
            sizes.append(size)
    assert sizes == sorted(set(sizes))


def append_forever() -> None:
    """What the other process does: look at the log again and again, each look one entry."""
    from cs_console.access_log.append import record
    from cs_console.access_log.entry import Entry
    from cs_console.settings import load
    from models.enums import Action

    desk = open_desk(load())
    session = operator_session(desk)
    while True:
        with session.work() as db:
            record(db, session, Entry(Action.LOG_READ))


@pytest.mark.parametrize("name", ["there already", "no folder/day.backup", "there already/day.backup", "x" * 300])
def test_a_file_that_cannot_be_written_is_said_and_nothing_is_on_record(
    sqlite_desk: TestDesk, tmp_path: Path, name: str
) -> None:
    others = (tmp_path / "there already", tmp_path / "there already.part")
    for file in others:
        file.write_text("kept")
    before = log_size(sqlite_desk.desk)
    with pytest.raises(BadInput, match=name):
        back_up(operator_session(sqlite_desk.desk), tmp_path / name, Store.DATABASE)
    assert log_size(sqlite_desk.desk) == before
    assert [file.read_text() for file in others] == ["kept", "kept"]


def test_a_restored_desk_is_that_days_and_says_so(sqlite_desk: TestDesk) -> None:
    desk, home = sqlite_desk.desk, sqlite_desk.desk.settings.home
    mei = sqlite_desk.session("mei", Role.AGENT)
    number = open_by_form(mei, LETTER).number
    made = backed_up(desk)
    later = open_by_form(mei, LETTER).number
    write_checkpoint(desk, force=True)
    size = log_size(desk)
    desk.close()
    done = restore(desk.settings, made.file, "the disk broke", sqlite_desk.clock)
    assert done.entries_before == size
    assert done.old_desk is not None and done.old_desk.stat().st_mode & 0o077 == 0
    assert (home / "console.db").stat().st_mode & 0o077 == 0
    restored = open_desk(desk.settings, sqlite_desk.clock)
    assert verify_log(restored).ok
    (entry,) = entries(restored, "desk.restored")
    assert (entry.seq, entry.reason) == (done.entries_after, f"the disk broke (the log had {size} entries)")
    with pytest.raises(SessionEnded, match="restored"):
        open_ticket(mei, number)
    amy = TestDesk(restored, sqlite_desk.clock).session("amy", Role.AGENT)
    assert open_by_form(amy, LETTER).number == later  # that number had not been given on that day
    write_checkpoint(restored, force=True)
    assert verify_log(restored).ok
    assert done.old_checkpoints is not None and "cs-console/" in done.old_checkpoints.read_text()
    restored.close()
    with closing(sqlite3.connect(done.old_desk)) as kept:
        assert kept.execute("SELECT size FROM log_head").fetchone() == (size,)


def _cut(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


def _no_database(file: Path) -> None:
    file.write_bytes(b"not a database at all" * 500)


def _newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("UPDATE alembic_version SET version_num = '9999'")


def _foreign(file: Path) -> None:
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("UPDATE desk_identity SET id = 'another'")


def _edited(file: Path) -> None:
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("DROP TRIGGER log_entry_no_update")
        opened.execute("UPDATE log_entry SET reason = 'nothing' WHERE seq = 2")


def _gone(file: Path) -> None:
    file.unlink()


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _another_store(file: Path) -> None:
    with closing(sqlite3.connect(file.with_name("other"))) as other, other:
        other.execute("CREATE TABLE wrapped_key (owner TEXT)")
    file.with_name("other").replace(file)


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (_cut, NotADatabase),
        (_no_database, NotADatabase),
        (_newer, StoreTooNew),
        (_foreign, BadInput),
        (_edited, NotADatabase),
        (_gone, BadInput),
        (_empty, NotADatabase),
        (_another_store, NotADatabase),
    ],
)
def test_what_is_no_good_backup_of_this_desk_touches_nothing(
    sqlite_desk: TestDesk, spoil: object, refusal: type[ConsoleError]
) -> None:
    desk = sqlite_desk.desk
    grown(sqlite_desk)
    made = backed_up(desk)
    assert callable(spoil)
    spoil(made.file)
    desk.close()
    before = {path.name: path.read_bytes() for path in desk.settings.home.iterdir() if path.is_file()}
    with pytest.raises(refusal) as refused:
        restore(desk.settings, made.file, "a test", sqlite_desk.clock)
    assert "cs-console init" not in str(refused.value)
    after = {path.name: path.read_bytes() for path in desk.settings.home.iterdir() if path.is_file()}
    assert set(after) - {"console.db-wal", "console.db-shm"} <= set(before)
    assert after["console.db"] == before["console.db"]
    assert verify_log(open_desk(desk.settings)).ok


def test_a_desk_in_use_is_not_restored(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    grown(sqlite_desk)
    made = backed_up(desk)
    with closing(sqlite3.connect(desk.settings.home / "console.db")) as console:
        console.execute("SELECT count(*) FROM ticket").fetchone()
        with pytest.raises(StoreBusy, match="close every console"):
            restore(desk.settings, made.file, "a test", sqlite_desk.clock)
    desk.close()
    assert not list(desk.settings.home.glob("restoring-*"))
    restore(desk.settings, made.file, "a test", sqlite_desk.clock)


def test_a_damaged_desk_is_replaced_and_kept(sqlite_desk: TestDesk) -> None:
    desk, place = sqlite_desk.desk, sqlite_desk.desk.settings.home / "console.db"
    grown(sqlite_desk)
    made = backed_up(desk)
    desk.close()
    place.write_bytes(b"\0" * 9000)
    done = restore(desk.settings, made.file, "it was damaged", sqlite_desk.clock)
    assert done.entries_before is None
    assert done.old_desk is not None and done.old_desk.read_bytes() == b"\0" * 9000
    assert verify_log(open_desk(desk.settings)).ok


@pytest.mark.parametrize("reason", ["", " \n", "x" * 201])
def test_a_reason_is_needed(sqlite_desk: TestDesk, reason: str) -> None:
    made = backed_up(sqlite_desk.desk)
    with pytest.raises(BadInput, match="reason"):
        restore(sqlite_desk.desk.settings, made.file, reason)


def test_a_database_put_back_by_hand_is_finished(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    grown(sqlite_desk)
    made = backed_up(desk)
    open_by_form(sqlite_desk.session("amy", Role.AGENT), LETTER)
    write_checkpoint(desk, force=True)
    desk.close()
    shutil.copy(made.file, desk.settings.home / "console.db")
    reopened = open_desk(desk.settings)
    assert verify_log(reopened).kind == "rolled back"
    reopened.close()
    finish(desk.settings, "put back by hand", sqlite_desk.clock)
    reopened = open_desk(desk.settings)
    assert verify_log(reopened).ok
    assert [entry.reason for entry in entries(reopened, "desk.restored")] == ["put back by hand"]


@pytest.mark.timeout(120 + 5 * ROUNDS)
@pytest.mark.parametrize("seed", [20261123])
def test_killed_in_the_middle_it_is_the_old_desk_or_the_restored_one(tmp_path: Path, seed: int) -> None:
    test_desk = make_desk(tmp_path / "desk")
    desk, random = test_desk.desk, Random(seed)
    grown(test_desk)
    made = backed_up(desk)
    open_by_form(test_desk.session("amy", Role.AGENT), LETTER)
    desk.close()
    kept = tmp_path / "kept"
    shutil.copytree(desk.settings.home, kept)
    longest = 0.4
    for _ in range(ROUNDS):
        shutil.rmtree(desk.settings.home)
        shutil.copytree(kept, desk.settings.home)
        with forked("restorer") as child:  # killed as it is left
            child.tell([str(desk.settings.home), str(made.file)])
            child.until_said("begun")
            next(child.says(random.uniform(0, longest)), None)
        opened = open_desk(desk.settings)
        size = log_size(opened)
        opened.close()
        restore(desk.settings, made.file, "again", test_desk.clock)
        opened = open_desk(desk.settings)
        assert size and verify_log(opened).ok
        assert not list(desk.settings.home.glob("restoring-*"))
        opened.close()

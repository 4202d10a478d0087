"""Checkpoints are made when they are due, and kept in two places."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cs_console.access_log.append import append_alone, record
from cs_console.access_log.checkpoint import LogSigner, latest, make_log_key, write_checkpoint
from cs_console.access_log.checkpoint_folder import FILE_NAME, kept_notes
from cs_console.access_log.entry import Entry
from cs_console.access_log.signed_note import read_note
from cs_console.access_log.state import log_state
from cs_console.access_log.verify import verify_log
from cs_console.desk import operator_session
from cs_console.errors import KeyUnavailable, LogBroken
from cs_console.opening import open_desk
from models.enums import Action
from tests.access_log.tampering import fill, fill_and_sign, hand
from tests.support.desk import TestDesk, make_desk
from tests.support.postgres import fresh_database

pytestmark = pytest.mark.engines("sqlite")  # files and signatures; verifying runs on both


def kept_sizes(made: TestDesk) -> list[int]:
    return [read_note(note).size for note in kept_notes(made.desk.settings.checkpoint_folder)]


def stored_sizes(made: TestDesk) -> list[int]:
    with hand(made) as store:
        count = store.ask("SELECT count(*) FROM checkpoint")
        return [store.ask(f"SELECT size FROM checkpoint ORDER BY size LIMIT 1 OFFSET {n}") for n in range(count)]


def test_an_empty_log_needs_no_checkpoint(test_desk: TestDesk) -> None:
    assert write_checkpoint(test_desk.desk, force=True) is None
    assert latest(test_desk.desk) is None


def test_new_entries_are_signed_after_a_minute(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 3)
    with test_desk.desk.database.transaction() as db:
        record(db, operator_session(test_desk.desk), Entry(Action.SIGNED_IN))
    test_desk.clock.forward(seconds=59)
    assert write_checkpoint(test_desk.desk) is None
    test_desk.clock.forward(seconds=1)
    made = write_checkpoint(test_desk.desk)
    assert made is not None
    assert made == latest(test_desk.desk)
    assert (made.size, made.at, made.problem) == (4, test_desk.clock.now(), "")
    assert made.root.hex() == verify_log(test_desk.desk).root
    test_desk.clock.forward(hours=1)
    assert write_checkpoint(test_desk.desk, force=True) is None  # nothing new


@pytest.mark.engines("sqlite", "postgresql")
def test_every_256th_entry_is_signed_whatever_the_clock_says(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 250)
    with test_desk.desk.database.transaction() as db:
        for _ in range(5):
            record(db, operator_session(test_desk.desk), Entry(Action.SIGNED_IN))
    assert stored_sizes(test_desk) == [250]
    with test_desk.desk.database.transaction() as db:
        record(db, operator_session(test_desk.desk), Entry(Action.SIGNED_IN))
    assert stored_sizes(test_desk) == kept_sizes(test_desk) == [250, 256]


def test_what_was_rolled_back_is_not_signed(test_desk: TestDesk) -> None:
    fill(test_desk, 255)

    class Stop(Exception):
        pass

    with pytest.raises(Stop), test_desk.desk.database.transaction() as db:
        record(db, operator_session(test_desk.desk), Entry(Action.SIGNED_IN))
        raise Stop
    assert stored_sizes(test_desk) == []
    assert verify_log(test_desk.desk).size == 255


def test_without_a_signing_key_entries_are_still_recorded(test_desk: TestDesk) -> None:
    test_desk.desk.settings.log_key_path.unlink()
    fill(test_desk, 300)
    with pytest.raises(KeyUnavailable):
        write_checkpoint(test_desk.desk)
    assert log_state(test_desk.desk).size == 300


def test_the_second_place_is_private(sqlite_desk: TestDesk) -> None:
    fill_and_sign(sqlite_desk, 3, 4)
    folder = sqlite_desk.desk.settings.checkpoint_folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(sqlite_desk.desk.settings.log_key_path.stat().st_mode) == 0o600
    assert kept_sizes(sqlite_desk) == [3, 7]


def test_a_second_place_that_fails_is_reported_and_loses_nothing(sqlite_desk: TestDesk) -> None:
    fill_and_sign(sqlite_desk, 3)
    folder = sqlite_desk.desk.settings.checkpoint_folder
    away = folder.rename(folder.with_name("away"))
    folder.write_text("a file stands where the folder was")
    for _ in range(2):
        fill(sqlite_desk, 2)
        made = write_checkpoint(sqlite_desk.desk)
        assert made is not None
        assert "could not be copied" in made.problem
    state = log_state(sqlite_desk.desk)
    assert (state.ok, state.copied, state.last_checkpoint_size) == (True, False, 7)
    folder.unlink()
    away.rename(folder)
    fill_and_sign(sqlite_desk, 1)
    assert kept_sizes(sqlite_desk) == [3, 5, 7, 8]
    assert log_state(sqlite_desk.desk).copied
    assert verify_log(sqlite_desk.desk).ok


def test_a_checkpoint_that_a_witness_signed_too_is_still_a_checkpoint(test_desk: TestDesk) -> None:
    """In the second place, in the database, or given."""
    fill_and_sign(test_desk, 5)
    made = latest(test_desk.desk)
    assert made is not None
    witnessed = f"{made.note}— example.org/witness {base64.b64encode(bytes(70)).decode()}\n"
    assert verify_log(test_desk.desk, note=witnessed).ok
    (test_desk.desk.settings.checkpoint_folder / FILE_NAME).write_text(witnessed + "\n", "utf-8")
    assert verify_log(test_desk.desk).ok
    assert log_state(test_desk.desk).ok
    fill(test_desk, 3)
    signed = write_checkpoint(test_desk.desk, force=True)
    assert signed is not None
    assert signed.problem == ""
    assert verify_log(test_desk.desk).ok


def test_nobody_waits_for_a_signature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a server only: on a file the writer is alone anyway."""
    made = make_desk(tmp_path / "home", fresh_database())
    fill(made, 5)
    other = operator_session(open_desk(made.desk.settings))
    sign = LogSigner.sign

    def meanwhile(signer: LogSigner, size: int, root: bytes) -> str:
        append_alone(other.desk, other.actor, Entry(Action.SIGNED_IN), made.clock.now())
        return sign(signer, size, root)

    monkeypatch.setattr(LogSigner, "sign", meanwhile)
    signed = write_checkpoint(made.desk, force=True)
    assert signed is not None
    assert (signed.size, verify_log(made.desk).size, verify_log(made.desk).ok) == (5, 6, True)
    other.desk.close()
    made.desk.close()


@pytest.mark.engines("sqlite", "postgresql")
def test_consoles_that_sign_at_once_sign_each_state_once(test_desk: TestDesk) -> None:
    fill(test_desk, 1)

    def sign(_console: int) -> None:
        session = operator_session(open_desk(test_desk.desk.settings))
        for _ in range(4):
            append_alone(session.desk, session.actor, Entry(Action.SIGNED_IN), test_desk.clock.now())
            write_checkpoint(session.desk, force=True)
        session.desk.close()

    with ThreadPoolExecutor(4) as consoles:
        list(consoles.map(sign, range(4)))
    sizes = stored_sizes(test_desk)
    assert sizes[-1] == 17
    assert sizes == sorted(set(sizes))
    assert verify_log(test_desk.desk).ok


def test_a_log_whose_head_was_moved_is_not_signed(test_desk: TestDesk) -> None:
    fill(test_desk, 5)
    with hand(test_desk) as store:
        store.run("UPDATE log_head SET size = 4")
    with pytest.raises(LogBroken):
        write_checkpoint(test_desk.desk, force=True)
    assert latest(test_desk.desk) is None


def test_a_signing_key_is_never_replaced(tmp_path: Path) -> None:
    make_log_key(tmp_path / "keys" / "log.key")
    first = (tmp_path / "keys" / "log.key").read_bytes()
    make_log_key(tmp_path / "keys" / "log.key")
    assert (tmp_path / "keys" / "log.key").read_bytes() == first

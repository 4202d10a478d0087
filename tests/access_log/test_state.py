"""The header's state of the log: cheap, never in the way, and right about both ends."""

from datetime import timedelta
from pathlib import Path

import pytest

from cs_console.access_log.checkpoint import write_checkpoint
from cs_console.access_log.state import log_state
from cs_console.access_log.verify import verify_log
from tests.access_log.tampering import fill, fill_and_sign, hand
from tests.support.desk import TestDesk, make_desk

pytestmark = pytest.mark.engines("sqlite")  # files and signatures; verifying runs on both


def test_it_says_size_and_last_checkpoint(test_desk: TestDesk) -> None:
    empty = log_state(test_desk.desk)
    assert (empty.ok, empty.size, empty.last_checkpoint_at, empty.copied) == (True, 0, None, True)
    fill_and_sign(test_desk, 12)
    fill(test_desk, 3)
    state = log_state(test_desk.desk)
    assert (state.ok, state.size, state.last_checkpoint_size, state.copied) == (True, 15, 12, True)
    assert state.last_checkpoint_at == test_desk.clock.now() - timedelta(minutes=3)


@pytest.mark.parametrize(
    "edit",
    [
        "DELETE FROM log_entry WHERE seq = 15",
        "UPDATE log_entry SET actor = 'eve' WHERE seq = 15",
        "INSERT INTO log_entry SELECT 16, at, actor, roles, session, host, action, ticket, requester, fields, "
        "purpose, verification, outcome, seconds, reason, tag, about, salt FROM log_entry WHERE seq = 15",
        "UPDATE log_head SET size = 14",
        "DELETE FROM log_head",
        "UPDATE checkpoint SET at = at + 1",
        "UPDATE checkpoint SET note = 'x'",
        "UPDATE checkpoint SET size = 99",
    ],
)
def test_it_sees_what_was_done_to_an_end(test_desk: TestDesk, edit: str) -> None:
    fill_and_sign(test_desk, 12)
    fill(test_desk, 3)
    with hand(test_desk) as store:
        store.run(edit)
    assert log_state(test_desk.desk).ok is False


def test_it_sees_a_file_put_back(sqlite_desk: TestDesk) -> None:
    file = sqlite_desk.desk.database.file
    assert file is not None
    fill_and_sign(sqlite_desk, 12)
    sqlite_desk.desk.database.close()
    old = file.read_bytes()
    fill_and_sign(sqlite_desk, 3)
    sqlite_desk.desk.database.close()
    file.write_bytes(old)
    assert log_state(sqlite_desk.desk).ok is False


def test_a_file_put_back_stays_in_sight_however_much_is_appended_since(sqlite_desk: TestDesk) -> None:
    file = sqlite_desk.desk.database.file
    assert file is not None
    fill_and_sign(sqlite_desk, 12)
    sqlite_desk.desk.database.close()
    old = file.read_bytes()
    fill_and_sign(sqlite_desk, 3)
    sqlite_desk.desk.database.close()
    file.write_bytes(old)
    fill(sqlite_desk, 20)
    made = write_checkpoint(sqlite_desk.desk)
    assert made is not None
    assert "another log" in made.problem
    assert log_state(sqlite_desk.desk).ok is False
    verdict = verify_log(sqlite_desk.desk)
    assert (verdict.first_bad, verdict.kind) == (13, "rolled back")


def test_a_second_place_that_another_desk_writes_to_is_said_so(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    fill_and_sign(sqlite_desk, 12)
    other = make_desk(tmp_path / "other")
    settings = other.desk.settings.model_copy(update={"checkpoints": str(sqlite_desk.desk.settings.checkpoint_folder)})
    other.desk.settings = settings
    fill(other, 3)
    made = write_checkpoint(other.desk)
    assert made is not None
    assert "another log" in made.problem
    assert verify_log(sqlite_desk.desk).ok
    other.desk.close()


def test_a_store_that_is_away_is_unknown_not_an_error(sqlite_desk: TestDesk) -> None:
    file = sqlite_desk.desk.database.file
    assert file is not None
    sqlite_desk.desk.database.close()
    file.unlink()
    file.mkdir()
    assert log_state(sqlite_desk.desk).ok is None

"""The header's state of the log: cheap, never in the way, and right about both ends."""

from datetime import timedelta
from pathlib import Path

import pytest

from cs_console.access_log.checkpoint import write_checkpoint
from cs_console.access_log.state import log_state
from cs_console.access_log.verify import verify_log
from tests.access_log.tampering import fill, fill_and_sign, hand
from tests.support.office import TestOffice, make_office


def test_it_says_size_and_last_checkpoint(test_office: TestOffice) -> None:
    empty = log_state(test_office.office)
    assert (empty.ok, empty.size, empty.last_checkpoint_at, empty.copied) == (True, 0, None, True)
    fill_and_sign(test_office, 12)
    fill(test_office, 3)
    state = log_state(test_office.office)
    assert (state.ok, state.size, state.last_checkpoint_size, state.copied) == (True, 15, 12, True)
    assert state.last_checkpoint_at == test_office.clock.now() - timedelta(minutes=3)


@pytest.mark.parametrize(
    "edit",
    [
        "DELETE FROM log_entry WHERE seq = 15",
        "UPDATE log_entry SET actor = 'eve' WHERE seq = 15",
        "INSERT INTO log_entry SELECT 16, at, actor, roles, session, host, action, ticket, requester, fields, "
        "purpose, verification, outcome, seconds, reason, tag, about FROM log_entry WHERE seq = 15",
        "UPDATE log_head SET size = 14",
        "DELETE FROM log_head",
        "UPDATE checkpoint SET at = at + 1",
        "UPDATE checkpoint SET note = 'x'",
        "UPDATE checkpoint SET size = 99",
    ],
)
def test_it_sees_what_was_done_to_an_end(test_office: TestOffice, edit: str) -> None:
    fill_and_sign(test_office, 12)
    fill(test_office, 3)
    with hand(test_office) as store:
        store.run(edit)
    assert log_state(test_office.office).ok is False


def test_it_sees_a_file_put_back(sqlite_office: TestOffice) -> None:
    file = sqlite_office.office.database.file
    assert file is not None
    fill_and_sign(sqlite_office, 12)
    sqlite_office.office.database.close()
    old = file.read_bytes()
    fill_and_sign(sqlite_office, 3)
    sqlite_office.office.database.close()
    file.write_bytes(old)
    assert log_state(sqlite_office.office).ok is False


def test_a_file_put_back_stays_in_sight_however_much_is_appended_since(sqlite_office: TestOffice) -> None:
    file = sqlite_office.office.database.file
    assert file is not None
    fill_and_sign(sqlite_office, 12)
    sqlite_office.office.database.close()
    old = file.read_bytes()
    fill_and_sign(sqlite_office, 3)
    sqlite_office.office.database.close()
    file.write_bytes(old)
    fill(sqlite_office, 20)
    made = write_checkpoint(sqlite_office.office)
    assert made is not None
    assert "of another log" in made.problem
    assert log_state(sqlite_office.office).ok is False
    verdict = verify_log(sqlite_office.office)
    assert (verdict.first_bad, verdict.kind) == (13, "rolled back")


def test_a_second_place_that_another_desk_writes_to_is_said_so(sqlite_office: TestOffice, tmp_path: Path) -> None:
    fill_and_sign(sqlite_office, 12)
    other = make_office(tmp_path / "other")
    settings = other.office.settings.model_copy(
        update={"checkpoints": str(sqlite_office.office.settings.checkpoint_folder)}
    )
    other.office.settings = settings
    fill(other, 3)
    made = write_checkpoint(other.office)
    assert made is not None
    assert "of another log" in made.problem
    assert verify_log(sqlite_office.office).ok
    other.office.close()


def test_a_store_that_is_away_is_unknown_not_an_error(sqlite_office: TestOffice) -> None:
    file = sqlite_office.office.database.file
    assert file is not None
    sqlite_office.office.database.close()
    file.unlink()
    file.mkdir()
    assert log_state(sqlite_office.office).ok is None

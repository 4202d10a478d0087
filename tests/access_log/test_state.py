"""The header's state of the log: cheap, never in the way, and right about both ends."""

from datetime import timedelta

import pytest

from cs_console.access_log.state import log_state
from tests.access_log.tampering import fill, fill_and_sign, hand
from tests.support.office import TestOffice


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
        "purpose, verification, outcome, seconds, reason, tag FROM log_entry WHERE seq = 15",
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


def test_a_store_that_is_away_is_unknown_not_an_error(sqlite_office: TestOffice) -> None:
    file = sqlite_office.office.database.file
    assert file is not None
    sqlite_office.office.database.close()
    file.unlink()
    file.mkdir()
    assert log_state(sqlite_office.office).ok is None

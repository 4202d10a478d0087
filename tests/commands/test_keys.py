"""`cs-console keys`: what is said of the window and of a rotation that is not finished, and the exit statuses."""

import base64
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cs_console.commands import app
from cs_console.custody.keyring import open_keyring
from cs_console.settings import Settings, load
from tests.support.desk import FakeClock, TestDesk

pytestmark = pytest.mark.usefixtures("desk_settings")

OWNERS = ("requester-1", "requester-2", "requester-3")
LONG_AGO = datetime(2020, 11, 21, 9, 0, tzinfo=UTC)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def facts(result: Result) -> dict[str, object]:
    found: dict[str, object] = json.loads(result.stdout)
    return found


@pytest.fixture
def desk_settings(sqlite_desk: TestDesk) -> Settings:
    sqlite_desk.desk.keyring.create_many(OWNERS)
    sqlite_desk.desk.close()
    return sqlite_desk.desk.settings


def destroy(*owners: str, at: datetime | None = None) -> None:
    keyring = open_keyring(load(), FakeClock(at or datetime.now(UTC)))
    for owner in owners:
        keyring.destroy(owner)
    keyring.close()


def keyring_words() -> tuple[bool, str]:
    checks = json.loads(run("doctor", "--json").stdout)["checks"]
    found = next(check for check in checks if check["name"] == "keyring")
    return found["ok"], found["words"]


def test_rotate_says_what_it_did_and_what_to_keep() -> None:
    done = run("keys", "rotate")
    assert done.exit_code == 0, done.output
    assert "epoch 2: 5 keys wrapped again" in done.stdout
    assert "Destroy every copy" in done.stdout
    assert "new backup" in done.stderr
    again = facts(run("keys", "rotate", "--json"))
    assert again == {"ok": True, "epoch": 3, "rewrapped": 5, "to_finish": ""}
    status = run("keys", "status")
    assert status.exit_code == 0
    assert "epoch 3: 5 keys" in status.stdout
    assert f"last rotated: {datetime.now(UTC):%d}".replace(": 0", ": ") in status.stdout


def test_status_says_that_nothing_can_be_opened_until_a_key_was_destroyed() -> None:
    shown = run("keys", "status")
    assert shown.exit_code == 0
    assert "last rotated: never" in shown.stdout
    assert "Old backups of the keyring cannot open any erased key." in shown.stdout
    assert "erased" not in keyring_words()[1]


def test_status_states_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CS_CONSOLE_KEY_DAYS", "40000")
    destroy("requester-1", at=LONG_AGO)
    destroy("requester-2")
    shown = run("keys", "status")
    assert shown.exit_code == 0
    assert "can open 2 erased keys until the next rotation, due by 29 May 2130." in shown.stdout
    found = facts(run("keys", "status", "--json"))
    assert (found["erased"], found["due"], found["overdue"]) == (2, "2130-05-29T09:00:00+00:00", False)
    ok, words = keyring_words()
    assert ok
    assert "2 erased keys" in words


def test_an_overdue_window_is_a_finding_here_and_in_doctor() -> None:
    destroy("requester-1", at=LONG_AGO)
    shown = run("keys", "status")
    assert shown.exit_code == 1
    assert "1 erased key. A rotation was due by 21 Dec 2020" in shown.stdout
    assert "keys rotate" in shown.stdout
    found = run("keys", "status", "--json")
    assert found.exit_code == 1
    assert (facts(found)["ok"], facts(found)["overdue"]) == (False, True)
    ok, words = keyring_words()
    assert not ok
    assert "21 Dec 2020" in words
    assert run("keys", "rotate").exit_code == 0
    assert run("keys", "status").exit_code == 0
    assert keyring_words()[0]


@pytest.mark.parametrize("days", ["0", "-1", "soon"])
def test_a_window_is_a_number_of_days(monkeypatch: pytest.MonkeyPatch, days: str) -> None:
    monkeypatch.setenv("CS_CONSOLE_KEY_DAYS", days)
    refused = run("keys", "status")
    assert refused.exit_code == 2
    assert "CS_CONSOLE_KEY_DAYS" in refused.stderr


def test_a_rotation_cut_short_is_said_so(desk_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("cs_console.custody.key_store.replace_keys", dying)
        run("keys", "rotate")
    assert desk_settings.next_key_path.is_file()
    shown = run("keys", "status")
    assert "The rotation to epoch 2 was interrupted with 5 keys to go. To finish, run `cs-console keys rotate`" in (
        shown.stdout
    )
    assert "interrupted" in keyring_words()[1]
    assert run("keys", "rotate").exit_code == 0
    assert "interrupted" not in run("keys", "status").stdout
    assert not desk_settings.next_key_path.exists()


def test_with_commands_the_setting_to_change_is_named_until_it_is(
    desk_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = tmp_path / "new-key"
    new.write_bytes(base64.b64encode(secrets.token_bytes(32)))
    desk_settings.key_path.rename(tmp_path / "old-key")
    monkeypatch.setenv("CS_CONSOLE_KEY_COMMAND", f"cat {tmp_path / 'old-key'}")
    refused = run("keys", "rotate")
    assert refused.exit_code == 2
    assert "CS_CONSOLE_NEXT_KEY_COMMAND" in refused.stderr
    monkeypatch.setenv("CS_CONSOLE_NEXT_KEY_COMMAND", f"cat {new}")
    for waiting in (run("keys", "rotate"), run("keys", "rotate")):
        assert waiting.exit_code == 1
        assert "To finish, set CS_CONSOLE_KEY_COMMAND on every console" in waiting.stdout
    assert "To finish, set CS_CONSOLE_KEY_COMMAND" in run("keys", "status").stdout
    monkeypatch.setenv("CS_CONSOLE_KEY_COMMAND", f"cat {new}")
    monkeypatch.delenv("CS_CONSOLE_NEXT_KEY_COMMAND")
    assert "To finish, run `cs-console keys rotate`" in run("keys", "status").stdout
    assert facts(run("keys", "rotate", "--json")) == {"ok": True, "epoch": 2, "rewrapped": 0, "to_finish": ""}
    assert "To finish" not in run("keys", "status").stdout
    assert new.read_text() not in refused.output + run("doctor").output


def test_another_rotation_at_work_is_told(desk_settings: Settings) -> None:
    from cs_console.custody.key_store import KeyStore
    from cs_console.custody.rotation import _alone

    store = KeyStore(desk_settings.keyring)
    with _alone(store):
        refused = run("keys", "rotate")
    store.engine.dispose()
    assert refused.exit_code == 3
    assert "Another `keys rotate` is running" in refused.stderr

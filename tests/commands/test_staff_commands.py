"""`init`, `agents`, `keys` and `doctor`: exit statuses, one clear sentence, no secret shown."""

import json
import os
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cs_console.access_log.checkpoint_store import checkpoint_store_of
from cs_console.access_log.state import log_state
from cs_console.commands import app, checks
from cs_console.opening import open_desk
from cs_console.policy.loader import PackShelf
from cs_console.settings import load
from cs_console.staff.sign_in import sign_in
from models.roles import Role
from tests.delivery.test_channels import Mailbox, smtp_server
from tests.support.desk import TestDesk

PASSWORD = "amber kite ninety lakes"
OTHER = "quiet harbour seven oaks"

pytestmark = [
    pytest.mark.usefixtures("cheap_passwords"),
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),  # Apprise's import
]


def run(*arguments: str, typed: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=typed)


def home() -> Path:
    return Path(os.environ["CS_CONSOLE_HOME"])


@pytest.fixture
def desk_home() -> Path:
    made = run("init", "--admin", "ines", "--password-stdin", typed=PASSWORD + "\n")
    assert made.exit_code == 0, made.output
    return home()


def can_sign_in(name: str, password: str) -> frozenset[Role]:
    desk = open_desk(load())
    try:
        return sign_in(desk, name, password).session.agent.roles
    finally:
        desk.close()


def agents() -> dict[str, dict[str, object]]:
    listed = run("agents", "list", "--json")
    assert listed.exit_code == 0
    return {row["name"]: row for row in json.loads(listed.stdout)["agents"]}


# --- init ------------------------------------------------------------------------------------------------------


def test_init_makes_a_desk_and_says_where_and_which_key_to_keep(desk_home: Path) -> None:
    assert can_sign_in("ines", PASSWORD) == {Role.ADMIN}
    assert (desk_home / "console.db").is_file()


def test_init_never_touches_an_existing_desk(desk_home: Path) -> None:
    again = run("init", "--admin", "eve", "--password-stdin", typed=OTHER)
    assert again.exit_code == 2
    assert str(desk_home) in again.stderr
    assert can_sign_in("ines", PASSWORD)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("short\n", "at least 15"),
        ("", "at least 15"),
        ("amber kite ninety lakes\nand another line\n", "more than one line"),
        ("password12345678\n", "common"),
    ],
)
def test_init_refuses_a_bad_password_and_makes_nothing(typed: str, says: str) -> None:
    refused = run("init", "--admin", "ines", "--password-stdin", typed=typed)
    assert refused.exit_code == 2
    assert says in refused.stderr
    assert not home().exists()


def test_without_a_terminal_the_password_option_is_named() -> None:
    refused = run("init", "--admin", "ines")
    assert refused.exit_code == 2
    assert "--password-stdin" in refused.stderr


def test_windows_line_ends_and_spaces_in_passwords_are_understood() -> None:
    made = run("init", "--admin", "ines", "--password-stdin", typed=f" {PASSWORD} \r\n".encode())
    assert made.exit_code == 0
    assert can_sign_in("ines", f" {PASSWORD} ")


def test_an_unknown_setting_is_named_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CS_CONSOLE_KEYFILE", "/nowhere")
    refused = run("init", "--admin", "ines", "--password-stdin", typed=PASSWORD)
    assert refused.exit_code == 2
    assert "CS_CONSOLE_KEYFILE" in refused.stderr
    assert not home().exists()


# --- agents ----------------------------------------------------------------------------------------------------


def test_agents_are_added_with_several_roles(desk_home: Path) -> None:
    added = run("agents", "add", "Mei", "--role", "agent", "--role", "verifier", "--password-stdin", typed=OTHER)
    assert added.exit_code == 0, added.output
    assert can_sign_in("mei", OTHER) == {Role.AGENT, Role.VERIFIER}
    assert agents()["mei"]["roles"] == ["agent", "verifier"]


def signed_and_recorded() -> tuple[int, int]:
    """The size of the newest checkpoint in the second place, and of the log."""
    desk = open_desk(load())
    kept = checkpoint_store_of(desk.settings).newest()
    size = log_state(desk).size
    desk.close()
    return (0 if kept is None else kept.size), size


def test_a_command_that_recorded_something_signs_the_log_before_it_ends(desk_home: Path, tmp_path: Path) -> None:
    signed, before = signed_and_recorded()
    assert signed == before > 0  # by init
    assert run("agents", "add", "omar", "--role", "agent", "--password-stdin", typed=PASSWORD + "\n").exit_code == 0
    assert signed_and_recorded() == (before + 1, before + 1)
    mail = tmp_path / "one.eml"
    mail.write_bytes(b"From: alice@example.org\r\nTo: service@example.org\r\nSubject: Hello\r\n\r\nHello\r\n")
    assert run("intake", "mail", str(mail)).exit_code == 0
    signed, size = signed_and_recorded()
    assert signed == size > before + 1
    assert run("agents", "suspend", "absent").exit_code == 2
    assert run("log", "verify").exit_code == 0
    assert signed_and_recorded() == (size, size)


def test_privacy_officer_needs_no_quotes(desk_home: Path) -> None:
    assert run("agents", "add", "ola", "--role", "privacy-officer", "--password-stdin", typed=OTHER).exit_code == 0
    assert can_sign_in("ola", OTHER) == {Role.PRIVACY_OFFICER}


def test_an_unknown_role_exits_2_and_names_those_there_are(desk_home: Path) -> None:
    refused = run("agents", "add", "mei", "--role", "boss", "--password-stdin", typed=OTHER)
    assert refused.exit_code == 2
    assert "boss" in refused.stderr
    assert all(role.value in refused.stderr for role in Role)
    assert "mei" not in agents()


@pytest.mark.parametrize(
    "arguments",
    [
        ("agents", "add", "ines", "--role", "agent", "--password-stdin"),
        ("agents", "add", "bad name", "--role", "agent", "--password-stdin"),
        ("agents", "suspend", "absent"),
        ("agents", "unlock", "absent"),
        ("agents", "reset", "absent", "--password-stdin"),
        ("agents", "roles", "absent", "--role", "agent"),
        ("agents", "add", "mei", "--password-stdin"),
        ("agents", "fly", "mei"),
    ],
)
def test_wrong_use_exits_2_without_a_traceback(desk_home: Path, arguments: tuple[str, ...]) -> None:
    refused = run(*arguments, typed=OTHER)
    assert refused.exit_code == 2
    assert refused.stderr.strip()
    assert "Traceback" not in refused.output


def test_suspend_unlock_reset_and_roles(desk_home: Path) -> None:
    run("agents", "add", "mei", "--role", "agent", "--password-stdin", typed=OTHER)
    assert run("agents", "suspend", "mei").exit_code == 0
    assert agents()["mei"]["state"] == "suspended"
    assert run("agents", "unlock", "mei").exit_code == 0
    assert agents()["mei"]["state"] == "active"
    assert run("agents", "roles", "mei", "--role", "supervisor").exit_code == 0
    assert agents()["mei"]["roles"] == ["supervisor"]
    assert run("agents", "reset", "mei", "--password-stdin", typed=PASSWORD).exit_code == 0
    assert agents()["mei"]["must_change_password"] is True
    shown = run("agents", "list").stdout
    assert "password must be changed" in shown


def test_a_temporary_password_has_to_be_changed(desk_home: Path) -> None:
    run("agents", "add", "mei", "--role", "agent", "--temporary", "--password-stdin", typed=OTHER)
    assert agents()["mei"]["must_change_password"] is True


def test_no_desk_exits_3(tmp_path: Path) -> None:
    refused = run("agents", "list", "--home", str(tmp_path / "empty"))
    assert refused.exit_code == 3
    assert "init" in refused.stderr
    assert not (tmp_path / "empty").exists()


def test_no_password_reaches_any_output_or_file(desk_home: Path) -> None:
    done = run("agents", "add", "mei", "--role", "agent", "--password-stdin", typed=OTHER)
    assert OTHER not in done.output
    for file in desk_home.rglob("*"):
        assert not file.is_file() or OTHER.encode() not in file.read_bytes()


# --- keys ------------------------------------------------------------------------------------------------------


def test_keys_status_counts_keys_and_says_what_wraps_them(desk_home: Path) -> None:
    shown = run("keys", "status", "--json")
    assert shown.exit_code == 0
    facts = json.loads(shown.stdout)
    assert facts["ok"] is True
    assert facts["key_file"] == str(load().key_path)
    assert sum(facts["epochs"].values()) >= 1
    assert "epoch 1" in run("keys", "status").stdout


def test_the_keyring_of_another_desk_is_a_finding(
    desk_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    run("init", "--admin", "eve", "--password-stdin", "--home", str(other), typed=PASSWORD)
    monkeypatch.setenv("CS_CONSOLE_KEYRING_URL", f"sqlite:///{other / 'keyring.db'}")
    monkeypatch.setenv("CS_CONSOLE_KEY_FILE", str(other / "keys" / "key-encryption.key"))
    assert run("keys", "status").exit_code == 1
    assert run("doctor").exit_code == 1


def test_the_wrong_key_exits_3_and_shows_no_key(desk_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CS_CONSOLE_KEY_COMMAND", "echo " + "A" * 43 + "=")
    refused = run("keys", "status")
    assert refused.exit_code == 3
    assert "A" * 43 not in refused.output


# --- doctor ----------------------------------------------------------------------------------------------------


def checked(*arguments: str) -> dict[str, dict[str, object]]:
    return {check["name"]: check for check in json.loads(run("doctor", "--json", *arguments).stdout)["checks"]}


def test_doctor_finds_a_new_desk_with_an_outbox_in_order(desk_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CS_CONSOLE_OUTBOX", str(desk_home / "outbox"))
    shown = run("doctor", "--json")
    assert shown.exit_code == 0, shown.output
    facts = json.loads(shown.stdout)
    assert facts["ok"] is True
    assert facts["settings"]["home"] == str(desk_home)
    assert {"textual", "python", "sqlite", "cs-console"} <= set(facts["versions"])
    assert {"database", "keyring", "access log", "log key", "files", "mail"} <= {c["name"] for c in facts["checks"]}
    readable = run("doctor")
    assert readable.exit_code == 0
    assert "✗" not in readable.stdout


def test_doctor_names_the_engine_that_it_reached(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    url = test_desk.desk.settings.database_url
    monkeypatch.setenv("CS_CONSOLE_DATABASE_URL", url)
    found = checked()["database"]
    assert found["ok"] is True
    assert str(found["words"]).startswith("reached, PostgreSQL 1" if url else "reached, SQLite")


def test_doctor_shows_no_secret(desk_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CS_CONSOLE_SMTP_URL", "smtp://postman:s3cret-one@mail.example.org:2525")
    monkeypatch.setenv("CS_CONSOLE_SMS_URL", "twilio://ACsid:s3cret-two@15551234567")
    shown = run("doctor")
    assert "mail.example.org:2525" in shown.stdout
    assert "through twilio" in shown.stdout
    monkeypatch.setenv("CS_CONSOLE_DATABASE_URL", "postgresql+psycopg://desk:s3cret-three@127.0.0.1:1/desk")
    monkeypatch.setenv("CS_CONSOLE_KEY_COMMAND", "vault read --token s3cret-four")
    unreachable = run("doctor", "--json")
    assert unreachable.exit_code == 3
    for output in (shown.output, unreachable.output):
        assert "s3cret" not in output
        assert "postman" not in output


def test_doctor_finds_files_that_others_can_read(desk_home: Path) -> None:
    (desk_home / "keyring.db").chmod(0o644)
    assert run("doctor").exit_code == 1
    files = checked()["files"]
    assert files["ok"] is False
    assert "keyring.db" in str(files["words"])


def test_doctor_finds_a_missing_way_to_send_mail(desk_home: Path) -> None:
    assert checked()["mail"]["ok"] is False


def test_doctor_says_whether_attachments_can_be_saved_passed_on_and_attached(
    desk_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not {"saved attachments", "attachment command", "attached files"} & set(checked())
    folder = tmp_path / "files"
    for name in ("DOWNLOAD", "ATTACH_FROM"):
        monkeypatch.setenv(f"CS_CONSOLE_{name}", str(folder))
    monkeypatch.setenv("CS_CONSOLE_ATTACHMENT_COMMAND", "no-such-program --canary")
    names = ("saved attachments", "attachment command", "attached files")
    assert [checked()[name]["ok"] for name in names] == [False] * 3
    folder.mkdir()
    monkeypatch.setenv("CS_CONSOLE_ATTACHMENT_COMMAND", "sh -c true")
    assert [checked()[name]["ok"] for name in names] == [True] * 3
    monkeypatch.setenv("CS_CONSOLE_ATTACH_FROM", str(desk_home.parent))
    assert "keys" in str(checked()["attached files"]["words"])
    assert "canary" not in run("doctor").stdout


@pytest.mark.parametrize(
    ("variable", "url", "name"),
    [
        ("CS_CONSOLE_SMTP_URL", "mail.example.org:25", "mail"),
        ("CS_CONSOLE_SMTP_URL", "smtp://[::1", "mail"),
        ("CS_CONSOLE_SMS_URL", "token-s3cret", "text messages"),
        ("CS_CONSOLE_SMS_URL", "s3 cret://[::1", "text messages"),
    ],
)
def test_doctor_finds_a_way_out_that_cannot_be_used(
    desk_home: Path, monkeypatch: pytest.MonkeyPatch, variable: str, url: str, name: str
) -> None:
    monkeypatch.setenv(variable, url)
    found = checked()[name]
    assert found["ok"] is False
    assert variable in str(found["words"])
    assert "cret" not in str(found["words"])
    assert run("doctor").exit_code == 1


def test_an_account_is_told_whose_it_is(desk_home: Path) -> None:
    def identified() -> dict[str, bool]:
        return {row["name"]: row["identified"] for row in json.loads(run("agents", "list", "--json").stdout)["agents"]}

    words = ("agents", "add", "mei", "--role", "agent", "--password-stdin", "--identity", "mei@example.org")
    assert run(*words, typed=OTHER).exit_code == 0
    assert identified() == {"ines": False, "mei": True}
    assert checked()["accounts"]["words"] == "without an identity: 1"
    assert "ines" in run("agents", "list").stdout.partition("no identity")[0]
    taken = run("agents", "identity", "ines", "MEI@example.org")
    assert taken.exit_code == 2 and "Each person has one account" in taken.stderr
    assert run("agents", "identity", "ines", "ines@example.org").exit_code == 0
    assert identified() == {"ines": True, "mei": True}
    assert checked()["accounts"]["words"] == "the owner of each account is recorded"


def test_doctor_tries_the_ways_out(desk_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as place:
        monkeypatch.setenv("CS_CONSOLE_SMTP_URL", f"smtp://{place}?insecure")
        monkeypatch.setenv("CS_CONSOLE_SMS_URL", "json://localhost/texts")
        shown = {check["name"]: check for check in json.loads(run("doctor", "--json").stdout)["checks"]}
        assert shown["mail"]["words"] == f"through {place}, not encrypted, as its URL allows"
        assert shown["mail"]["ok"] and shown["text messages"]["ok"]
        monkeypatch.setenv("CS_CONSOLE_SMTP_URL", f"smtp://{place}")
        assert "no encryption" in str(checked()["mail"]["words"])
    assert mailbox.mails == []
    monkeypatch.setenv("CS_CONSOLE_SMS_URL", "nosuch://s3cret")
    shown = {check["name"]: check for check in json.loads(run("doctor", "--json").stdout)["checks"]}
    assert not shown["mail"]["ok"] and "cannot be reached" in shown["mail"]["words"]
    assert not shown["text messages"]["ok"] and "s3cret" not in shown["text messages"]["words"]


def test_doctor_waits_for_nothing_longer_than_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    answer = checks._within(0.01, "mail", lambda: checks.Check("mail", never.wait(5), ""))
    assert (answer.ok, answer.words) == (False, "no answer within 0.01 s")
    never.set()


def test_doctor_runs_the_key_commands_and_tries_the_second_place(
    desk_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = (desk_home / "keys" / "key-encryption.key").read_text().strip()
    monkeypatch.setenv("CS_CONSOLE_KEY_COMMAND", f"echo {key}")
    monkeypatch.setenv("CS_CONSOLE_NEXT_KEY_COMMAND", "sh -c 'echo s3cret; exit 3'")
    shown = {check["name"]: check for check in json.loads(run("doctor", "--json").stdout)["checks"]}
    assert shown["key command"]["words"] == "printed a key"
    assert "status 3" in shown["next key command"]["words"] and not shown["next key command"]["ok"]
    monkeypatch.setenv("CS_CONSOLE_CHECKPOINTS", "command: cat")
    assert run("log", "checkpoint").exit_code == 0
    assert checked()["second place"]["ok"] is True
    monkeypatch.setenv("CS_CONSOLE_CHECKPOINTS", "command: sh -c 'exit 4'")
    assert "a test just failed: it ended with status 4" in str(checked()["second place"]["words"])
    assert key not in run("doctor").output


@pytest.mark.parametrize("gone", ["console.db", "keyring.db", "keys/key-encryption.key"])
def test_doctor_exits_3_when_a_store_or_key_is_gone_and_makes_nothing(desk_home: Path, gone: str) -> None:
    (desk_home / gone).unlink()
    shown = run("doctor")
    assert shown.exit_code == 3
    assert not (desk_home / gone).exists()
    assert "Traceback" not in shown.output


def test_doctor_finds_a_missing_log_key_and_a_touched_log(desk_home: Path) -> None:
    import sqlite3

    load().log_key_path.unlink()
    assert checked()["log key"]["ok"] is False
    with sqlite3.connect(desk_home / "console.db") as store:
        store.execute("UPDATE log_head SET size = size + 1")
    store.close()
    assert checked()["access log"]["ok"] is False
    assert run("doctor").exit_code == 3


def test_doctor_says_how_far_the_second_place_has_the_log(desk_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked()["second place"]["ok"] is True
    monkeypatch.setenv("CS_CONSOLE_CHECKPOINTS", "command: false --token s3cret")
    signed = run("log", "checkpoint")
    assert signed.exit_code == 1  # a finding: the note is printed, and was not kept
    assert signed.stdout.startswith("cs-console/")
    assert "could not be copied" in signed.stderr
    shown = run("doctor")
    assert shown.exit_code == 1
    assert "s3cret" not in shown.output
    found = checked()["second place"]
    assert found["ok"] is False
    assert "has nothing yet, and lacks the newest checkpoint" in str(found["words"])
    monkeypatch.setenv("CS_CONSOLE_CHECKPOINTS", "command: cat")
    said = run("log", "export")
    assert said.exit_code == 0
    assert run("log", "checkpoint").exit_code == 0
    assert checked()["second place"]["ok"] is True
    verified = run("log", "verify", "--json")
    assert (verified.exit_code, json.loads(verified.stdout)["ok"]) == (0, True)
    assert "cannot be read back here" in verified.stderr
    (desk_home / "note").write_text(run("log", "checkpoint").stdout)
    assert "read back" not in run("log", "verify", "--checkpoint", str(desk_home / "note")).stderr


def test_doctor_names_a_broken_pack(desk_home: Path) -> None:
    (desk_home / "packs").mkdir()
    (desk_home / "packs" / f"{PackShelf(load()).name}.toml").write_text("[meta]\n", "utf-8")
    assert checked()["policy pack"]["ok"] is False
    assert run("doctor").exit_code == 1

"""Every command on a desk that is not as it should be: an exit status, one sentence, never a traceback."""

import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cs_console import commands
from cs_console.__main__ import main
from cs_console.desk import operator_session
from cs_console.settings import Settings
from cs_console.staff import accounts
from models.roles import Role
from tests.support.desk import TestDesk

ROOT = Path(__file__).parents[2]
MAIL = Path(__file__).parent.parent / "data" / "mail" / "crlf.eml"
PASSWORD = "amber kite ninety lakes"

Ended = tuple[int, str, str]
Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The whole program, from its arguments to its exit status."""

    def running(*arguments: str, typed: str | None = "") -> Ended:
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # Typer puts its own there
        monkeypatch.setattr(sys, "argv", ["cs-console", *arguments])
        monkeypatch.setattr(sys, "stdin", None if typed is None else io.StringIO(typed))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return code, said.out, said.err

    return running


def one_sentence(ended: Ended, status: int, *words: str) -> None:
    code, out, err = ended
    assert (code, out) == (status, "")
    assert err.startswith("cs-console: ")
    assert err.count("\n") == 1
    assert all(word in err for word in words), err


@pytest.fixture
def desk_settings(sqlite_desk: TestDesk, cheap_passwords: None) -> Settings:
    """A closed desk with one account, and so with an entry in its log."""
    accounts.add_agent(operator_session(sqlite_desk.desk), "mei", {Role.AGENT}, PASSWORD)
    sqlite_desk.desk.close()
    return sqlite_desk.desk.settings


def no_toml(settings: Settings) -> None:
    (settings.home / "console.toml").write_text("desk_name = [")


def unknown_setting(settings: Settings) -> None:
    (settings.home / "console.toml").write_text("idle_hyde = 1")


def newer(settings: Settings) -> None:
    with sqlite3.connect(settings.home / "console.db") as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    store.close()


def no_database(settings: Settings) -> None:
    (settings.home / "console.db").write_bytes(b"my shopping list" * 99)


def gone(settings: Settings) -> None:
    (settings.home / "console.db").unlink()


def no_key(settings: Settings) -> None:
    settings.key_path.unlink()


def half_a_key(settings: Settings) -> None:
    settings.key_path.write_text("AAAA\n")


def no_keyring(settings: Settings) -> None:
    (settings.home / "keyring.db").unlink()


def wrong_key(settings: Settings) -> None:
    settings.key_path.write_text("A" * 43 + "=\n")


def damaged_keyring(settings: Settings) -> None:
    (settings.home / "keyring.db").write_bytes(b"my shopping list" * 99)


COMMANDS = [
    "agents list --json",
    "agents suspend mei",
    "agents add omar --role supervisor --password-stdin",
    "tickets list --json",
    "log verify --json",
    "log checkpoint",
    "log accept --reason x",
    "log export",
    "keys status --json",
    f"intake mail {MAIL} --json",
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("breaking", "status", "named"),
    [
        (no_toml, 2, "console.toml"),
        (unknown_setting, 2, "idle_hyde"),
        (newer, 3, "newer"),
        (no_database, 3, "not a database"),
        (gone, 3, "cs-console init"),
        (no_key, 3, "key-encryption.key"),
        (half_a_key, 3, "key-encryption.key"),
        (no_keyring, 3, "keyring.db is missing"),
    ],
)
def test_a_desk_that_cannot_be_opened_is_one_sentence(
    run: Run, desk_settings: Settings, command: str, breaking: Callable[[Settings], None], status: int, named: str
) -> None:
    breaking(desk_settings)
    before = {file: file.read_bytes() for file in desk_settings.home.rglob("*") if file.is_file()}
    one_sentence(run(*command.split(), "--home", str(desk_settings.home), typed=PASSWORD), status, named)
    assert {file: file.read_bytes() for file in desk_settings.home.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("breaking", [wrong_key, damaged_keyring])
def test_a_key_that_does_not_fit_opens_nothing(
    run: Run, desk_settings: Settings, command: str, breaking: Callable[[Settings], None]
) -> None:
    breaking(desk_settings)
    ended = run(*command.split(), "--home", str(desk_settings.home), typed=PASSWORD)
    if command in {"agents list --json", "tickets list --json"}:  # these need no key
        assert ended[0] == 0
    else:
        one_sentence(ended, 3)


@pytest.mark.parametrize("url", ["postgresql+psycopg://desk:s3cret@127.0.0.1:1/desk", "no url", "postgresql://[::1/x"])
@pytest.mark.parametrize("variable", ["CS_CONSOLE_DATABASE_URL", "CS_CONSOLE_KEYRING_URL"])
def test_a_store_that_is_not_there_is_one_sentence_without_its_password(
    run: Run, desk_settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str, variable: str
) -> None:
    monkeypatch.setenv(variable, url)
    reachable = url.startswith("postgresql+")
    ended = run("log", "verify", "--json", "--home", str(desk_settings.home))
    one_sentence(ended, 3 if reachable else 2, "cannot be reached" if reachable else variable)
    assert "s3cret" not in ended[2]
    code, out, err = run("doctor", "--json", "--home", str(desk_settings.home))
    assert code == (3 if reachable else 1)
    assert json.loads(out)["ok"] is False
    assert "s3cret" not in out + err


@pytest.mark.parametrize(
    "arguments",
    [
        "frobnicate",
        "agents frobnicate",
        "agents add mei",
        "init",
        "--home",
        "log export --format xml",
        "tickets list --limit 0",
    ],
)
def test_wrong_use_is_status_2_and_names_what_is_wrong(run: Run, arguments: str) -> None:
    code, out, err = run(*arguments.split())
    assert (code, out) == (2, "")
    assert "Error: " in err.splitlines()[-1]
    assert any(word.strip("-") in err.splitlines()[-1] for word in (*arguments.split(), "role", "admin"))


@pytest.mark.parametrize("arguments", [("suspend", "mei\udcff"), ("unlock", "mei\x00"), ("reset", "m\x1b[2J")])
def test_a_name_that_no_store_could_be_asked_for_is_nobodys(
    run: Run, test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, str]
) -> None:
    settings = test_desk.desk.settings
    if settings.database_url:
        monkeypatch.setenv("CS_CONSOLE_DATABASE_URL", settings.database_url)
    more = ("--password-stdin",) if arguments[0] == "reset" else ()
    one_sentence(run("agents", *arguments, *more, "--home", str(settings.home), typed=PASSWORD), 2, "no account")


@pytest.mark.parametrize("after", ["-99999999999999999:1", "page two", "1:", "1:9999999999"])
def test_a_cursor_that_was_made_up_is_wrong_use(run: Run, desk_settings: Settings, after: str) -> None:
    one_sentence(run("tickets", "list", f"--after={after}", "--home", str(desk_settings.home)), 2, "--after")


@pytest.mark.parametrize("option", [(), ("--password-stdin",)])
def test_a_closed_standard_input_is_one_sentence(run: Run, tmp_path: Path, option: tuple[str, ...]) -> None:
    made = run("init", "--admin", "ines", *option, "--home", str(tmp_path / "desk"), typed=None)
    one_sentence(made, 2, "password")
    assert not (tmp_path / "desk").exists()


def test_a_key_file_that_cannot_be_made_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CS_CONSOLE_KEY_FILE", str(tmp_path / "file" / "key"))
    made = run("init", "--admin", "ines", "--password-stdin", "--home", str(tmp_path / "desk"), typed=PASSWORD)
    one_sentence(made, 3, f"{tmp_path}/file/key cannot be written")
    assert not list((tmp_path / "desk").glob("keys/*"))


def test_a_fault_of_the_program_shows_its_place_and_nothing_it_worked_on(
    run: Run, desk_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASVS 16.5.1: an exception's own words may hold a requester's data."""

    def broken(*_: object) -> None:
        raise KeyError("canary.alice@example.org")

    monkeypatch.setattr(commands.agents, "print_json", broken)
    ended = run("agents", "list", "--json", "--home", str(desk_settings.home))
    one_sentence(ended, 1, "KeyError at ")
    assert "canary" not in ended[2]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_does_not_fit_on_the_disk_is_no_success(tmp_path: Path, unbuffered: str) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cs_console", "policy", "list", "--home", str(tmp_path)],
            stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=60, check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "cs-console: No space left on device.\n")

"""`cs-console backup` and `restore`: what they say, and the exit statuses."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cs_console.commands import app
from tests.support.desk import TestDesk


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def home(sqlite_desk: TestDesk) -> Path:
    sqlite_desk.desk.close()
    return sqlite_desk.desk.settings.home


def test_a_day_is_put_away_and_put_back(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "day.backup"
    made = run("backup", str(file), "--json")
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout) == {"file": str(file), "store": "database", "bytes": file.stat().st_size}
    assert run("backup", str(file)).exit_code == 2
    back = run("restore", str(file), "--reason", "a try", "--json")
    assert back.exit_code == 0, back.output
    facts = json.loads(back.stdout)
    assert facts["entries_after"] == facts["entries_before"] + 1
    assert Path(facts["old_desk"]).is_file()
    assert run("log", "verify").exit_code == 0
    assert "2 entries" in run("restore", str(file), "--reason", "once more").stdout


def test_keys_are_said_to_be_kept_apart(home: Path, tmp_path: Path) -> None:
    said = run("backup", "--keyring", str(tmp_path / "keys.backup"))
    assert said.exit_code == 0
    assert "keep it apart" in said.stdout and "30 days" in said.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("restore", "--reason", "x"), 2, "Name a backup"),
        (("restore", "FILE", "--finish", "--reason", "x"), 2, "Name a backup"),
        (("restore", "FILE"), 2, "reason"),
        (("restore", "missing", "--reason", "x"), 2, "There is no file"),
        (("restore", "CUT", "--reason", "x"), 3, "incomplete"),
    ],
)
def test_wrong_use_is_one_sentence(
    home: Path, tmp_path: Path, arguments: tuple[str, ...], status: int, words: str
) -> None:
    file, cut = tmp_path / "day.backup", tmp_path / "cut.backup"
    assert run("backup", str(file)).exit_code == 0
    cut.write_bytes(file.read_bytes()[:5000])
    said = run(*({"FILE": str(file), "CUT": str(cut)}.get(word, word) for word in arguments))
    assert (said.exit_code, said.stdout) == (status, "")
    assert words in said.stderr and "Traceback" not in said.stderr
    with closing(sqlite3.connect(home / "console.db")) as opened:
        assert opened.execute("SELECT count(*) FROM log_entry WHERE action = 'desk.restored'").fetchone() == (0,)


def test_a_store_on_a_server_names_the_servers_own_tools(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CS_CONSOLE_DATABASE_URL", "postgresql+psycopg://desk:secret@127.0.0.1:1/desk")
    said = run("restore", str(tmp_path / "x"), "--reason", "x")
    assert said.exit_code == 2
    assert "pg_restore" in said.stderr and "secret" not in said.stderr

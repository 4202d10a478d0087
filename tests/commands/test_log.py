"""`cs-console log ...` as operators and their scripts meet it: words, JSON, exit statuses."""

import json
import os
import pty
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cs_console.access_log.signed_note import read_note
from cs_console.access_log.verify import Verdict
from cs_console.commands.log import app, sentence
from tests.access_log.tampering import fill, fill_and_sign, hand, head_of, put_back
from tests.support.desk import TestDesk

ROOT = Path(__file__).parents[2]


def log(made: TestDesk, *words: str) -> Result:
    settings = made.desk.settings
    environment = {"CS_CONSOLE_DATABASE_URL": settings.database_url} if settings.database_url else {}
    return CliRunner().invoke(app, [*words, "--home", str(settings.home)], env=environment)


def test_a_whole_log_exits_with_0(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 1284)
    said = log(test_desk, "verify")
    assert said.exit_code == 0
    assert said.stdout.startswith("The log is complete: 1 284 entries, root ")
    said = log(test_desk, "verify", "--json")
    verdict = json.loads(said.stdout)
    assert list(verdict) == ["ok", "size", "root", "first_bad", "kind"]
    assert (verdict["ok"], verdict["size"], verdict["first_bad"], verdict["kind"]) == (True, 1284, None, "")
    assert len(verdict["root"]) == 64
    assert said.stderr == ""


def test_a_broken_log_exits_with_1_and_names_the_entry(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 30)
    with hand(test_desk) as store:
        store.run("UPDATE log_entry SET ticket = 7 WHERE seq = 12")
    said = log(test_desk, "verify", "--json")
    assert said.exit_code == 1
    verdict = json.loads(said.stdout)
    assert (verdict["ok"], verdict["first_bad"], verdict["kind"]) == (False, 12, "edited")
    said = log(test_desk, "verify")
    assert (said.exit_code, said.stdout) == (1, "THE LOG IS BROKEN. Entry 12 was changed after it was recorded.\n")


def test_a_store_that_is_away_exits_with_3(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    missing = CliRunner().invoke(app, ["verify", "--home", str(tmp_path / "nowhere")])
    assert missing.exit_code == 3
    assert "no desk" in missing.stderr
    assert not (tmp_path / "nowhere").exists()
    url = "postgresql+psycopg://absent@127.0.0.1:9/none"
    away = CliRunner().invoke(app, ["verify", "--home", str(tmp_path)], env={"CS_CONSOLE_DATABASE_URL": url})
    assert away.exit_code == 3
    sqlite_desk.desk.settings.log_key_path.unlink()
    keyless = log(sqlite_desk, "verify")
    assert keyless.exit_code == 3
    assert "log-signing.key" in keyless.stderr


def test_a_kept_checkpoint_finds_a_log_put_back(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    file = sqlite_desk.desk.database.file
    assert file is not None
    fill_and_sign(sqlite_desk, 20)
    sqlite_desk.desk.database.close()
    old = file.read_bytes()
    fill(sqlite_desk, 5)
    note = tmp_path / "kept.txt"
    assert log(sqlite_desk, "checkpoint", "--out", str(note)).exit_code == 0
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert log(sqlite_desk, "verify", "--checkpoint", str(note)).exit_code == 0
    sqlite_desk.desk.database.close()
    file.write_bytes(old)
    shutil.rmtree(sqlite_desk.desk.settings.checkpoint_folder)
    assert log(sqlite_desk, "verify").exit_code == 0
    said = log(sqlite_desk, "verify", "--checkpoint", str(note), "--json")
    assert said.exit_code == 1
    assert json.loads(said.stdout)["kind"] == "rolled back"


@pytest.mark.parametrize("content", [None, b"", b"hello\n", b"\xff\xfe"])
def test_a_file_that_is_no_checkpoint_is_wrong_use(
    sqlite_desk: TestDesk, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "note.txt"
    if content is not None:
        file.write_bytes(content)
    said = log(sqlite_desk, "verify", "--checkpoint", str(file))
    assert said.exit_code == 2
    assert "log checkpoint" in said.stderr
    assert said.stdout == ""


def test_checkpoint_prints_the_newest_note(test_desk: TestDesk) -> None:
    assert log(test_desk, "checkpoint").exit_code == 2  # an empty log
    fill(test_desk, 12)
    first = log(test_desk, "checkpoint")
    assert first.exit_code == 0
    assert read_note(first.stdout).size == 12
    assert log(test_desk, "checkpoint").stdout == first.stdout  # nothing new to sign
    said = log(test_desk, "checkpoint", "--out", str(test_desk.desk.settings.home))
    assert said.exit_code == 2
    assert "cannot be written" in said.stderr


def test_export_writes_lines_or_csv(test_desk: TestDesk) -> None:
    fill(test_desk, 3)
    lines = log(test_desk, "export").stdout.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4]
    assert json.loads(lines[-1])["actor"] == "operator"
    rows = log(test_desk, "export", "--format", "csv").stdout.splitlines()
    assert rows[0].startswith("seq,at,actor,")
    later = log(test_desk, "export", "--since", "2031-01-01T00:00Z").stdout.splitlines()
    assert later == []
    said = log(test_desk, "export", "--since", "yesterday")
    assert said.exit_code == 2
    assert "--since yesterday" in said.stderr
    assert log(test_desk, "export", "--format", "xml").exit_code == 2


@pytest.mark.parametrize(
    "kind",
    ["edited", "missing", "inserted", "swapped", "duplicated", "tail cut", "head moved", "checkpoint",
     "foreign signature", "statement", "time runs back", "rewritten", "rolled back"],
)  # fmt: skip
def test_every_kind_has_its_sentence(kind: str) -> None:
    assert "7" in sentence(Verdict(False, 9, "", 7, kind)) or kind == "head moved"
    assert "None" not in sentence(Verdict(False, 9, "", None, kind))


def test_a_terminal_sees_a_bar_and_a_pipe_does_not(sqlite_desk: TestDesk) -> None:
    fill(sqlite_desk, 1500)
    home = str(sqlite_desk.desk.settings.home)
    command = [sys.executable, "-m", "cs_console", "log", "verify", "--json", "--home", home]
    master, slave = pty.openpty()
    with_terminal = subprocess.run(command, stderr=slave, stdout=subprocess.PIPE, cwd=ROOT, check=True, timeout=60)
    os.close(slave)
    drawn = os.read(master, 65536).decode()
    os.close(master)
    assert "Reading" in drawn
    assert "100%" in drawn
    piped = subprocess.run(command, capture_output=True, cwd=ROOT, check=True, timeout=60)
    assert piped.stderr == b""
    assert json.loads(piped.stdout) == json.loads(with_terminal.stdout)


def test_a_log_put_back_is_accepted_with_a_reason(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 5)
    old = head_of(test_desk)
    fill_and_sign(test_desk, 5)
    assert log(test_desk, "accept", "--reason", "why not").exit_code == 2  # nothing stands against it
    put_back(test_desk, old)
    assert log(test_desk, "verify").exit_code == 1
    assert log(test_desk, "accept").exit_code == 2  # no reason
    said = log(test_desk, "accept", "--reason", "pg_restore of Sunday")
    assert said.exit_code == 0, said.stderr
    assert "It now has 6 entries" in said.stdout
    assert "checkpoints-" in said.stdout
    assert log(test_desk, "verify").exit_code == 0
    exported = [json.loads(line) for line in log(test_desk, "export").stdout.splitlines()]
    assert [one["reason"] for one in exported if one["action"] == "log.accepted"] == ["pg_restore of Sunday"]

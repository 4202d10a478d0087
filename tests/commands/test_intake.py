"""`cs-console intake ...`: counts on standard output, everything else on standard error, clear exit statuses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cs_console.commands import app
from cs_console.intake.quarantine import keep
from tests.support.desk import TestDesk
from tests.support.stored import ticket_numbers, unreadable

MAILS = Path(__file__).parent.parent / "data" / "mail"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def intake(test_desk: TestDesk, *arguments: str) -> Result:
    return run("intake", *arguments, "--home", str(test_desk.desk.settings.home))


def test_mail_is_counted_in_one_json_object_and_nothing_else_is_printed(sqlite_desk: TestDesk) -> None:
    done = intake(sqlite_desk, "mail", str(MAILS), "--json")
    counts = json.loads(done.stdout)
    outcomes = ["opened", "appended", "duplicate", "automatic", "bounced", "spam", "skipped", "quarantined"]
    assert list(counts) == ["read", *outcomes]
    assert counts["read"] == sum(counts[outcome] for outcome in outcomes)
    assert done.exit_code == 0
    assert "header-break.eml: quarantined, header_line_break" in done.stderr


def test_mail_is_counted_in_words_for_people(sqlite_desk: TestDesk) -> None:
    done = intake(sqlite_desk, "mail", str(MAILS / "gb18030.eml"), str(MAILS / "crlf.eml"))
    assert done.stdout == "2 read, 2 opened, 0 appended, 0 duplicate, 0 quarantined\n"
    assert done.stderr == ""


def test_json_lines_are_counted_with_the_requesters(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(
        '{"type": "requester", "account": "u1", "on_file": {"e-mail": "alice@mail.example.org"}}\n{"type": "message"}\n'
    )
    done = intake(sqlite_desk, "jsonl", str(tmp_path / "x.jsonl"), "--json")
    assert json.loads(done.stdout) == {
        "read": 1, "opened": 0, "appended": 0, "duplicate": 0, "automatic": 0, "bounced": 0, "spam": 0, "skipped": 0,
        "quarantined": 1, "requesters": 1, "older": 0, "suppressed": 0,
    }  # fmt: skip
    assert "line 2: quarantined, Line 2: id: is missing." in done.stderr


@pytest.mark.parametrize("command", ["mail", "jsonl"])
def test_a_path_that_does_not_exist_ends_with_2_and_imports_nothing(sqlite_desk: TestDesk, command: str) -> None:
    first = [str(MAILS)] if command == "mail" else []
    done = intake(sqlite_desk, command, *first, str(MAILS / "missing"))
    assert done.exit_code == 2
    assert str(MAILS / "missing") in done.stderr
    assert done.stdout == ""
    assert ticket_numbers(sqlite_desk.desk) == []


def test_without_a_desk_it_ends_with_3(tmp_path: Path) -> None:
    done = run("intake", "mail", str(MAILS), "--home", str(tmp_path / "nothing"))
    assert done.exit_code == 3
    assert "init" in done.stderr


# --- quarantine


def put_aside(test_desk: TestDesk, count: int) -> None:
    """That many unreadable letters, a minute apart, each a byte longer than the one before."""
    for number in range(count):
        with test_desk.desk.database.transaction() as db:
            why = "too_deep: The message is nested more than 20 deep."
            keep(db, test_desk.desk, unreadable(test_desk.desk, f"digest {number}", 6 + number, why))
        test_desk.clock.forward(minutes=1)


def test_quarantine_lists_when_how_large_and_why_newest_first(sqlite_desk: TestDesk) -> None:
    put_aside(sqlite_desk, 3)
    done = intake(sqlite_desk, "quarantine", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {
        "quarantined": [
            {
                "at": f"2026-11-20T09:0{minute}:00+00:00",
                "size": 6 + minute,
                "reason": "too_deep: The message is nested more than 20 deep.",
            }
            for minute in (2, 1, 0)
        ]
    }
    lines = intake(sqlite_desk, "quarantine").stdout.splitlines()
    assert [line.split(" B ")[0].split()[-1] for line in lines] == ["8", "7", "6"]
    assert all(line.endswith("nested more than 20 deep.") for line in lines)


def test_quarantine_is_bounded(sqlite_desk: TestDesk) -> None:
    put_aside(sqlite_desk, 52)
    assert len(intake(sqlite_desk, "quarantine").stdout.splitlines()) == 50
    newest = json.loads(intake(sqlite_desk, "quarantine", "--json", "--limit", "2").stdout)["quarantined"]
    assert [one["size"] for one in newest] == [57, 56]


def test_what_was_put_aside_by_a_real_import_shows_nothing_of_itself(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    (tmp_path / "x.eml").write_bytes(b"From: canary@example.org\nSubject: canary =?utf-8?q?a=0Ab?=\n\ncanary\n")
    assert "1 quarantined" in intake(sqlite_desk, "mail", str(tmp_path / "x.eml")).stdout
    for arguments in ((), ("--json",)):
        done = intake(sqlite_desk, "quarantine", *arguments)
        assert "header_line_break" in done.stdout
        assert "canary" not in done.stdout + done.stderr


def test_an_empty_quarantine_says_so(sqlite_desk: TestDesk) -> None:
    assert intake(sqlite_desk, "quarantine").stdout == "The quarantine is empty.\n"
    assert json.loads(intake(sqlite_desk, "quarantine", "--json").stdout) == {"quarantined": []}

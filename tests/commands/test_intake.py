"""`cs-console intake ...`: counts on standard output, everything else on standard error, clear exit statuses."""

import json
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner, Result

from cs_console.commands import app
from cs_console.intake.blocked_senders import block_sender
from models.contact_fields import Field
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.stored import entries, keep_apart, ticket_numbers, unreadable
from tests.support.tickets import make_ticket

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
    assert "too-deep.eml: quarantined, too_deep" in done.stderr


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
            keep_apart(db, test_desk.desk, unreadable(test_desk.desk, f"digest {number}", 6 + number, why))
        test_desk.clock.forward(minutes=1)


def test_quarantine_lists_when_how_large_and_why_newest_first(sqlite_desk: TestDesk) -> None:
    put_aside(sqlite_desk, 3)
    done = intake(sqlite_desk, "quarantine", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {
        "quarantined": [
            {
                "id": minute + 1,
                "at": f"2026-11-20T09:0{minute}:00+00:00",
                "size": 6 + minute,
                "class": "unreadable",
                "kind": None,
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
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=B%d\n\n--B%d\n" % (n, n) for n in range(30))
    (tmp_path / "x.eml").write_bytes(b"From: canary@example.org\nSubject: canary\n" + deep + b"\ncanary\n")
    assert "1 quarantined" in intake(sqlite_desk, "mail", str(tmp_path / "x.eml")).stdout
    for arguments in ((), ("--json",)):
        done = intake(sqlite_desk, "quarantine", *arguments)
        assert "too_deep" in done.stdout
        assert "canary" not in done.stdout + done.stderr


def test_an_empty_quarantine_says_so(sqlite_desk: TestDesk) -> None:
    assert intake(sqlite_desk, "quarantine").stdout == "The quarantine is empty.\n"
    assert json.loads(intake(sqlite_desk, "quarantine", "--json").stdout) == {"quarantined": []}


# --- what is set aside, and blocked senders

SPAM = b"From: jane@mail.example\nSubject: Canary\nX-Spam-Flag: YES\nDate: Fri, 20 Nov 2026 08:00:00 +0000\n\nErase me."


def take_spam(test_desk: TestDesk, folder: Path) -> None:
    (folder / "spam.eml").write_bytes(SPAM)
    assert "1 spam" in intake(test_desk, "mail", str(folder / "spam.eml")).stdout


def test_what_is_set_aside_is_listed_by_class_without_its_subject(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    take_spam(sqlite_desk, tmp_path)
    put_aside(sqlite_desk, 1)
    both = json.loads(intake(sqlite_desk, "quarantine", "list", "--json").stdout)["quarantined"]
    assert sorted((one["id"], one["class"]) for one in both) == [(1, "spam"), (2, "unreadable")]
    done = intake(sqlite_desk, "quarantine", "list", "--class", "spam")
    assert done.stdout.split()[0] == "1"
    assert "marked it as spam" in done.stdout
    assert "Canary" not in done.stdout
    assert intake(sqlite_desk, "quarantine", "list", "--class", "own").stdout == "There is nothing of this class.\n"


def test_a_mail_is_released_or_dropped_by_its_number(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    take_spam(sqlite_desk, tmp_path)
    put_aside(sqlite_desk, 1)
    done = intake(sqlite_desk, "quarantine", "release", "1", "--json")
    assert json.loads(done.stdout) == {"id": 1, "outcome": "opened", "ticket": 10_401}
    again = intake(sqlite_desk, "quarantine", "release", "1")
    assert (again.exit_code, again.stdout) == (2, "")
    assert "No mail with the number 1 is set aside." in again.stderr
    assert intake(sqlite_desk, "quarantine", "drop", "2").exit_code == 2  # without a reason
    assert intake(sqlite_desk, "quarantine", "retry").stdout == "1 tried again, 0 read\n"
    assert intake(sqlite_desk, "quarantine", "drop", "2", "--reason", "noise").stdout == "2: dropped.\n"
    assert intake(sqlite_desk, "quarantine").stdout == "The quarantine is empty.\n"
    tried = json.loads(intake(sqlite_desk, "quarantine", "retry", "--json").stdout)
    assert tried == {"tried": 0}


def test_a_privacy_officer_signs_in_to_read_one(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    """DECISIONS 22: with a purpose, on record; a wrong password shows nothing."""
    take_spam(sqlite_desk, tmp_path)
    sqlite_desk.session("olga", Role.PRIVACY_OFFICER, password_hash=PasswordHasher().hash("a long pass phrase"))
    arguments = ["intake", "quarantine", "show", "1", "--as", "olga", "--purpose", "sort", "--password-stdin"]
    arguments += ["--home", str(sqlite_desk.desk.settings.home)]
    refused = CliRunner().invoke(app, arguments, input="another pass phrase\n")
    assert refused.exit_code != 0
    assert "Erase me" not in refused.output
    done = CliRunner().invoke(app, arguments, input="a long pass phrase\n")
    assert done.exit_code == 0, done.output
    assert "From: jane@mail.example" in done.stdout
    assert "| Erase me." in done.stdout
    [entry] = entries(sqlite_desk.desk, "set_aside.read")
    assert (entry.actor, entry.purpose) == ("olga", "sort")
    as_json = json.loads(CliRunner().invoke(app, [*arguments, "--json"], input="a long pass phrase\n").stdout)
    assert (as_json["id"], as_json["class"], as_json["text"]) == (1, "spam", "Erase me.")


def test_blocked_senders_are_listed_by_mask_and_unblocked(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    assert intake(sqlite_desk, "blocked").stdout == "No sender is blocked.\n"
    case = make_ticket(sqlite_desk, contacts={Field.EMAIL: "jane@mail.example.org"}, on_file=False, assignee=mei)
    block_sender(mei, case.number, "threats")
    shown = intake(sqlite_desk, "blocked").stdout
    assert shown.rstrip().endswith(f"j•••@m•••.org  #{case.number} by mei: threats")
    [one] = json.loads(intake(sqlite_desk, "blocked", "--json").stdout)["blocked"]
    assert "jane" not in repr(one)
    assert intake(sqlite_desk, "unblock", "nothing").exit_code == 2
    assert intake(sqlite_desk, "unblock", shown.split()[0]).stdout == "Unblocked.\n"
    assert json.loads(intake(sqlite_desk, "blocked", "--json").stdout) == {"blocked": []}


# --- one message on standard input


def handed_over(home: Path, content: bytes, *more: str) -> Result:
    return CliRunner().invoke(app, ["intake", "mail", "-", *more, "--home", str(home)], input=content)


def test_a_mail_server_hands_one_message_over(sqlite_desk: TestDesk) -> None:
    home = sqlite_desk.desk.settings.home
    envelope = b"From jane@mail.example Fri Nov 20 08:00:00 2026\n"
    letter = envelope + b"From: jane@mail.example\nSubject: Hi\n\n\xe4\xbd\xa0\xe5\xa5\xbd"
    assert handed_over(home, letter).stdout == "1 read, 1 opened, 0 appended, 0 duplicate, 0 quarantined\n"
    assert json.loads(handed_over(home, letter, "--json").stdout)["duplicate"] == 1
    junk = handed_over(home, b"no mail at all")
    assert junk.exit_code == 0  # it is kept
    assert "standard input: quarantined, no_mail" in junk.stderr


def test_it_asks_to_be_given_the_message_again_where_the_store_is_away(tmp_path: Path) -> None:
    """Status 75: the mail server keeps the message; 3 would have it sent back to its sender."""
    done = handed_over(tmp_path / "nothing", b"From: jane@mail.example\n\nx")
    assert done.exit_code == 75
    assert "init" in done.stderr
    assert run("intake", "mail", str(MAILS), "--home", str(tmp_path / "nothing")).exit_code == 3


def test_standard_input_is_named_alone(sqlite_desk: TestDesk) -> None:
    done = handed_over(sqlite_desk.desk.settings.home, b"", str(MAILS))
    assert done.exit_code == 2
    assert "Give - alone." in done.stderr

"""How a message would be understood: what `cs-console intake explain` shows, and that it changes nothing."""

import json
from pathlib import Path

import pytest
from sqlmodel import SQLModel, func, select
from typer.testing import CliRunner

from cs_console.commands import app
from cs_console.desk import operator_session
from cs_console.intake.blocked_senders import block_sender
from cs_console.intake.explain import explain
from cs_console.intake.intake import OUTCOMES, import_mail
from cs_console.policy.loader import DEFAULT, SHIPPED, load_pack
from models.contact_fields import Field
from models.enums import MailClass
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.stored import ticket_numbers
from tests.support.tickets import make_ticket

PACK = load_pack(SHIPPED / f"{DEFAULT}.toml")
LETTER = """\
From: "=?utf-8?Q?Roe=2C_Jane?=" <jane@mail.example>
Reply-To: jane.roe@work.example
To: privacy@desk.example
Subject: Please delete my data
Message-ID: <1@mail.example>
Content-Type: multipart/mixed; boundary=B

--B
Content-Type: text/plain

My number is +49 30 901820. Please delete all that you hold about me.
--B
Content-Type: application/pdf; name=id.pdf

%PDF
--B--
"""


def stored_rows(test_desk: TestDesk) -> dict[str, int]:
    """How many rows each table holds."""
    with test_desk.desk.database.reading() as db:
        count = select(func.count())
        return {table.name: db.scalar(count.select_from(table)) or 0 for table in SQLModel.metadata.sorted_tables}


def write(folder: Path, name: str, mail: str) -> Path:
    file = folder / name
    file.write_text(mail, "utf-8")
    return file


def test_a_message_is_shown_as_intake_understands_it(tmp_path: Path) -> None:
    [one] = explain([write(tmp_path, "a.eml", LETTER)], PACK)
    assert (one.mail_class, one.outcome) == (MailClass.PERSON, "open")
    assert (one.sender, one.sender_name, one.reply_to) == ("jane@mail.example", "Roe, Jane", "jane.roe@work.example")
    assert one.subject == "Please delete my data"
    assert one.text == "My number is +49 30 901820. Please delete all that you hold about me."
    assert one.redacted == "My number is [phone]. Please delete all that you hold about me."
    assert (one.language, one.kind) == ("en", "rights")
    assert [(file.name, file.type, file.bytes) for file in one.attachments] == [("id.pdf", "application/pdf", 4)]


def test_what_cannot_be_read_is_explained_too(tmp_path: Path) -> None:
    broken = write(tmp_path, "a.eml", "Content-Type: multipart/mixed; boundary=B\n\n" + "--B\n\nx\n" * 300)
    [one] = explain([broken], PACK)
    assert one.outcome == "quarantine"
    assert one.reason.startswith("too_many_parts: ")


def test_the_desk_says_what_it_would_continue_or_repeat_and_nothing_changes(
    test_desk: TestDesk, tmp_path: Path
) -> None:
    session = operator_session(test_desk.desk)
    first = write(tmp_path, "first.eml", LETTER)
    answer = write(
        tmp_path, "answer.eml", "From: jane@mail.example\nIn-Reply-To: <1@mail.example>\nSubject: More\n\nThe rest."
    )
    assert [one.outcome for one in explain([first, answer], PACK, session)] == ["open", "open"]
    import_mail(session, [first])
    [number] = ticket_numbers(test_desk.desk)
    before = stored_rows(test_desk)
    repeated, continues = explain([first, answer], PACK, session)
    assert (repeated.outcome, repeated.reason) == ("duplicate", f"#{number} holds it already.")
    assert (continues.outcome, continues.reason.rpartition(". ")[2]) == ("append", f"It continues #{number}.")
    assert stored_rows(test_desk) == before


def test_the_command_needs_no_desk_and_makes_none(tmp_path: Path) -> None:
    file = write(tmp_path, "a.eml", LETTER)
    home = tmp_path / "nowhere"
    done = CliRunner().invoke(app, ["intake", "explain", str(file), "--home", str(home), "--json"])
    assert done.exit_code == 0
    [one] = json.loads(done.stdout)["messages"]
    assert list(one) == [
        *("class", "file", "outcome", "reason", "sender", "sender_name", "reply_to", "subject", "text", "redacted"),
        *("language", "kind", "attachments"),
    ]  # fmt: skip
    assert (one["class"], one["outcome"], one["file"]) == ("person", "open", str(file))
    assert one["attachments"] == [{"name": "id.pdf", "type": "application/pdf", "bytes": 4}]
    assert not home.exists()
    told = CliRunner().invoke(app, ["intake", "explain", str(file), "--home", str(home)]).stdout
    assert "From: Roe, Jane <jane@mail.example>, Reply-To: jane.roe@work.example" in told


# --- what is explained is what is done

HEAD = "To: privacy@desk.example\nDate: Fri, 20 Nov 2026 08:00:00 +0000"
JANE, EVE = "From: jane@mail.example", "From: eve@evil.example"
BOUNCED = (
    "From: mailer-daemon@mx.example\nSubject: failed\nContent-Type: multipart/report; boundary=B\n\n--B\n"
    "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; {to}\nAction: {action}\nStatus: {status}\n--B\n"
    "Content-Type: text/rfc822-headers\n\nMessage-ID: <{id}@desk.example>\n--B--\n"
)
EACH = {
    "a new matter": f"{JANE}\nSubject: Hello\n\nWords.",
    "an answer": f"{JANE}\nIn-Reply-To: <1@mail.example>\nSubject: Re: x\n\nThe rest.",
    "an answer by tag": f"{JANE}\nSubject: Re: [#10401] x\n\nMore.",
    "a stranger's answer": f"{EVE}\nIn-Reply-To: <1@mail.example>\nSubject: Re: x\n\nMe too.",
    "no sender": "Subject: Hello\n\nAnonymous words.",
    "said by Reply-To": "From: noreply@forms.example\nReply-To: jane@mail.example\nSubject: [#10401]\n\nFrom a form.",
    "a list": f"{JANE}\nList-Id: <talk.mail.example>\nSubject: Re: [#10401]\n\nTo all.",
    "a list by Precedence": f"{EVE}\nPrecedence: list\nSubject: Digest\n\nTo all.",
    "away": f"{JANE}\nAuto-Submitted: auto-replied\nSubject: Away [#10401]\n\nBack on Monday.",
    "away, of a stranger": f"{EVE}\nX-Autoreply: yes\nSubject: Away [#10401]\n\nBack on Monday.",
    "a calendar": f"{JANE}\nSubject: Accepted\nContent-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR",
    "a bounce": BOUNCED.format(to="jane@mail.example", action="failed", status="5.1.1", id="unknown"),
    "a delay": BOUNCED.format(to="bob@mail.example", action="delayed", status="4.4.7", id="unknown"),
    "a complaint": BOUNCED.format(to="x@mail.example", action="failed", status="5.1.1", id="unknown").replace(
        "message/delivery-status", "message/feedback-report"
    ),
    "our own": f"From: privacy@desk.example\n{HEAD}\nSubject: Our answer\n\nWe wrote this.",
    "spam": f"{EVE}\nX-Spam-Flag: YES\nSubject: Win\n\nMoney.",
    "spam by score": f"{JANE}\nX-Spam-Status: Yes, score=9\nSubject: [#10401]\n\nMoney.",
    "too many parts": f"{JANE}\nContent-Type: multipart/mixed; boundary=B\n\n" + "--B\n\nx\n" * 300,
    "junk": "Only words.\n",
    "nothing": "",
}
COUNTED = {
    "open": ("opened",),
    "append": ("appended",),
    "note": ("automatic", "bounced"),
    "duplicate": ("duplicate",),
    "skip": ("skipped",),
    "quarantine": ("spam", "quarantined"),
}


@pytest.mark.parametrize("name", EACH)
def test_a_mail_becomes_what_was_explained(sqlite_desk: TestDesk, tmp_path: Path, name: str) -> None:
    session = operator_session(sqlite_desk.desk)
    import_mail(session, [write(tmp_path, "first.eml", LETTER)])
    block_sender_of(sqlite_desk, "blocked@mail.example")
    file = write(tmp_path, "one.eml", EACH[name])
    for _ in range(2):  # the second time it is a duplicate
        before = stored_rows(sqlite_desk)
        [told] = explain([file], PACK, session)
        assert stored_rows(sqlite_desk) == before
        counts = import_mail(session, [file])
        [done] = [word for word in OUTCOMES if getattr(counts, word)]
        assert done in COUNTED[told.outcome], told
    assert told.outcome == "duplicate"


def test_each_outcome_was_tried(tmp_path: Path) -> None:
    files = [write(tmp_path, f"{number}.eml", mail) for number, mail in enumerate(EACH.values())]
    outcomes = {one.outcome for one in explain(files, PACK)}
    assert outcomes == set(COUNTED) - {"append", "duplicate"}  # those need a desk
    assert {one.mail_class for one in explain(files, PACK)} == set(MailClass)


def test_a_blocked_senders_mail_is_explained_as_spam(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    session = operator_session(sqlite_desk.desk)
    block_sender_of(sqlite_desk, "blocked@mail.example")
    file = write(tmp_path, "one.eml", "From: Blocked@mail.example\nSubject: Hello\n\nWords.")
    [told] = explain([file], PACK, session)
    assert (told.outcome, told.reason) == ("quarantine", "Its sender is blocked.")
    assert import_mail(session, [file]).spam == 1


def block_sender_of(test_desk: TestDesk, address: str) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    case = make_ticket(test_desk, contacts={Field.EMAIL: address}, on_file=False, assignee=mei)
    block_sender(mei, case.number, "threats")

"""How a message would be understood: what `cs-console intake explain` shows, and that it changes nothing."""

import json
from pathlib import Path

from sqlmodel import SQLModel, func, select
from typer.testing import CliRunner

from cs_console.commands import app
from cs_console.desk import operator_session
from cs_console.intake.explain import explain
from cs_console.intake.intake import import_mail
from cs_console.policy.loader import DEFAULT, SHIPPED, load_pack
from models.enums import MailClass
from tests.support.desk import TestDesk
from tests.support.stored import ticket_numbers

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

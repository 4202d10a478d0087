"""One bad part never costs the rest: it is kept as a sealed file and said above the text."""

import json
from pathlib import Path

import pytest

from cs_console.desk import operator_session
from cs_console.intake.explain import explain
from cs_console.intake.intake import ImportCounts, import_jsonl, import_mail
from cs_console.intake.mail import read_mail
from cs_console.policy.loader import DEFAULT, SHIPPED, load_pack
from models.enums import Field
from tests.support.desk import TestDesk
from tests.support.stored import OpenedTicket, opened_ticket

pytestmark = pytest.mark.engines("sqlite")  # what is read; the statements run on both elsewhere

JANE = "From: jane@mail.example\nDate: Fri, 20 Nov 2026 08:00:00 +0000\n"


def opened(test_desk: TestDesk, folder: Path, content: bytes) -> OpenedTicket:
    file = folder / "one.eml"
    file.write_bytes(content)
    assert [one.outcome for one in explain([file], load_pack(SHIPPED / f"{DEFAULT}.toml"))] == ["open"]
    assert import_mail(operator_session(test_desk.desk), [file]) == ImportCounts(read=1, opened=1)
    assert import_mail(operator_session(test_desk.desk), [file]) == ImportCounts(read=1, duplicate=1)
    return opened_ticket(test_desk.desk, 10_401)


def test_a_large_file_is_kept_whole_beside_the_words(test_desk: TestDesk, tmp_path: Path) -> None:
    """20 MB as mail carries them: more than is read in full."""
    head = f"{JANE}Subject: My scan\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nPlease see the scan.\n"
    part = "--B\nContent-Type: image/png; name=scan.png\nContent-Transfer-Encoding: base64\n\n"
    whole = (head + part).encode() + (b"QUJD" * 19 + b"\n") * 360_000 + b"--B--\n"
    assert len(whole) > 26 * 1024 * 1024
    ticket = opened(test_desk, tmp_path, whole)
    said = "[a part of this message could not be read: it is larger than 25 MiB, so that only its beginning was read]"
    assert ticket.texts == (f"{said}\n\nPlease see the scan.",)
    assert ticket.files == (("whole-message.eml", whole),)


@pytest.mark.parametrize("name", ["Subject", "To", "Cc", "References", "In-Reply-To"])
def test_a_header_that_is_too_long_is_cut_and_kept(test_desk: TestDesk, tmp_path: Path, name: str) -> None:
    ids = " ".join(f"<{number}@mail.example>" for number in range(3000))
    ticket = opened(test_desk, tmp_path, f"{JANE}{name}: {ids}\n\nWords.".encode())
    said = f"[a part of this message could not be read: its header {name} is too long, and only the beginning is used]"
    assert ticket.texts == (f"{said}\n\nWords.",)
    [(file, content)] = ticket.files
    assert (file, content.decode()) == ("long-headers.txt", f"{name}: {ids}")


def test_the_nearest_of_a_long_thread_are_kept() -> None:
    ids = " ".join(f"<{number}@mail.example>" for number in range(3000))
    assert read_mail(f"{JANE}References: {ids}\n\nWords.".encode()).references[0] == "<2999@mail.example>"


def test_a_subject_that_cannot_be_decoded_is_shown_as_it_came(test_desk: TestDesk, tmp_path: Path) -> None:
    ticket = opened(test_desk, tmp_path, f"{JANE}Subject: {'=?utf-8?q?a?= ' * 2000}\n\nWords.".encode())
    assert ticket.subject.startswith("=?utf-8?q?a?= ")
    said = "[a part of this message could not be read: a header has too many encoded words]"
    assert ticket.texts == (f"{said}\n\nWords.",)


@pytest.mark.parametrize(
    ("name", "value", "kind"), [("mobile", "12", "phone number"), ("e-mail", "a@", "e-mail address")]
)
def test_a_contact_of_a_line_that_cannot_be_used_is_said(
    test_desk: TestDesk, tmp_path: Path, name: str, value: str, kind: str
) -> None:
    file = tmp_path / "lines.jsonl"
    said = {"nickname": "jane77", name: value}
    file.write_text(json.dumps({"type": "message", "id": "1", "from": said, "subject": "Hi", "text": "Words."}))
    assert import_jsonl(operator_session(test_desk.desk), file) == ImportCounts(read=1, opened=1)
    ticket = opened_ticket(test_desk.desk, 10_401)
    remark = f"[a part of this message could not be read: from.{name} is not a usable {kind}]"
    assert ticket.texts == (f"{remark}\n\nWords.",)
    assert ticket.files == (("from.txt", f"{name}: {value}".encode()),)
    assert ticket.contacts == ((Field.NICKNAME, "jane77", False),)

"""One bad part never costs the rest: it is kept as a sealed file and said above the text."""

import json
from base64 import encodebytes
from pathlib import Path

import pytest

from cs_console.desk import operator_session
from cs_console.intake.explain import explain
from cs_console.intake.incoming import MEBIBYTE, REST_KEPT
from cs_console.intake.intake import ImportCounts, import_jsonl, import_mail
from cs_console.intake.mail import read_mail
from cs_console.policy.loader import DEFAULT, SHIPPED, load_pack
from models.contact_fields import Field
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


def test_a_text_of_more_than_is_read_is_a_ticket_with_its_beginning(test_desk: TestDesk, tmp_path: Path) -> None:
    whole = f"{JANE}Subject: My log\n\nPlease see all this.\n".encode() + b"Something went wrong again.\n" * 960_000
    assert len(whole) > 25 * MEBIBYTE
    ticket = opened(test_desk, tmp_path, whole)
    [text] = ticket.texts
    assert text.startswith("[a part of this message could not be read: it is larger than 25 MiB, ")
    assert "so that only its beginning was read]\n\nPlease see all this.\nSomething went wrong" in text
    assert text.endswith(f"\n\n{REST_KEPT}")
    assert ticket.files == (("whole-message.eml", whole),)


def test_a_file_of_too_many_lines_is_kept_whole_beside_the_words(test_desk: TestDesk, tmp_path: Path) -> None:
    head = f"{JANE}Subject: My log\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nPlease see the log.\n"
    part = "--B\nContent-Type: text/plain; name=my.log\nContent-Disposition: attachment\n\n"
    whole = (head + part).encode() + b"wrong\n" * 1_000_001 + b"--B--\n"
    ticket = opened(test_desk, tmp_path, whole)
    said = "it has more than 1000000 lines, so that only its beginning was read"
    assert ticket.texts == (f"[a part of this message could not be read: {said}]\n\nPlease see the log.",)
    assert ticket.files == (("whole-message.eml", whole),)


LONG = "x" * 40_000
TOO_LONG = "[a part of this message could not be read: a header that describes a part is too long]"


@pytest.mark.parametrize(
    "header",
    [
        f"Content-Type: text/plain; odd={LONG}; charset=koi8-r",
        f"Content-Type: text/plain; charset=koi8-r; odd={LONG}",
        f"Content-Type: text/plain; charset=koi8-r\nContent-Disposition: inline; odd={LONG}",
        f"Content-Type: text/plain; charset=koi8-r\nContent-ID: <{LONG}>",
        f"Content-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: {LONG}",
        f"Content-Type: text/plain; charset=koi8-r\nContent-Language: {LONG}",
    ],
    ids=lambda header: header.replace(LONG, "x"),
)
def test_a_header_of_a_part_that_is_too_long_costs_no_word(test_desk: TestDesk, tmp_path: Path, header: str) -> None:
    ticket = opened(test_desk, tmp_path, f"{JANE}{header}\n\n".encode() + "Слова.".encode("koi8-r"))
    assert ticket.texts == (f"{TOO_LONG}\n\nСлова.",)
    [(name, content)] = ticket.files
    assert (name, LONG in content.decode()) == ("long-headers.txt", True)


def of_parts(*parts: bytes, header: str = "") -> bytes:
    head = f"{JANE}Subject: Files\nContent-Type: multipart/mixed; {header}boundary=B\n\n--B\n\nWords.\n"
    return b"\n--B\n".join((head.encode(), *parts)) + b"\n--B--\n"


def test_a_boundary_and_a_files_name_behind_something_too_long_are_found() -> None:
    file = f"Content-Type: image/png; odd={LONG}; name=scan.png\n\nABC".encode()
    mail = read_mail(of_parts(file, header=f"odd={LONG}; "))
    assert mail.text == "Words."
    assert [(file.name, file.media_type, file.content) for file in mail.files[:1]] == [
        ("scan.png", "image/png", b"ABC")
    ]
    assert mail.files[1].content.decode().count(LONG) == 2


DEEP = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(40)) + b"\nx\n"


def test_a_mail_inside_that_breaks_a_limit_is_a_file_as_it_came() -> None:
    inside = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + encodebytes(DEEP)
    mail = read_mail(of_parts(inside))
    assert (mail.text, [file.content for file in mail.attachments]) == ("Words.", [DEEP])
    assert mail.remarks == ("a part of this message could not be read: the message is nested more than 20 deep",)


def test_a_mail_inside_with_too_many_headers_is_read_and_those_left_out_are_kept() -> None:
    inside = b"Content-Type: message/rfc822\n\nSubject: inside\n" + b"X-A: b\n" * 2500 + b"\nWords inside."
    mail = read_mail(of_parts(inside))
    assert mail.text == "Words."
    assert mail.remarks == (
        "a part of this message could not be read: the message has more than 2000 headers in one place",
    )
    kept = b"".join(file.content for file in mail.files)
    assert kept.count(b"X-A: b") == 2500
    assert b"Words inside." in kept


def test_a_mail_inside_with_a_header_that_cannot_be_written_again_is_kept_as_it_came() -> None:
    inner = b"Subject: inside\nTo: Ola\n\tCc: <ola@mail.example>\nX-Odd: a\n b: c\n\nWords inside.\n"
    mail = read_mail(of_parts(b"Content-Type: message/rfc822\n\n" + inner))
    assert [file.content for file in mail.attachments] == [inner]


def test_the_only_mail_inside_shows_a_subject_that_cannot_be_decoded_as_it_came() -> None:
    odd = "=?utf-8?q?a?= " * 1500
    mail = read_mail(f"{JANE}Content-Type: message/rfc822\n\nSubject: {odd}\n\nWords inside.".encode())
    assert f"Subject: {odd.strip()}\n" in mail.text
    assert mail.text.endswith("Words inside.")


def test_a_message_id_that_cannot_be_decoded_costs_nothing_else() -> None:
    assert read_mail(f"{JANE}Message-ID: {'=?utf-8?q?a?= ' * 1500}\n\nWords.".encode()).text == "Words."


@pytest.mark.parametrize("name", ["Jane " * 500, "=?utf-8?q?a?= " * 1500, "J" * 40_000])
def test_a_name_that_is_too_long_costs_no_address(name: str) -> None:
    mail = read_mail(f"From: {name} <jane@mail.example>\n\nWords.".encode())
    assert dict(mail.contacts)[Field.EMAIL] == "jane@mail.example"


def test_a_file_that_claims_to_be_base64_and_is_not_is_kept_as_it_came() -> None:
    part = b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n"
    written = b"%PDF-1.7 \xff\xfe (!) <<" + b"#" * 50
    mail = read_mail(of_parts(part + written))
    assert [(file.name, file.content) for file in mail.attachments] == [("a.pdf", written)]
    coded = encodebytes(b"x" * 200).replace(b"\n", b"\n!\n")
    assert [file.content for file in read_mail(of_parts(part + coded)).attachments] == [b"x" * 200]


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

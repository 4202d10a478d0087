"""What a file is and says, by its content, read in a process that a hostile file cannot use."""

import gzip
import io
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter

from cs_console.casework import file_reader
from cs_console.casework.file_contents import MOST_COLUMNS, MOST_ROWS, MOST_TEXT, contents
from cs_console.casework.file_reader import NOT_READ, TOO_SLOW, media_type_of, read_document
from tests.support.files import pdf_of, png_of

BEGINNINGS = (b"", b"%PDF-1.7\n", b"From: a\nTo: b\n\n", b"a;b\n", b"\x89PNG\r\n\x1a\n", b"<html>", b"PK\x03\x04")


@pytest.mark.parametrize(
    ("content", "name", "kind", "called"),
    [
        (b"Dear desk,\nthe lamp is broken.\n", "letter.pdf", "text", "text"),
        ("Größe;Preis\n12;3,40\n".encode(), "prices.csv", "table", "table (CSV)"),
        ("姓名\t城市\n李雷\t上海\n韩梅梅\t北京\n".encode(), "names", "table", "table (CSV)"),
        (b'sep=|\n"a|b"|c\n', "x.csv", "table", "table (CSV)"),
        (b"From: a@b.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHello\r\n", "fwd", "mail", "mail"),
        (b"<!DOCTYPE html><html><body><h1>Order</h1></body></html>", "page.txt", "text", "HTML"),
        (pdf_of("Invoice 17"), "photo.jpg", "pdf", "PDF"),
        (png_of(640, 400), "holiday.doc", "image", "PNG image"),
        (b"GIF89a\x10\x00\x20\x00" + bytes(20), "a", "image", "GIF image"),
        (gzip.compress(b"x" * 1000), "bomb.txt", "other", "gzip archive"),
        (b"MZ" + bytes(200), "invoice.pdf", "other", "Windows program"),
        (b"\x7fELF" + bytes(200), "readme", "other", "program"),
        (b"L\0\0\0\x01\x14\x02\0" + bytes(60), "invoice.pdf.lnk", "other", "Windows shortcut"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.txt", "other", "Office document of before 2007"),
        (bytes(range(256)), "noise.txt", "other", "unknown type"),
        (b"", "nothing.txt", "other", "empty file"),
        ("Привет, мир. ".encode("koi8_r") * 30, "letter.txt", "text", "text"),
        ("Bonjour à tous".encode("utf-16"), "letter.txt", "text", "text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_content_says_what_a_file_is_and_not_its_name(content: bytes, name: str, kind: str, called: str) -> None:
    found = contents(content, name)
    assert (found.kind, found.called) == (kind, called)
    assert found.remark or found.kind not in ("other", "image")


def test_a_table_is_read_in_its_charset_and_with_its_quotes() -> None:
    found = contents('Ort;Bemerkung\nKöln;"eins;\nzwei"\n'.encode("cp1252"), "orte.csv")
    assert found.rows == [["Ort", "Bemerkung"], ["Köln", "eins;\nzwei"]]


def test_prose_with_commas_is_no_table() -> None:
    prose = b"Yes, I did that, twice.\nNo, it did not help.\nSo, please, call me.\n"
    assert contents(prose, "a.txt").kind == "text"


def test_what_is_too_much_is_cut_and_said() -> None:
    long = contents(b"word " * MOST_TEXT, "a.txt")
    assert (len(long.text), long.remark) == (MOST_TEXT, "Only the first 200,000 of 1,000,000 characters are shown.")
    table = contents(("a," * (MOST_COLUMNS + 3) + "a\n").encode() * (MOST_ROWS + 5), "a.csv")
    assert (len(table.rows), len(table.rows[0])) == (MOST_ROWS, MOST_COLUMNS)
    assert "500 rows" in table.remark
    assert "40 columns" in table.remark


def test_a_document_has_its_size_its_digest_and_its_pages() -> None:
    content = pdf_of("Invoice 17", "Thank you")
    found = read_document(content, "invoice.pdf", "application/pdf")
    assert found.size == len(content)
    assert len(found.sha256) == 64
    assert found.head == (("Pages", "2"),)
    assert "— page 2 of 2 —\nThank you" in found.text
    assert "Invoice" not in repr(found)


def test_a_picture_is_shown_by_type_and_dimensions() -> None:
    found = read_document(png_of(640, 400), "a.png", "image/png")
    assert (found.kind, found.head, found.text) == ("image", (("Dimensions", "640 x 400 pixels"),), "")


def test_a_mail_is_shown_with_its_headers_and_the_names_of_its_files() -> None:
    mail = (
        b"From: Ann <ann@example.org>\r\nTo: desk@example.org\r\nSubject: Two\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n"
        b"--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=lamp.png\r\n\r\nx\r\n--b--\r\n"
    )
    found = read_document(mail, "forwarded.eml", "message/rfc822")
    assert ("Subject", "Two") in found.head
    assert any(name == "File" and value.startswith("lamp.png") for name, value in found.head)
    assert found.text.strip() == "See the file."


def test_a_locked_or_broken_or_empty_pdf_says_so() -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    blank = io.BytesIO()
    writer.write(blank)
    assert "no text" in read_document(blank.getvalue()).remark
    writer.encrypt("open sesame", algorithm="AES-256")
    locked = io.BytesIO()
    writer.write(locked)
    assert "password" in read_document(locked.getvalue()).remark
    assert "damaged" in read_document(pdf_of("x")[:200]).remark


def test_what_a_file_says_cannot_move_the_cursor() -> None:
    found = read_document(b"\x1b[2Jred\x1b]52;c;eA==\x07\n" + "‮abc".encode() + b" [@click=app.quit]x[/]" + b"x" * 600)
    assert not any(ord(char) < 32 and char != "\n" for char in found.text)
    assert "\u202e" not in found.text
    assert "[@click=app.quit]" in found.text  # shown as it is: no markup


@pytest.mark.parametrize("ending", ["crash", "flood", "lie", "loop", "memory", "shell", "writing", "socket"])
def test_a_process_that_a_file_has_taken_over_gives_one_sentence(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reading process here does the worst that a hostile file could have it do."""
    mark = tmp_path / "mark"
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    door = listening.getsockname()
    done = {
        "crash": "import os; os.abort()",
        "flood": "import sys\nwhile True: sys.stdout.buffer.write(b'x' * 1000000)",
        "lie": 'import sys; sys.stdout.write(\'{"kind": "root"}\')',
        "loop": "while True: pass",
        "memory": "x = bytearray(4 * 1024 ** 3)",
        "shell": f"import os; os.system('touch {mark}')",
        "writing": f"open({str(mark)!r}, 'wb').write(b'x')",
        "socket": f"import socket; socket.create_connection({door!r})",
    }[ending]
    begin = "import sys; sys.path[:] = sys.argv[1:]\nfrom cs_console.casework.file_contents import limit_this_process\n"
    monkeypatch.setattr(file_reader, "_BEGIN", f"{begin}limit_this_process()\n{done}\n")
    monkeypatch.setattr(file_reader, "SECONDS", 3.0)
    begun = time.monotonic()
    found = read_document(b"x" * 2_000_000, "a.pdf")
    assert time.monotonic() - begun < 15
    assert found.remark == (TOO_SLOW if ending == "loop" else NOT_READ)
    assert (found.kind, found.size) == ("other", 2_000_000)
    assert not mark.exists()
    with listening, pytest.raises(TimeoutError):
        listening.accept()


def test_a_type_that_would_forge_a_header_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    lie = '{"kind":"text","called":"x","media_type":"text/x\\r\\nBcc: a@b","head":[],"text":"","rows":[],"remark":""}'
    monkeypatch.setattr(file_reader, "_BEGIN", f"import sys; sys.stdin.buffer.read(); sys.stdout.write({lie!r})")
    assert media_type_of(b"x") == "application/octet-stream"


def test_the_process_learns_nothing_of_the_desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CS_CONSOLE_DATABASE_URL", "postgresql://user:canary@host/db")
    began: list[dict[str, object]] = []
    start = subprocess.Popen

    def told(words: list[str], **options: object) -> object:
        began.append({"words": words, **options})
        return start(words, **options)  # type: ignore[call-overload]  # as it was called

    monkeypatch.setattr(subprocess, "Popen", told)
    read_document(b"canary", "canary.txt")
    assert "canary" not in repr(began)
    assert sys.executable in repr(began)


def test_a_pdf_that_unpacks_to_gigabytes_is_bounded() -> None:
    page = b"BT /F1 12 Tf (x) Tj ET " * 4_000_000
    found = read_document(pdf_of("", packed=page), "bomb.pdf")
    assert found.kind in ("pdf", "other")
    assert found.remark


def test_an_archive_is_never_unpacked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"0" * 10_000_000)
    found = read_document(packed.getvalue(), "a.zip")
    assert (found.called, found.remark, found.text) == ("ZIP archive", "Archives are never unpacked here.", "")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.sampled_from(BEGINNINGS))
def test_any_bytes_are_something(tail: bytes, head: bytes) -> None:
    found = contents(head + tail, "a.csv")
    assert found.kind in ("text", "table", "mail", "pdf", "image", "other")


def test_the_type_alone_comes_without_reading_the_file() -> None:
    assert media_type_of(pdf_of("x"), "a.txt") == "application/pdf"
    assert media_type_of(b"a,b\n1,2\n", "a.csv") == "text/csv"
    assert media_type_of(b"hello", "a.exe") == "text/plain"
    assert media_type_of(bytes(range(256)), "a.txt") == "application/octet-stream"

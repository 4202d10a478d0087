"""What a file is by its content, and what it says: run in a process of its own, since its bytes may be hostile.

`main` limits this process first, then reads the file from standard input and writes one JSON object. Nothing in a file
is run, followed, fetched or unpacked.
"""

import csv
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

MEBIBYTE = 1024 * 1024
MOST_TEXT = 200_000
MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 500, 40, 300
MOST_PAGES = 100
PROCESSOR_SECONDS = 10
MEMORY = 1024 * MEBIBYTE
OPEN_FILES = 64

_START = 8192
_PDF_WITHIN = 1024
_SAMPLE_LINES = 50
_HEADER_NAMES = (
    "From|To|Cc|Subject|Date|Received|Return-Path|Message-ID|MIME-Version|Reply-To|Sender|Delivered-To|DKIM-Signature"
    "|X-[A-Za-z-]+|Content-[A-Za-z-]+"
)
_HEADER = re.compile(rf"\A(?:(?:{_HEADER_NAMES}):.*(?:\n[ \t].*)*\n){{2}}", re.IGNORECASE)
_HTML = re.compile(r"\A\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SEPARATORS = (("\t", 2), (";", 2), ("|", 2), (",", 3))
"""What may stand between two cells, and how many cells there are at least where no name says that it is a table."""

_UNKNOWN = "application/octet-stream"
_GENERAL = {"image": "image", "audio": "sound", "video": "video", "font": "font"}
_MORE_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office document of before 2007", "application/x-ole-storage"),
    (b"L\0\0\0\x01\x14\x02\0", "Windows shortcut", "application/x-ms-shortcut"),
    (b"\xca\xfe\xba\xbe", "program", "application/x-executable"),
    (b"\xcf\xfa\xed\xfe", "program", "application/x-executable"),
)
"""What the library does not know, or knows for its older form alone."""
_CALLED = {
    "application/zip": "ZIP archive",
    "application/gzip": "gzip archive",
    "application/x-7z-compressed": "7-Zip archive",
    "application/x-rar-compressed": "RAR archive",
    "application/x-tar": "tar archive",
    "application/x-bzip2": "bzip2 archive",
    "application/x-xz": "xz archive",
    "application/msword": "Word document",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word document",
    "application/vnd.ms-excel": "Excel workbook",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel workbook",
    "application/vnd.ms-powerpoint": "PowerPoint slides",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint slides",
    "application/vnd.oasis.opendocument.text": "OpenDocument text",
    "application/vnd.oasis.opendocument.spreadsheet": "OpenDocument spreadsheet",
    "application/vnd.oasis.opendocument.presentation": "OpenDocument slides",
    "application/rtf": "RTF document",
    "application/x-msdownload": "Windows program",
    "application/x-executable": "program",
}


class Contents(NamedTuple):
    """`kind`: text, table, mail, pdf, image or other. `called`: the type for people. `remark`: what is not shown, why.

    A file of kind `other` shows nothing but its remark.
    """

    kind: str
    called: str
    media_type: str
    head: list[tuple[str, str]] = []
    text: str = ""
    rows: list[list[str]] = []
    remark: str = ""


class Recognised(NamedTuple):
    """What bytes are. `text`: theirs where they are text; `separator`: between the cells of a table."""

    kind: str
    called: str
    media_type: str
    text: str = ""
    separator: str = ""


def contents(data: bytes, name: str = "", claimed: str = "") -> Contents:
    """What these bytes are and say. `name` and `claimed`, the sender's words for it, decide between kinds of text."""
    found = recognised(data, name, claimed)
    if found.kind == "pdf":
        return _pdf(data)
    if found.kind == "image":
        return _image(data, found)
    if found.kind == "mail":
        return _mail(data)
    if found.kind == "table":
        return _table(found)
    if found.media_type == "text/html":
        return _html(found.text)
    if found.kind == "text":
        shown, remark = _cut(found.text)
        return Contents(*found[:3], text=shown, remark=remark)
    return Contents(*found[:3], remark=_why_not(found))


def recognised(data: bytes, name: str = "", claimed: str = "") -> Recognised:
    """What these bytes are, by themselves; only between kinds of text the sender's words decide."""
    if not data:
        return Recognised("other", "empty file", _UNKNOWN)
    if b"%PDF-" in data[:_PDF_WITHIN]:
        return Recognised("pdf", "PDF", "application/pdf")
    signed = _by_signature(data)
    if signed is not None:
        return signed
    text = _as_text(data)
    if text is None:
        return Recognised("other", "unknown type", _UNKNOWN)
    name, claimed = name.lower(), claimed.lower()
    if claimed == "message/rfc822" or name.endswith(".eml") or _HEADER.match(text):
        return Recognised("mail", "mail", "message/rfc822")
    if claimed == "text/html" or name.endswith((".htm", ".html")) or _HTML.match(text):
        return Recognised("text", "HTML", "text/html", text)
    is_named_table = claimed in ("text/csv", "text/tab-separated-values") or name.endswith((".csv", ".tsv"))
    separator = _separator(text, is_named_table)
    if separator:
        media_type = "text/tab-separated-values" if separator == "\t" else "text/csv"
        return Recognised("table", "table (CSV)", media_type, text, separator)
    return Recognised("text", "text", "text/plain", text)


def _by_signature(data: bytes) -> Recognised | None:
    import filetype  # only here: the console itself never looks into a file

    found = filetype.guess(data[:_START])
    if found is None:
        more = (one for one in _MORE_SIGNATURES if data.startswith(one[0]))
        return next((Recognised("other", called, media_type) for _, called, media_type in more), None)
    media_type, extension = str(found.mime), str(found.extension).upper()
    general = media_type.partition("/")[0]
    called = _CALLED.get(media_type) or f"{extension} {_GENERAL.get(general, 'file')}"
    return Recognised("image" if general == "image" else "other", called, media_type)


def _image(data: bytes, found: Recognised) -> Contents:
    import imagesize  # only for an image

    try:
        width, height = imagesize.get(io.BytesIO(data))
    except Exception:  # noqa: BLE001 - whatever a hostile header does to the library, the size is unknown then
        width, height = -1, -1
    size = f"{width} x {height} pixels" if width > 0 and height > 0 else "not known from its first bytes"
    return Contents(*found[:3], head=[("Dimensions", size)], remark="A terminal does not show pictures.")


def _why_not(found: Recognised) -> str:
    if found.called == "empty file":
        return "There is nothing in it."
    if found.called.endswith("archive"):
        return "Archives are never unpacked here."
    if found.called.endswith(("program", "shortcut")):
        return "It can run as a program. Do not open it elsewhere."
    if found.media_type.startswith(("audio/", "video/")):
        return "Sound and video are not played here."
    if found.media_type == _UNKNOWN:
        return "It is not text, and its content does not say what it is."
    return "This type of file is not shown here."


def _as_text(data: bytes) -> str | None:
    """The text, or None for what is none: mostly control characters or bytes of no charset."""
    from cs_console.intake.charsets import text_of  # brings a charset's detection along

    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    elif b"\0" in data:
        return None
    else:
        text = text_of(data.removeprefix(b"\xef\xbb\xbf"))
    sample = text[:_START]
    strange = len(_CONTROL.findall(sample)) + sample.count("�")
    return None if strange * 50 > len(sample) else text.replace("\r\n", "\n").replace("\r", "\n")


def _cut(text: str) -> tuple[str, str]:
    if len(text) <= MOST_TEXT:
        return text, ""
    return text[:MOST_TEXT], f"Only the first {MOST_TEXT:,} of {len(text):,} characters are shown."


def _html(text: str) -> Contents:
    # only for HTML: the process reads one file, and starts the sooner for each import it can do without
    from cs_console.errors import Unreadable
    from cs_console.intake.html_text import CUT, html_to_text

    try:
        words = html_to_text(text)
        shown, remark = _cut(words.removesuffix(CUT).rstrip())
        if words.endswith(CUT):
            remark = f"{remark} Some of it may be missing: its HTML is broken.".strip()
        return Contents("text", "HTML", "text/html", text=shown, remark=remark or "Shown as text; nothing was loaded.")
    except Unreadable:
        shown, _ = _cut(text)
        return Contents("text", "HTML", "text/html", text=shown, remark="Too complex for its words alone: as written.")


def _mail(data: bytes) -> Contents:
    # only for a mail, as above
    from cs_console.errors import Unreadable
    from cs_console.intake.mail import read_mail

    try:
        mail = read_mail(data)
    except Unreadable as problem:
        return Contents("other", "mail", "message/rfc822", remark=problem.sentence)
    shown, remark = _cut(mail.text)
    head = [(name, value) for name, value in mail.headers if name != "Message-ID"]
    head += [("File", f"{file.name or 'without a name'}, {len(file.content):,} bytes") for file in mail.files]
    return Contents("mail", "mail", "message/rfc822", head=head, text=shown, remark=remark)


def _separator(text: str, is_named_table: bool) -> str:
    """What parts the cells, "" where the text is no table: each of the first lines has the same number of them."""
    first, _, _ = text.partition("\n")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        return first[4]
    lines = text[: 4 * _START].split("\n")[: _SAMPLE_LINES + 1]
    if len(lines) > 1:
        lines.pop()  # it may be cut
    sample = "\n".join(lines)
    best, most = "", 0.0
    for separator, least in _SEPARATORS:
        counts = [len(row) for row in _rows(sample, separator) if row]
        if not counts or max(counts) < 2:
            continue
        same = counts.count(max(set(counts), key=counts.count)) / len(counts)
        sure = same == 1.0 and len(counts) >= 3 and counts[0] >= least
        if (sure or is_named_table) and same * min(max(counts), 4) > most:
            best, most = separator, same * min(max(counts), 4)
    return best or ("," if is_named_table else "")


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(MEBIBYTE)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except csv.Error:
        return


def _table(found: Recognised) -> Contents:
    text = found.text
    if text.lower().startswith("sep="):
        text = text.partition("\n")[2]
    rows: list[list[str]] = []
    remarks = set()
    for row in _rows(text, found.separator):
        if not row:
            continue
        if len(rows) == MOST_ROWS:
            remarks.add(f"Only the first {MOST_ROWS} rows are shown.")
            break
        if len(row) > MOST_COLUMNS:
            remarks.add(f"Only the first {MOST_COLUMNS} columns are shown.")
        if any(len(cell) > LONGEST_CELL for cell in row[:MOST_COLUMNS]):
            remarks.add("Long cells are cut.")
        rows.append([cell[:LONGEST_CELL] for cell in row[:MOST_COLUMNS]])
    return Contents(*found[:3], rows=rows, remark=" ".join(sorted(remarks)))


def _pdf(data: bytes) -> Contents:
    from pypdf import PasswordType, PdfReader  # slow to import
    from pypdf.errors import PyPdfError

    # the reader's own slips on hostile files too; what it has not built yet is raised as the last of them
    broken = (PyPdfError, ValueError, LookupError, TypeError, AttributeError, AssertionError, NotImplementedError)
    found = Contents("pdf", "PDF", "application/pdf")
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
            return found._replace(kind="other", remark="It is protected with a password.")
        pages = len(reader.pages)
        parts, length, unread = [], 0, 0
        for at in range(min(pages, MOST_PAGES)):
            try:
                words = reader.pages[at].extract_text().strip()
            except broken:
                words, unread = "", unread + 1
            parts.append(f"— page {at + 1} of {pages} —\n{words or '(no text)'}")
            length += len(words)
            if length > MOST_TEXT:
                break
    except broken:
        return found._replace(kind="other", remark="It is damaged, so its text cannot be read.")
    shown, cut = _cut("\n\n".join(parts))
    remarks = ["Text only: pictures, forms and layout are not shown."] if length else [_NO_TEXT]
    if len(parts) < pages:
        remarks.append(f"Only the first {len(parts)} pages are shown.")
    elif cut:
        remarks.append(cut)
    if unread:
        remarks.append(f"Pages that could not be read: {unread}.")
    return found._replace(head=[("Pages", str(pages))], text=shown if length else "", remark=" ".join(remarks))


_NO_TEXT = "It has no text in it: probably a scan or pictures."


def limit_this_process() -> None:
    """Bound time, memory and files, write nothing, and start or reach nothing else."""
    import resource  # there is none on Windows; then no file is read

    for what, most in (
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        resource.setrlimit(what, (most, most))
    sys.addaudithook(_refuse)


_NEVER = (
    *("socket.", "subprocess.", "ctypes.dlopen"),
    *("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.putenv"),
)
"""Events of the interpreter: a library that a file leads astray gets no further."""


_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def _refuse(event: str, given: tuple[Any, ...]) -> None:
    writes = event == "open" and isinstance(given[2], int) and given[2] & _WRITES
    if writes or event.startswith(_NEVER):
        raise PermissionError(event)


def main() -> None:
    """Read a line (name, claimed type, whether the type is enough) and the file; write what it is, or is and says."""
    limit_this_process()
    name, claimed, type_alone = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    found = Contents(*recognised(data, name, claimed)[:3]) if type_alone else contents(data, name, claimed)
    sys.stdout.buffer.write(json.dumps(found._asdict()).encode())

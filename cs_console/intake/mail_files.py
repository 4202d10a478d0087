"""Where mail lies: single files, mbox files, Maildir folders and folders of .eml files, read one mail at a time."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from cs_console.errors import BadInput
from cs_console.intake.header_repair import LF_CR
from cs_console.intake.incoming import LIMITS, Limits

_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_ZONE = rb"(?: +(?:[A-Z]{1,5}|[+-]\d{2}:?\d{2}))"
_TIME = rb"\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?"
_MOMENT = (
    rb"(?:(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +)?"
    rb"(?:" + _MONTH + rb" +\d{1,2},? +(?:\d{4} +)?" + _TIME + _ZONE + rb"?(?: +\d{4})?" + _ZONE + rb"?"
    rb"|\d{1,2}[ -]" + _MONTH + rb"[ -]\d{2,4},? +" + _TIME + _ZONE + rb"?(?: +\([^()]{1,40}\))?)"
    rb"|\d{4}[-/]\d\d[-/]\d\d[T ]" + _TIME + rb"(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?)"
)
_SEPARATOR = re.compile(
    rb"From (?:(?:\S*[^\s:](?: at \S*[^\s:])?|\"[^\"]{0,200}\"\S*) +"
    + _MOMENT
    + rb"(?: +remote from \S+)?|-?(?: "
    + _MOMENT
    + rb")?)[ \t]*\r?\n?"
)
"""What programs write before each mail: the sender or a dash, and a date in one of a few forms, and nothing else."""
_OTHER_DATE = re.compile(
    rb"From \S+@\S+(?=[^@\r\n]{0,60}\b(?:19|20)\d\d\b)(?=[^@\r\n]{0,60}\b\d\d?:\d\d)"
    rb"(?: +(?:\d[\d:.,/TZ+-]*|[^\s\d@:]{1,9}(?:[+-]\d{4})?|\([^()\r\n]{1,30}\)))+[ \t]*\r?\n?"
)
"""A date in another form or language, behind an address: short words and numbers, a year and a time among them."""
_BEGINS = re.compile(rb"From (?![ \t]*:)")
_KNOWN_HEADER = re.compile(
    rb">*From |\xef\xbb\xbf|(?:From|To|Cc|Subject|Date|Sender|Reply-To|Received|Return-Path|Delivered-To|Message-ID"
    rb"|MIME-Version|Content-[A-Za-z-]+|X-[A-Za-z0-9-]+|List-[A-Za-z]+|DKIM-Signature|ARC-[A-Za-z-]+|In-Reply-To"
    rb"|References|Status|Envelope-To|Mail-From|Authentication-Results|Received-SPF|User-Agent|Organization|Path|Newsgroups)"
    rb"[ \t]*:",
    re.IGNORECASE,
)
"""What has to follow where no empty line comes before: `Note:` may be the next line of a letter."""
_HEADER = re.compile(rb">*From |\xef\xbb\xbf|[!-9;-~]+[ \t]*:")
_STATUS = re.compile(rb"X-Mozilla-Status:[ \t]*([0-9A-Fa-f]{4})[ \t]*\r?\n")
"""The program writes it first of all; further down its sender could have written it."""
_EXPUNGED = 0x0008
_BOM = b"\xef\xbb\xbf"
_LOOKED_AT = 64 * 1024
_FLAGS = re.compile(r"[:;!-]2,([A-Za-z]*)\Z")
_PASSED_OVER = frozenset("TD")
"""Trashed, and a draft (the flags of a Maildir)."""
_ESCAPED = re.compile(rb">+From ")
_LONGEST_SEPARATOR = 200
_LONGEST_LINE = 1024 * 1024
_MAIL_ENDINGS = frozenset({".eml", ".mbox", ".mbx"})


@dataclass(frozen=True, slots=True)
class Source:
    """One file with one mail, or with many."""

    path: Path
    size: int
    is_mbox: bool
    skipped: bool = False
    """A Maildir says that it was thrown away, or is a draft."""
    may_grow: bool = False
    """It lies in a folder into which other programs write."""


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail's bytes as they lie there; only the beginning of one that is too large even for quarantine."""

    place: str
    content: bytes
    size: int
    done: int
    """Bytes of the source read so far."""
    skipped: bool = False
    """It was thrown away or never sent, says the program that wrote it: nothing to take in."""


def find_sources(paths: Sequence[Path]) -> tuple[Source, ...]:
    """Every file to read, in order. Raises BadInput naming the first path that is not there, cannot be read or
    holds no mail; nothing has been read by then."""
    found: list[Source] = []
    for path in paths:
        if not path.exists():
            raise BadInput(f"{path} does not exist.", "Nothing was imported.")
        is_folder = path.is_dir()
        files = _files_in(path) if is_folder else [path]
        if not files:
            raise BadInput(
                f"{path} contains no mail.", "Name a message, an mbox file, a Maildir or a folder of .eml files."
            )
        found += [replace(_source(file), may_grow=is_folder and file.parent == path) for file in files]
    return tuple(found)


def _files_in(folder: Path) -> list[Path]:
    if not os.access(folder, os.R_OK | os.X_OK):
        raise BadInput(f"{folder} cannot be read.", "Check its permissions; nothing was imported.")
    if (folder / "cur").is_dir() and (folder / "new").is_dir():
        kept = [file for part in ("cur", "new") for file in (folder / part).iterdir() if not file.name.startswith(".")]
    else:
        kept = [file for file in folder.iterdir() if file.suffix.lower() in _MAIL_ENDINGS]
    return sorted((file for file in kept if file.is_file()), key=lambda file: (file.parent.name, file.name))


def _source(file: Path) -> Source:
    if not file.is_file():
        raise BadInput(f"{file} is not a file.", "Nothing was imported.")
    try:
        with file.open("rb") as opened:
            begins = opened.read(_LOOKED_AT).removeprefix(_BOM).lstrip(b"\r\n")
        skipped = file.parent.name in ("cur", "new") and _is_passed_over(file.name)
        return Source(file, file.stat().st_size, _BEGINS.match(begins) is not None, skipped)
    except OSError as problem:
        raise BadInput(f"{file} cannot be read: {problem.strerror}.", "Nothing was imported.") from None


def _is_passed_over(name: str) -> bool:
    flags = _FLAGS.search(name)
    return flags is not None and not _PASSED_OVER.isdisjoint(flags[1])


def mails_in(source: Source, limits: Limits = LIMITS) -> Iterator[RawMail]:
    """The source's mails, holding one at a time and never more than `limits.sealed_bytes` of it in memory.

    What a Maildir or Mozilla marks as thrown away, and drafts, are `skipped`. A file that has gone since is passed
    over: its reader moved it. Raises BadInput when it cannot be read any more.
    """
    try:
        with source.path.open("rb") as file:
            if source.is_mbox:
                yield from _mbox(source.path, file, limits)
            else:
                size = os.fstat(file.fileno()).st_size
                most = size if size <= limits.sealed_bytes else limits.message_bytes
                content = file.read(most)
                # a file that grows while it is read ends where it ended when we looked
                yield RawMail(str(source.path), content, max(size, len(content)), size, source.skipped)
    except FileNotFoundError:
        return
    except OSError as problem:
        raise BadInput(
            f"{source.path} cannot be read: {problem.strerror}.", "The files read before it were imported."
        ) from None


class _Collected:
    """The lines of one mail, dropped beyond what may be kept."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lines: list[bytes] = []
        self._kept = 0
        self.size = 0

    def add(self, line: bytes) -> None:
        self.size += len(line)
        if self._kept < self._limits.sealed_bytes:
            self._lines.append(line)
            self._kept += len(line)

    def content(self) -> bytes:
        """The whole mail, or its beginning where it is larger than quarantine keeps."""
        joined = b"".join(self._lines)
        return joined if self.size <= self._limits.sealed_bytes else joined[: self._limits.message_bytes]


def _mbox(path: Path, file: BinaryIO, limits: Limits) -> Iterator[RawMail]:
    """RFC 4155 with the common ways of dating and escaping: a mail begins at a From_ line that a header follows;
    `>From ` loses its `>`."""
    number, done, collected = 0, 0, _Collected(limits)
    at_line_start, after_empty = True, False
    for line, following in _with_next(_lines(file)):
        done += len(line)
        if number == 0:
            line = line.removeprefix(_BOM)
            if not line.startswith(b"From "):
                continue  # empty lines before the first mail
        if at_line_start and (number == 0 or _separates(line, following, after_empty=after_empty)):
            if number:
                yield _one_of(path, number, collected, done - len(line))
            number, collected = number + 1, _Collected(limits)
        else:
            collected.add(line[1:] if at_line_start and _ESCAPED.match(line) else line)
        after_empty = at_line_start and not line.strip(b"\r\n")
        at_line_start = line.endswith(b"\n")
    if number:
        yield _one_of(path, number, collected, done)


def _separates(line: bytes, following: bytes, *, after_empty: bool) -> bool:
    """Whether a mail begins behind this line: it looks like that, and a header follows."""
    if not line.startswith(b"From "):
        return False
    if _SEPARATOR.fullmatch(line):
        return (_HEADER if after_empty else _KNOWN_HEADER).match(following) is not None
    return (
        after_empty
        and len(line) <= _LONGEST_SEPARATOR
        and _KNOWN_HEADER.match(following) is not None
        and _OTHER_DATE.fullmatch(line) is not None
    )


def _one_of(path: Path, number: int, collected: _Collected, done: int) -> RawMail:
    content = collected.content()
    status = _STATUS.match(content)
    skipped = status is not None and bool(int(status[1], 16) & _EXPUNGED)
    return RawMail(f"{path}, mail {number}", content, collected.size, done, skipped)


def _with_next(lines: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Each line with the one after it, empty at the end."""
    before: bytes | None = None
    for line in lines:
        if before is not None:
            yield before, line
        before = line
    if before is not None:
        yield before, b""


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The file's lines, none longer than a bound; lines that end in a carriage return alone end in a line feed, and
    those that have it behind their line feed have it before."""
    start = file.read(_LOOKED_AT)
    file.seek(0)
    if LF_CR.match(start):
        yield from _turned_round(file)
        return
    if b"\n" in start or b"\r" not in start:
        while line := file.readline(_LONGEST_LINE):
            yield line
        return
    rest = b""
    while chunk := file.read(_LONGEST_LINE):
        *whole, rest = (rest + chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n").splitlines(keepends=True)
        yield from whole
        if rest.endswith(b"\n") or len(rest) > _LONGEST_LINE:
            yield rest
            rest = b""
    if rest:
        yield rest


def _turned_round(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file in which a carriage return stands behind each line feed, so that the next one begins with
    it: they end in both the usual way."""
    begins = False
    while line := file.readline(_LONGEST_LINE):
        content = line.removeprefix(b"\r") if begins else line
        begins = line.endswith(b"\n")
        if content:
            yield content[:-1] + b"\r\n" if begins else content

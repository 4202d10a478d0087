"""Where mail lies: single files, mbox files, Maildir folders and folders of .eml files, read one mail at a time."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cs_console.errors import BadInput
from cs_console.intake.incoming import LIMITS, Limits

_SEPARATOR = re.compile(
    rb"From .*\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +"
    rb"(?:[A-Z][a-z]{2} +\d{1,2}|\d{1,2} +[A-Z][a-z]{2})\b.*\d\d:\d\d.*\r?\n?"
)
_ESCAPED = re.compile(rb">+From ")
_LONGEST_LINE = 1024 * 1024
_MAIL_ENDINGS = frozenset({".eml", ".mbox", ".mbx"})


@dataclass(frozen=True, slots=True)
class Source:
    """One file with one mail, or with many."""

    path: Path
    size: int
    is_mbox: bool


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail's bytes as they lie there; only the beginning of one that is too large even for quarantine."""

    place: str
    content: bytes
    size: int
    done: int
    """Bytes of the source read so far."""


def find_sources(paths: Sequence[Path]) -> tuple[Source, ...]:
    """Every file to read, in order. Raises BadInput naming the first path that is not there, cannot be read or
    holds no mail; nothing has been read by then."""
    found: list[Source] = []
    for path in paths:
        if not path.exists():
            raise BadInput(f"{path} does not exist.", "Nothing was imported.")
        files = _files_in(path) if path.is_dir() else [path]
        if not files:
            raise BadInput(
                f"{path} contains no mail.", "Name a message, an mbox file, a Maildir or a folder of .eml files."
            )
        found += [_source(file) for file in files]
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
            begins = opened.read(5)
        return Source(file, file.stat().st_size, begins == b"From ")
    except OSError as problem:
        raise BadInput(f"{file} cannot be read: {problem.strerror}.", "Nothing was imported.") from None


def mails_in(source: Source, limits: Limits = LIMITS) -> Iterator[RawMail]:
    """The source's mails, holding one at a time and never more than `limits.sealed_bytes` of it in memory.

    A file that has gone since is passed over: its reader moved it. Raises BadInput when it cannot be read any more.
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
                yield RawMail(str(source.path), content, max(size, len(content)), size)
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
    """RFC 4155 with the common ways of escaping: a mail begins at a From_ line with a date, `>From ` loses its `>`."""
    number, done, collected = 0, 0, _Collected(limits)
    at_line_start = True
    while line := file.readline(_LONGEST_LINE):
        done += len(line)
        if at_line_start and (_SEPARATOR.fullmatch(line) or (number == 0 and line.startswith(b"From "))):
            if number:
                yield RawMail(f"{path}, mail {number}", collected.content(), collected.size, done)
            number, collected = number + 1, _Collected(limits)
        else:
            collected.add(line[1:] if at_line_start and _ESCAPED.match(line) else line)
        at_line_start = line.endswith(b"\n")
    if number:
        yield RawMail(f"{path}, mail {number}", collected.content(), collected.size, done)

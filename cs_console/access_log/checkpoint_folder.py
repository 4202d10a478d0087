"""A second place for checkpoints that is a folder: one file that only grows. It should not stand on the same disk."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cs_console.access_log.signed_note import ORIGIN_PREFIX, NotANote, SignedNote, read_note
from cs_console.errors import StoreUnavailable

FILE_NAME = "checkpoints.txt"
_TAIL_BYTES = 4096


def append_notes(folder: Path, notes: Iterable[str]) -> None:
    """Append notes durably, an empty line after each; file and folder are their owner's alone. Raises OSError."""
    _append(folder / FILE_NAME, "".join(note + "\n" for note in notes), "\n\n")


def append_line(file: Path, line: str) -> None:
    """Append one line durably to a file that only grows, its owner's alone. Raises OSError."""
    _append(file, line + "\n", "\n")


def replace_file(file: Path, text: str) -> None:
    """Replace a file in one durable step, its owner's alone. Raises OSError."""
    handle, made = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        Path(made).replace(file)
    finally:
        Path(made).unlink(missing_ok=True)


def _append(file: Path, text: str, end: str) -> None:
    """Append, after `end` where a crash cut what was written before."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(handle).st_size
        whole = size == 0 or os.pread(handle, len(end), max(0, size - len(end))) == end.encode()
        left = (("" if whole else end) + text).encode()
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def kept_notes(folder: Path) -> Iterator[str]:
    """Every note in the second place, oldest first; none where there is no such file.

    The text between two origin lines is returned unchanged, even after a torn write. Raises StoreUnavailable.
    """
    try:
        with (folder / FILE_NAME).open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            yield from split_notes(file)
    except FileNotFoundError:
        return
    except OSError as problem:
        raise StoreUnavailable(
            f"The checkpoints in {folder} cannot be read: {problem.strerror}.", "Check the folder's permissions."
        ) from None


def split_notes(lines: Iterable[str]) -> Iterator[str]:
    """The notes in a text that holds one after the other: each begins with its origin line."""
    note: list[str] = []
    for line in lines:
        if line.startswith(ORIGIN_PREFIX) and note:
            yield _trimmed(note)
            note = []
        if note or line.strip():
            note.append(line)
    if note:
        yield _trimmed(note)


def _trimmed(lines: list[str]) -> str:
    while len(lines) > 1 and lines[-1] == "\n":
        lines.pop()
    return "".join(lines)


def set_aside(folder: Path, at: datetime) -> Path | None:
    """Keep what was stated so far under another name and start again: for a desk that was restored from a backup.

    Returns where it is kept, None where there was nothing. `at` is in UTC. Raises OSError.
    """
    kept = folder / f"checkpoints-{at:%Y%m%dT%H%M%SZ}.txt"
    try:
        (folder / FILE_NAME).rename(kept)
    except FileNotFoundError:
        return None
    return kept


def newest_kept(folder: Path) -> SignedNote | None:
    """The last whole note in the second place, read from its end. Raises OSError (but not for a missing file)."""
    try:
        with (folder / FILE_NAME).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            tail = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    for note in reversed(list(split_notes(tail.splitlines(keepends=True)))):
        with suppress(NotANote):
            return read_note(note)
    return None

"""What was stated of the log's head outside the database: a line for each value shown, written before it was.

Checkpoints come every minute: an attacker who can write to the database, without a key, could cut what was recorded
since the last one. Each host appends to a file of its own in the checkpoints' folder. A line is the head as the
database holds it, with its keyed hash, so that no one makes one without the desk's key.
"""

import base64
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from time import time_ns
from typing import TYPE_CHECKING

from cs_console.access_log.canonical import entry_bytes
from cs_console.access_log.checkpoint_folder import append_line
from cs_console.access_log.head import TAG_BYTES, genuine_tree, head_tag
from cs_console.access_log.merkle import Frontier, leaf_hash
from cs_console.access_log.stored_log import NoTable, StoredLog, stored_log
from cs_console.errors import HeadNotStated

if TYPE_CHECKING:
    from cs_console.desk import Desk

_PREFIX = "head-"
_MOVED_TO_SET_ASIDE = "set-aside-"
_TRIES = 5
_TAIL_BYTES = 8192
"""More than the newest line needs: 64 hashes at most."""
LONGEST_LOOK = 2_000
"""So many entries are held against a statement while the header waits; what is longer is left to `log verify`."""
_WHOLE = re.compile(rb"(\d{1,18}) ([A-Za-z0-9+/]*={0,2}) ([0-9a-f]{%d})" % (2 * TAG_BYTES))
_CUT = re.compile(
    rb"\d{0,18}|\d{1,18} [A-Za-z0-9+/]*={0,2}|\d{1,18} [A-Za-z0-9+/]*={0,2} [0-9a-f]{0,%d}" % (2 * TAG_BYTES - 1)
)
"""A line whose end a crash cut off."""


@dataclass(frozen=True)
class Stated:
    """What the files of a folder state. `trees`: the genuine heads, smallest first. `changed`: files with a line that
    is not as a console wrote it. `torn`: files in which a crash cut a line; what it would have stated was not shown.
    """

    trees: tuple[Frontier, ...]
    changed: tuple[Path, ...]
    torn: tuple[Path, ...]


class HeadFile:
    """This host's file of stated heads. It is kept open; several consoles of one host append to it at once."""

    def __init__(self, folder: Path, host: str) -> None:
        self.path = folder / f"{_PREFIX}{re.sub(r'[^A-Za-z0-9.-]', '_', host)[:64]}.txt"
        self._lock = Lock()
        self._handle: int | None = None

    def state(self, tree: Frontier, tag: bytes) -> None:
        """Append this head durably. Raises HeadNotStated, and then nothing may be shown."""
        try:
            with self._lock:
                self._append(line_of(tree, tag))
        except OSError as problem:
            why = (problem.strerror or "it cannot be written").lower()
            raise HeadNotStated(
                f"The access log's state cannot be written outside the database: {self.path.parent}: {why}.",
                "Nothing was shown; check the folder's permissions and space.",
            ) from None

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._close()

    def _append(self, line: bytes) -> None:
        # the newline before it: what another process's crash cut off stays a line of its own
        text = b"\n" + line + b"\n"
        for _ in range(_TRIES):
            handle = self._open()
            left = text
            try:
                while left:
                    left = left[os.write(handle, left) :]
                _sync(handle)
            except OSError:
                self._close()
                raise
            if self._in_place(handle):
                return
            self._close()  # it was compacted or set aside meanwhile: perhaps before this line was in it
        raise OSError(None, "it keeps being replaced")

    def _open(self) -> int:
        if self._handle is not None and not self._in_place(self._handle):
            self._close()
        if self._handle is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            is_new = not self.path.exists()
            self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            if is_new:
                _sync_folder(self.path.parent)
        return self._handle

    def _in_place(self, handle: int) -> bool:
        try:
            there, mine = self.path.stat(), os.fstat(handle)
        except FileNotFoundError:
            return False
        return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def line_of(tree: Frontier, tag: bytes) -> bytes:
    """A head as a line, without its end."""
    return b"%d %s %s" % (tree.size, base64.b64encode(tree.packed), tag.hex().encode())


def stated_heads(folder: Path, key: bytes) -> Stated:
    """Everything that is stated in the folder. Read it before the log: what is in it was committed earlier.

    Raises OSError (but not for a folder that is not there).
    """
    return _read_lines(_contents(folder), key)


def _read_lines(contents: Sequence[tuple[Path, bytes]], key: bytes) -> Stated:
    trees: dict[tuple[int, bytes], Frontier] = {}
    changed, torn = set(), set()
    for file, content in contents:
        for line in content.split(b"\n"):
            if not line:
                continue
            tree = _tree_of(line, key)
            if tree is not None:
                trees[tree.size, tree.packed] = tree
            elif _CUT.fullmatch(line):
                torn.add(file)
            else:
                changed.add(file)
    in_order = sorted(trees.values(), key=lambda tree: tree.size)
    return Stated(tuple(in_order), tuple(sorted(changed)), tuple(sorted(torn)))


def newest_stated(folder: Path, key: bytes) -> Frontier | None:
    """The largest head that the ends of the files state, quickly. Raises OSError."""
    ends = [line for _, content in _contents(folder, _TAIL_BYTES) for line in content.split(b"\n")]
    trees = [tree for line in ends if (tree := _tree_of(line, key)) is not None]
    return max(trees, key=lambda tree: tree.size, default=None)


def log_holds(stored: StoredLog, key: bytes, trees: Sequence[Frontier]) -> bool:
    """Whether the stored log is what these heads (smallest first) state, grown: costs what came after the first."""
    head = genuine_tree(key, stored.head())
    if head is None or not trees:
        return head is not None
    grown, left = Frontier(trees[0].size, trees[0].packed), list(trees[1:])
    if max(tree.size for tree in trees) > head.size:
        return False
    try:
        for row in _rows(stored, grown.size):
            while left and left[0].size == grown.size:
                if left.pop(0).packed != grown.packed:
                    return False
            grown.append(leaf_hash(entry_bytes(row)))
    except (TypeError, ValueError):  # a column that holds what the console never writes
        return False
    return all(tree.packed == grown.packed for tree in left) and grown.packed == head.packed


def stands_against(desk: "Desk") -> str:
    """A sentence where the stored log is not what was stated of it, grown; "" where it is.

    Raises StoreUnavailable, KeyUnavailable.
    """
    folder = desk.settings.checkpoint_folder
    try:
        stated = stated_heads(folder, desk.log_tag_key)
    except OSError as problem:
        return f"The statements of the access log in {folder} cannot be read: {problem.strerror}."
    if stated.changed:
        return f"A statement of the access log was changed: {stated.changed[0]}."
    if stated.trees and not _holds(desk, stated.trees):
        return (
            f"The access log differs from its statement in {folder}: it was cut, reset to an older state, or rewritten."
        )
    return ""


def newest_holds(desk: "Desk") -> bool:
    """Whether the log is what its newest statement says, grown; quick, for the header.

    Raises OSError, StoreUnavailable, KeyUnavailable.
    """
    key = desk.log_tag_key
    newest = newest_stated(desk.settings.checkpoint_folder, key)
    if newest is None:
        return True
    try:
        with stored_log(desk.database) as stored:
            head = genuine_tree(key, stored.head())
            if head is None or newest.size > head.size:
                return False
            return head.size - newest.size > LONGEST_LOOK or log_holds(stored, key, (newest,))
    except NoTable:
        return False


def compact(desk: "Desk", size: int) -> None:
    """Put one line in the place of those that a checkpoint of this size covers, in this host's file.

    Nothing is dropped while the log is not what was stated: it is what tells so. The newest line is never lost: the
    file is moved away, then read, and a console that wrote to it meanwhile notices and writes again. Raises OSError,
    StoreUnavailable, KeyUnavailable.
    """
    path, key = desk.head_file.path, desk.log_tag_key
    for left in path.parent.glob(f"{path.name}.*"):  # of a compaction that was killed
        _give_back(left, path)
    here = _read_lines([(path, path.read_bytes() if path.exists() else b"")], key)
    mine = [tree for tree in here.trees if tree.size <= size]
    if len(mine) < 2 or here.changed:
        return
    covering = _tree_at(desk, mine, size)
    if covering is None:
        return
    moved = path.with_name(f"{path.name}.{time_ns()}")
    path.rename(moved)
    kept = [tree for tree in _trees_in(moved, key) if tree.size > size]
    _write_lines(path, key, (covering, *kept))
    moved.unlink()


def set_heads_aside(folder: Path, at: datetime) -> None:
    """Keep what was stated under other names: for a desk that was restored from a backup. Raises OSError."""
    for file in _files(folder):
        with suppress(FileNotFoundError):
            file.rename(folder / f"{_MOVED_TO_SET_ASIDE}{at:%Y%m%dT%H%M%SZ}-{file.name}")


def _holds(desk: "Desk", trees: Sequence[Frontier]) -> bool:
    try:
        with stored_log(desk.database) as stored:
            return log_holds(stored, desk.log_tag_key, trees)
    except NoTable:
        return False


def _tree_at(desk: "Desk", trees: Sequence[Frontier], size: int) -> Frontier | None:
    """The stored log's tree at that size, None where it is not what the trees state, grown."""
    with suppress(NoTable, TypeError, ValueError), stored_log(desk.database) as stored:
        if not log_holds(stored, desk.log_tag_key, trees):
            return None
        tree = Frontier(trees[-1].size, trees[-1].packed)
        for row in _rows(stored, tree.size):
            if tree.size == size:
                break
            tree.append(leaf_hash(entry_bytes(row)))
        return tree if tree.size == size else None
    return None


def _rows(stored: StoredLog, after: int) -> Iterator[tuple[object, ...]]:
    for batch in stored.entries(after=after):
        yield from batch


def _give_back(left: Path, path: Path) -> None:
    with suppress(FileNotFoundError):
        for line in left.read_bytes().split(b"\n"):
            if line:
                append_line(path, line.decode("ascii", "replace"))
        left.unlink()


def _write_lines(path: Path, key: bytes, trees: Sequence[Frontier]) -> None:
    append_line(path, "\n".join(line_of(tree, head_tag(key, tree)).decode() for tree in trees))


def _trees_in(file: Path, key: bytes) -> list[Frontier]:
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    trees = [tree for line in lines if (tree := _tree_of(line, key)) is not None]
    return sorted(trees, key=lambda tree: tree.size)


def _tree_of(line: bytes, key: bytes) -> Frontier | None:
    whole = _WHOLE.fullmatch(line)
    if whole is None:
        return None
    size, packed, tag = whole.groups()
    with suppress(ValueError):
        return genuine_tree(key, (int(size), base64.b64decode(packed, validate=True), bytes.fromhex(tag.decode())))
    return None


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{_PREFIX}*.txt*"))


def _contents(folder: Path, tail: int | None = None) -> list[tuple[Path, bytes]]:
    """Every file with its content, or its end: read again where one was moved meanwhile."""
    for _ in range(_TRIES):
        files = _files(folder)
        with suppress(FileNotFoundError):
            found = [(file, _read(file, tail)) for file in files]
            if _files(folder) == files:
                return found
    raise OSError(None, "its files keep being replaced")


def _read(file: Path, tail: int | None) -> bytes:
    with file.open("rb") as opened:
        if tail is not None:
            opened.seek(max(0, opened.seek(0, os.SEEK_END) - tail))
        return opened.read()


def _sync(handle: int) -> None:
    getattr(os, "fdatasync", os.fsync)(handle)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def state_head(desk: "Desk", tree: Frontier) -> None:
    """State outside the database that the log is this far, durably, before what was recorded is shown.

    Raises HeadNotStated.
    """
    desk.head_file.state(tree, head_tag(desk.log_tag_key, tree))

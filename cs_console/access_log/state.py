"""The log's state at a glance, cheap enough for the header of every screen. The proof is verify.py's."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, select
from sqlmodel import col

from cs_console.access_log.append import COLUMNS, entry_tag, head_tag
from cs_console.access_log.canonical import entry_bytes
from cs_console.access_log.checkpoint import checkpoint_tag
from cs_console.access_log.merkle import Frontier, leaf_hash
from cs_console.access_log.second_place import newest_kept
from cs_console.access_log.signed_note import NotANote, SignedNote, read_note
from cs_console.errors import StoreUnavailable
from models import log
from models.columns import from_microseconds

if TYPE_CHECKING:
    from cs_console.desk import Office

_HEAD = select(col(log.LogHead.size), col(log.LogHead.frontier), col(log.LogHead.tag)).where(col(log.LogHead.id) == 1)
_NEWEST_ENTRY = (
    select(*(col(getattr(log.LogEntry, name)) for name in COLUMNS)).order_by(col(log.LogEntry.seq).desc()).limit(1)
)
_NEWEST_CHECKPOINT = (
    select(col(log.Checkpoint.size), col(log.Checkpoint.at), col(log.Checkpoint.note), col(log.Checkpoint.tag))
    .order_by(col(log.Checkpoint.size).desc())
    .limit(1)
)


@dataclass(frozen=True)
class LogState:
    """What the header says. `ok`: True when head, newest entry, newest checkpoint and second place agree, False
    when they do not, None when the store cannot be asked now. `copied`: whether the second place has the newest
    checkpoint.
    """

    ok: bool | None
    size: int
    last_checkpoint_at: datetime | None
    last_checkpoint_size: int
    copied: bool


def log_state(office: "Office") -> LogState:
    """Look at both ends of the log only. Never raises for a store that is away."""
    try:
        # the second place first: what it states was committed to the log earlier
        kept = newest_kept(office.settings.checkpoint_folder)
    except OSError:
        kept = None
    try:
        key = office.log_tag_key
        with office.database.reading() as session:
            connection = session.connection()
            head = connection.execute(_HEAD).first()
            entry = connection.execute(_NEWEST_ENTRY).first()
            checkpoint = connection.execute(_NEWEST_CHECKPOINT).first()
    except StoreUnavailable:
        return LogState(None, 0, None, 0, False)
    size, root = _genuine_head(key, head)
    stated = _genuine_checkpoint(key, checkpoint)
    ok = size is not None and _newest_entry_fits(key, entry, size) and (checkpoint is None or stated is not None)
    for note in (stated, kept):
        if note is not None and size is not None:
            ok = ok and (note.size < size or (note.size == size and note.root == root))
    return LogState(
        ok=ok,
        size=size if size is not None else 0,
        last_checkpoint_at=from_microseconds(checkpoint[1]) if checkpoint is not None and stated else None,
        last_checkpoint_size=stated.size if stated else 0,
        copied=stated is None or (kept is not None and kept.size >= stated.size),
    )


def _genuine_head(key: bytes, row: Row[*tuple[Any, ...]] | None) -> tuple[int | None, bytes]:
    if row is None:
        return None, b""
    size, packed, tag = row
    try:
        root = Frontier(size, packed).root()
        return (size if head_tag(key, size, root) == tag else None), root
    except (TypeError, ValueError, OverflowError):
        return None, b""


def _newest_entry_fits(key: bytes, row: Row[*tuple[Any, ...]] | None, size: int) -> bool:
    if row is None:
        return size == 0
    try:
        return bool(row[0] == size and entry_tag(key, leaf_hash(entry_bytes(tuple(row)))) == row[-1])
    except (TypeError, ValueError):
        return False


def _genuine_checkpoint(key: bytes, row: Row[*tuple[Any, ...]] | None) -> SignedNote | None:
    if row is None:
        return None
    size, at, text, tag = row
    try:
        note = read_note(text)
        return note if note.size == size and checkpoint_tag(key, size, at, text) == tag else None
    except (NotANote, TypeError, ValueError):
        return None

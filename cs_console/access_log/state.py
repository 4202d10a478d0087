"""The log's state at a glance, cheap enough for the header of every screen. The proof is verify.py's."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, select
from sqlmodel import col

from cs_console.access_log.canonical import COLUMNS, entry_bytes
from cs_console.access_log.checkpoint import checkpoint_tag, same_statement, stored_note
from cs_console.access_log.checkpoint_store import checkpoint_store_of
from cs_console.access_log.clocks import clock_difference
from cs_console.access_log.head import HEAD, entry_tag, genuine_tree
from cs_console.access_log.merkle import Frontier, leaf_hash
from cs_console.access_log.signed_note import NotANote, SignedNote, read_note
from cs_console.access_log.stated_heads import newest_holds
from cs_console.errors import StoreUnavailable
from models import log
from models.columns import from_microseconds

if TYPE_CHECKING:
    from cs_console.desk import Desk

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
    """What the header says. `ok`: True when head, newest entry, newest checkpoint, second place and the newest head
    that was stated outside the database agree, False when they do not, None when the store cannot be asked now.
    `copied`: whether the second place has the newest checkpoint.
    """

    ok: bool | None
    size: int
    last_checkpoint_at: datetime | None
    last_checkpoint_size: int
    copied: bool
    clock: str = ""
    """Where this host's clock differs from the desk's time, the database server's clock or another host's."""


def log_state(desk: "Desk") -> LogState:
    """Look at both ends of the log only. Never raises for a store that is away."""
    try:
        # the second place first: what it states was committed to the log earlier
        kept = checkpoint_store_of(desk.settings).newest()
    except OSError:
        kept = None
    try:
        key = desk.log_tag_key
        with desk.database.reading() as db:
            connection = db.connection()
            tree = genuine_tree(key, connection.execute(HEAD).first())
            entry = connection.execute(_NEWEST_ENTRY).first()
            checkpoint = connection.execute(_NEWEST_CHECKPOINT).first()
            known = None if kept is None else stored_note(db, kept.size)
        stated_too = newest_holds(desk)
    except StoreUnavailable:
        return LogState(None, 0, None, 0, False)
    except OSError:
        stated_too = False
    stated = _genuine_checkpoint(key, checkpoint)
    if tree is not None and entry is not None and _newest_entry_fits(key, entry, tree.size):
        desk.clock.seen(from_microseconds(entry[1]))
    ok = (
        stated_too
        and tree is not None
        and _newest_entry_fits(key, entry, tree.size)
        and (checkpoint is None or (stated is not None and _holds(stated, tree)))
        and (kept is None or same_statement(known, kept))  # what the second place states last is still stated here
    )
    return LogState(
        ok=ok,
        size=tree.size if tree is not None else 0,
        last_checkpoint_at=from_microseconds(checkpoint[1]) if checkpoint is not None and stated else None,
        last_checkpoint_size=stated.size if stated else 0,
        copied=stated is None or (kept is not None and kept.size >= stated.size),
        clock=clock_difference(desk),
    )


def _holds(stated: SignedNote, tree: Frontier) -> bool:
    return stated.size < tree.size or (stated.size == tree.size and stated.root == tree.root())


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

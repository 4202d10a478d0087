"""Checkpoints: signed statements of the log's size and root, kept in the database and in a second place.

The signing key lies outside the database (SECURITY.md, Access log). What a checkpoint has stated cannot be taken
back: a log that no longer contains it was put back, cut or rewritten.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Row, func, select, text
from sqlmodel import Session, col

from cs_console.access_log.canonical import canonical
from cs_console.access_log.checkpoint_store import NotKept, checkpoint_store_of
from cs_console.access_log.head import CHECKPOINT_ENTRIES, HEAD, entry_tag, genuine_tree
from cs_console.access_log.signed_note import (
    ORIGIN_PREFIX,
    NotANote,
    NoteSignature,
    SignedNote,
    checkpoint_text,
    key_id,
    note_text,
    read_note,
)
from cs_console.access_log.stated_heads import compact
from cs_console.access_log.stored_log import NoTable
from cs_console.errors import LogBroken, NoDesk
from cs_console.key_files import KEY_BYTES, read_key_file, write_key_file
from models import log
from models.columns import from_microseconds, microseconds
from models.desk_identity import DeskIdentity

if TYPE_CHECKING:
    from cs_console.desk import Desk

CHECKPOINT_SECONDS = 60

_NEWEST = select(col(log.Checkpoint.size), col(log.Checkpoint.at), col(log.Checkpoint.note)).order_by(
    col(log.Checkpoint.size).desc()
)

_APPEND = text("SELECT append_checkpoint(:size, :at, :note, :tag)")
"""On a server checkpoints are appended by a function of the tables' owner (migration 0014)."""
_ONE_SIGNS = select(func.pg_advisory_xact_lock(0x6C6F677369676E))  # "logsign" in ASCII


@dataclass(frozen=True)
class Checkpoint:
    """One signed statement. `problem` is a sentence when the second place could not be written this time."""

    size: int
    root: bytes
    at: datetime
    note: str
    problem: str = ""


@dataclass(frozen=True)
class LogSigner:
    """The desk's signing key under the log's name, "cs-console/<desk id>"."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> "LogVerifier":
        return LogVerifier(self.name, self.key.public_key())

    def sign(self, size: int, root: bytes) -> str:
        """The signed note that says: this log had `size` entries and this root."""
        text = checkpoint_text(self.name, size, root)
        signature = NoteSignature(self.name, self.verifier.key_id, self.key.sign(text.encode()))
        return note_text(text, (signature,))


@dataclass(frozen=True)
class LogVerifier:
    """Whose signature a checkpoint must carry."""

    name: str
    public: Ed25519PublicKey

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, self.public.public_bytes_raw())

    def knows(self, note: SignedNote) -> bool:
        """Whether the note is about this log and names this key, right signature or not."""
        return note.origin == self.name and any(
            s.name == self.name and s.key_id == self.key_id for s in note.signatures
        )

    def accepts(self, note: SignedNote) -> bool:
        """Whether the note is about this log and every signature that names this key is right, at least one."""
        mine = [s for s in note.signatures if s.name == self.name and s.key_id == self.key_id]
        try:
            for signature in mine:
                self.public.verify(signature.signature, note.text.encode("utf-8", "surrogateescape"))
        except InvalidSignature:
            return False
        return note.origin == self.name and bool(mine)


def make_log_key(path: Path) -> None:
    """Write a new signing key, readable by its owner alone. An existing file is left as it is."""
    write_key_file(path, secrets.token_bytes(KEY_BYTES))


def log_signer(db: Session, desk: "Desk") -> LogSigner:
    """The desk's signer. Raises KeyUnavailable naming the key file."""
    desk_id = db.connection().execute(select(col(DeskIdentity.id))).scalar()
    if desk_id is None:
        raise NoDesk("This database has no desk.", "Create one with `cs-console init`.")
    key = read_key_file(desk.settings.log_key_path)
    return LogSigner(f"{ORIGIN_PREFIX}{desk_id}", Ed25519PrivateKey.from_private_bytes(key))


def checkpoint_tag(key: bytes, size: object, at: object, note: object) -> bytes:
    """A keyed hash over a stored checkpoint's columns. Raises TypeError or ValueError for what no column holds."""
    return entry_tag(key, canonical(("checkpoint", size, at, note, None, None)))  # as on every older desk


def latest(desk: "Desk") -> Checkpoint | None:
    """The newest checkpoint in the database."""
    with desk.database.reading() as db:
        return _newest(db)


def write_checkpoint(desk: "Desk", force: bool = False) -> Checkpoint | None:
    """Sign the current log if that is due; None if it is not.

    Due: 256 new entries, or any new entry and 60 s since the last checkpoint; with `force`, any new entry. The
    note is committed first and copied to the second place then; a copy that fails is made good with the next
    one. Raises LogBroken when the head was moved (such a log is not signed), KeyUnavailable, StoreUnavailable.
    """
    if not force:
        with desk.database.reading() as db:
            if _due(db, desk, force) is None:
                return None
    with desk.database.transaction() as db:
        if not desk.database.is_sqlite:
            db.connection().execute(_ONE_SIGNS)
        # not locked, so that no one waits for a signature: later entries belong to the next checkpoint
        head = _due(db, desk, force)
        if head is None:
            return None  # another console was quicker
        tree = genuine_tree(desk.log_tag_key, head)
        if tree is None:
            raise LogBroken("The access log's head was changed.", "It was not signed; run `cs-console log verify`.")
        at = microseconds(desk.clock.now())
        note = log_signer(db, desk).sign(tree.size, tree.root())
        tag = checkpoint_tag(desk.log_tag_key, tree.size, at, note)
        row = log.Checkpoint(size=tree.size, at=at, note=note, tag=tag)
        if desk.database.is_sqlite:
            db.add(row)
        elif not db.connection().execute(_APPEND, row.model_dump()).scalar_one():
            return None  # there is one of a later state
    made = Checkpoint(tree.size, tree.root(), from_microseconds(at), note)
    return replace(made, problem=copy_to_second_place(desk))


def copy_to_second_place(desk: "Desk") -> str:
    """Append what the second place lacks. Returns "" or a sentence that says why it could not be done.

    Nothing is added to a place whose newest checkpoint this database does not hold: what it states stays in sight.
    """
    place = checkpoint_store_of(desk.settings)
    try:
        place.take_what_waits()
        kept = place.newest()
        with desk.database.reading() as db:
            if kept is not None and not same_statement(stored_note(db, kept.size), kept):
                return (
                    f"The checkpoints in {place.name} belong to another log, or to a newer state of this one. "
                    "Run `cs-console log verify`."
                )
            newer = select(col(log.Checkpoint.note)).where(col(log.Checkpoint.size) > (kept.size if kept else -1))
            notes = db.connection().execute(newer.order_by(col(log.Checkpoint.size))).scalars().all()
        if notes:
            place.take(notes)
        newest = read_note(notes[-1]) if notes else kept
        if newest is not None:
            with suppress(OSError, NoTable):  # the file of stated heads stays longer than it has to
                compact(desk, newest.size)
    except (OSError, NotKept) as problem:
        why = problem.why if isinstance(problem, NotKept) else problem.strerror
        return f"The checkpoint could not be copied to {place.name}: {why}. It will be tried again."
    return ""


def same_statement(one: SignedNote | None, other: SignedNote) -> bool:
    """Whether both state the same; others may have signed the one and not the other (C2SP signed-note)."""
    return one is not None and one.text == other.text


def stored_note(db: Session, size: int) -> SignedNote | None:
    """The checkpoint of that size in the database; None where there is none that can be read."""
    found = db.connection().execute(select(col(log.Checkpoint.note)).where(col(log.Checkpoint.size) == size))
    try:
        return read_note(found.scalar() or "")
    except (NotANote, TypeError, AttributeError):  # a hand edit may have put anything there
        return None


def _newest(db: Session) -> Checkpoint | None:
    found = db.connection().execute(_NEWEST.limit(1)).first()
    if found is None:
        return None
    try:
        note = read_note(found[2])
    except NotANote:
        raise LogBroken(f"The checkpoint at {found[0]} was changed.", "Run `cs-console log verify`.") from None
    return Checkpoint(note.size, note.root, from_microseconds(found[1]), found[2])


def _due(db: Session, desk: "Desk", force: bool) -> Row[int, bytes, bytes] | None:
    """The current head, if it is to be signed now."""
    connection = db.connection()
    head = connection.execute(HEAD).first()
    last = connection.execute(_NEWEST.limit(1)).first()
    if head is None:
        raise LogBroken("The access log has no head.", "Run `cs-console log verify`.")
    fresh = int(head[0]) - (last[0] if last else 0)
    if fresh <= 0:
        return None
    waited = last is None or desk.clock.now() - from_microseconds(last[1]) >= timedelta(seconds=CHECKPOINT_SECONDS)
    return head if force or waited or fresh >= CHECKPOINT_ENTRIES else None

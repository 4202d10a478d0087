"""Appending to the access log, inside the caller's own transaction: no commit, no entry; no entry, no act."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, event, insert, update
from sqlmodel import Session, col

from cs_console.access_log.canonical import entry_bytes
from cs_console.access_log.head import HEAD, TAG_BYTES, genuine_tree, head_tag
from cs_console.access_log.merkle import EMPTY_ROOT, Frontier, leaf_hash
from cs_console.errors import LogBroken, Refusal
from cs_console.prepared import Prepared, Row, Step, first_rows, rows_written
from models.columns import microseconds
from models.enums import Action, Result
from models.log import LogEntry, LogHead

if TYPE_CHECKING:
    from cs_console.desk import Desk, Office

CHECKPOINT_ENTRIES = 256
"""After so many entries the log is signed, whatever the clock says."""

_TO_SIGN = "log to be signed"

_LOCK_HEAD = Prepared(HEAD.with_for_update())
_MOVE_HEAD = Prepared(
    update(LogHead)
    .where(col(LogHead.id) == 1)
    .values(size=bindparam("new_size"), frontier=bindparam("new_frontier"), tag=bindparam("new_tag"))
)
_INSERT = Prepared(insert(LogEntry))


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. It names fields, never their values; `requester` is a pseudonym."""

    action: Action
    outcome: Result = Result.DONE
    ticket: int | None = None
    requester: str | None = None
    fields: tuple[str, ...] = ()
    purpose: str = ""
    verification: str = ""
    seconds: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, from where: an account's name, its roles at that moment, a hash of its session, the host."""

    name: str
    roles: str
    session: str
    host: str


def entry_tag(key: bytes, leaf: bytes) -> bytes:
    """A keyed hash that lets the desk name the very entry that was touched."""
    return hashlib.blake2b(leaf, key=key, digest_size=TAG_BYTES).digest()


def append(session: Session, office: "Office", actor: Actor, entry: Entry, at: datetime) -> int:
    """Append one entry and return its number (from 1). It is durable when the caller's transaction commits.

    Locks the log's head until then, so that numbers have no gaps. Raises LogBroken when the head is missing or
    was moved by something else: then nothing may be shown.
    """
    seq = lock_log(session.connection(), office).append(actor, entry, at)
    if due_for_signing(seq):
        _sign_once_committed(session, office)
    return seq


def due_for_signing(seq: int) -> bool:
    """Whether a checkpoint is due once the entry of this number is committed."""
    return seq % CHECKPOINT_ENTRIES == 0


@dataclass(frozen=True, slots=True)
class LockedLog:
    """The log while one transaction holds its head: nobody else appends, and no act that is recorded is committed."""

    connection: Connection
    key: bytes = field(repr=False)
    tree: Frontier

    def append(self, actor: Actor, entry: Entry, at: datetime) -> int:
        """Append one entry and return its number; signing is then the caller's, see `due_for_signing`.

        Raises LogBroken when the store lets an entry vanish (a trigger or rule of somebody's can).
        """
        seq = self.tree.size + 1
        row = (
            seq,
            microseconds(at),
            actor.name,
            actor.roles,
            actor.session,
            actor.host,
            entry.action.value,
            entry.ticket,
            entry.requester,
            ",".join(entry.fields),
            entry.purpose,
            entry.verification,
            entry.outcome.value,
            entry.seconds,
            entry.reason,
        )
        leaf = leaf_hash(entry_bytes(row))
        stored = dict(zip(COLUMNS, (*row, entry_tag(self.key, leaf)), strict=True))
        self.tree.append(leaf)
        head = {
            "new_size": seq,
            "new_frontier": self.tree.packed(),
            "new_tag": head_tag(self.key, seq, self.tree.root()),
        }
        if rows_written(self.connection, (_INSERT, stored), (_MOVE_HEAD, head)) != [1, 1]:
            raise LogBroken("The access log did not take the entry.", "Nothing was shown; tell an admin.")
        return seq


def lock_log(connection: Connection, office: "Office") -> LockedLog:
    """Hold the log's head until the transaction ends. What is checked after this holds when the entry is committed.

    Raises LogBroken when the head is missing or was moved by something else.
    """
    return _locked(connection, office, _LOCK_HEAD.first(connection, {}))


def lock_log_and_look(connection: Connection, office: "Office", look: Step) -> tuple[LockedLog, Row | None]:
    """Lock the log, then ask one thing, in one round trip to a server: its answer is of after the lock."""
    head, found = first_rows(connection, (_LOCK_HEAD, {}), look)
    return _locked(connection, office, head), found


def _locked(connection: Connection, office: "Office", row: Row | None) -> LockedLog:
    key = office.log_tag_key
    tree = genuine_tree(key, row)
    if tree is None:
        what = "has no head" if row is None else "has a head that was changed"
        raise LogBroken(f"The access log {what}.", "Nothing was shown; run `cs-console log verify`.")
    return LockedLog(connection, key, tree)


def sign_now(office: "Office") -> None:
    """Sign the log as it stands. What was just committed stands, signed or not: the console's timer tries again."""
    from cs_console.access_log.checkpoint import write_checkpoint  # signing is rare, and slow to import

    with suppress(Refusal):
        write_checkpoint(office, force=True)


def _sign_once_committed(session: Session, office: "Office") -> None:
    if session.info.get(_TO_SIGN):
        return
    session.info[_TO_SIGN] = True

    def sign(_session: Session) -> None:
        session.info[_TO_SIGN] = False
        sign_now(office)

    event.listen(session, "after_commit", sign, once=True)


COLUMNS = (
    "seq",
    "at",
    "actor",
    "roles",
    "session",
    "host",
    "action",
    "ticket",
    "requester",
    "fields",
    "purpose",
    "verification",
    "outcome",
    "seconds",
    "reason",
    "tag",
)


def record(session: Session, desk: "Desk", entry: Entry) -> int:
    """Append an entry about something the desk's agent did, at the desk's own time."""
    return append(session, desk.office, desk.actor, entry, desk.office.clock.now())


def start_log(session: Session, office: "Office") -> None:
    """Give an empty store its log head."""
    session.add(LogHead(id=1, size=0, frontier=b"", tag=head_tag(office.log_tag_key, 0, EMPTY_ROOT)))

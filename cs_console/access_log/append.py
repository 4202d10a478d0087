"""Appending to the access log, inside the caller's own transaction: no commit, no entry; no entry, no act."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    bindparam,
    event,
    func,
    insert,
    literal_column,
    select,
    true,
    update,
)
from sqlmodel import Session, col

from cs_console.access_log.canonical import after_number, numbered
from cs_console.access_log.head import HEAD, TAG_BYTES, genuine_tree, head_tag
from cs_console.access_log.merkle import Frontier, leaf_hash
from cs_console.database import Transaction
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
    "about",
    "tag",
)

_LOCK_HEAD = Prepared(HEAD.with_for_update())
_QUEUE = 0x6C6F6768656164  # "loghead" in ASCII
_QUEUE_UP = Prepared(select().select_from(func.pg_advisory_xact_lock(bindparam("queue", _QUEUE, BigInteger))))
"""A server lets those who wait for a row try in turn, again and again; here they stand in one line."""
_HEAD_MOVED = (
    update(LogHead)
    .where(col(LogHead.id) == 1)
    .values(size=bindparam("seq"), frontier=bindparam("new_frontier"), tag=bindparam("new_tag"))
)
_MOVE_HEAD = Prepared(_HEAD_MOVED)
_INSERT = Prepared(insert(LogEntry))


def _both_or_neither() -> Prepared:
    """The entry and the moved head in one statement, which fails (by zero) where either is not written."""
    named: dict[str, BindParameter[object]] = {name: bindparam(name) for name in COLUMNS}
    entered = insert(LogEntry).values(named).returning(col(LogEntry.seq)).cte("entered")
    moved = _HEAD_MOVED.returning(col(LogHead.id)).cte("moved")
    return Prepared(select(literal_column("1 / count(*)")).select_from(entered.join(moved, true())))


_ENTER = _both_or_neither()


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. It names fields, never their values; `requester` is a pseudonym.

    `about` is what rules read: the ids and facts that the entry vouches for, by name. `reason` is for people.
    """

    action: Action
    outcome: Result = Result.DONE
    ticket: int | None = None
    requester: str | None = None
    fields: tuple[str, ...] = ()
    purpose: str = ""
    verification: str = ""
    seconds: int | None = None
    reason: str = ""
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, from where: an account's name, its roles at that moment, a hash of its session, the host."""

    name: str
    roles: str
    session: str
    host: str


class WrittenDown:
    """An entry as it is stored, all but its number. It is made before the head is held: others wait for what is done
    while it is.
    """

    __slots__ = ("after_number", "columns", "statement")

    def __init__(self, office: "Office", actor: Actor, entry: Entry, at: datetime) -> None:
        self.columns = (
            microseconds(at),
            actor.name,
            actor.roles,
            actor.session,
            actor.host,
            str(entry.action),
            entry.ticket,
            entry.requester,
            ",".join(entry.fields),
            entry.purpose,
            entry.verification,
            str(entry.outcome),
            entry.seconds,
            entry.reason,
            about_text(entry.about),
        )
        """Those of COLUMNS but the first and the last."""
        self.after_number = after_number(self.columns)
        self.statement = None
        if not office.database.is_sqlite:
            self.statement = _ENTER.on_the_line({}).copy()
            self.statement.fill_from("at", self.columns)


def about_text(about: Mapping[str, str]) -> str | None:
    """What an entry vouches for as its column holds it: JSON in one way only; None where it vouches for nothing."""
    return json.dumps(dict(sorted(about.items())), ensure_ascii=False, separators=(",", ":")) if about else None


def entry_tag(key: bytes, leaf: bytes) -> bytes:
    """A keyed hash that lets the desk name the very entry that was touched."""
    return hashlib.blake2b(leaf, key=key, digest_size=TAG_BYTES).digest()


def append(session: Session, office: "Office", actor: Actor, entry: Entry, at: datetime) -> int:
    """Append one entry and return its number (from 1). It is durable when the caller's transaction commits.

    Locks the log's head until then, so that numbers have no gaps. Raises LogBroken when the head is missing or
    was moved by something else: then nothing may be shown.
    """
    written = WrittenDown(office, actor, entry, at)
    seq = lock_log(session.connection(), office).append(written)
    if due_for_signing(seq):
        _sign_once_committed(session, office)
    return seq


def append_alone(office: "Office", actor: Actor, entry: Entry, at: datetime) -> int:
    """Append an entry that nothing else is committed with, and return its number; it is durable then.

    The quick way where many consoles append at once. Raises LogBroken, StoreUnavailable.
    """
    written = WrittenDown(office, actor, entry, at)
    with office.database.bare_transaction() as transaction:
        seq = lock_log(transaction, office).append(written)
    if due_for_signing(seq):
        sign_now(office)
    return seq


def due_for_signing(seq: int) -> bool:
    """Whether a checkpoint is due once the entry of this number is committed."""
    return seq % CHECKPOINT_ENTRIES == 0


class LockedLog:
    """The log while one transaction holds its head: nobody else appends, and no act that is recorded is committed."""

    __slots__ = ("key", "transaction", "tree")

    def __init__(self, transaction: Transaction, key: bytes, tree: Frontier) -> None:
        self.transaction = transaction
        self.key = key
        self.tree = tree

    def append(self, written: WrittenDown) -> int:
        """Append one entry and return its number; signing is then the caller's, see `due_for_signing`.

        Raises LogBroken when the store lets an entry vanish (a trigger or rule of somebody's can). On a server's line
        it is the transaction's last statement, and commits it.
        """
        tree, key = self.tree, self.key
        seq = tree.size + 1
        leaf = leaf_hash(numbered(seq, written.after_number))
        tree.append(leaf)
        known = {"seq": seq, "tag": entry_tag(key, leaf), "new_frontier": tree.packed, "new_tag": head_tag(key, tree)}
        if written.statement is not None and not isinstance(self.transaction, Connection):
            written.statement.fill(known)
            self.transaction.commit_with(written.statement, otherwise=_not_taken)
            return seq
        named = dict(zip(COLUMNS[1:], written.columns, strict=False))
        if rows_written(self.transaction, (_INSERT, named | known), (_MOVE_HEAD, known)) != [1, 1]:
            raise _not_taken()
        return seq


def _not_taken() -> LogBroken:
    return LogBroken("The access log did not take the entry.", "Nothing was shown; tell an admin.")


def lock_log(transaction: Transaction, office: "Office") -> LockedLog:
    """Hold the log's head until the transaction ends. What is checked after this holds when the entry is committed.

    Raises LogBroken when the head is missing or was moved by something else.
    """
    return _locked(transaction, office, first_rows(transaction, *_to_lock(transaction))[-1])


def lock_log_and_look(transaction: Transaction, office: "Office", look: Step) -> tuple[LockedLog, Row | None]:
    """Lock the log, then ask one thing, in one round trip to a server: its answer is of after the lock."""
    *_, head, found = first_rows(transaction, *_to_lock(transaction), look)
    return _locked(transaction, office, head), found


def _to_lock(transaction: Transaction) -> tuple[Step, ...]:
    on_file = isinstance(transaction, Connection) and transaction.dialect.name == "sqlite"
    return ((_LOCK_HEAD, {}),) if on_file else ((_QUEUE_UP, {}), (_LOCK_HEAD, {}))


def _locked(transaction: Transaction, office: "Office", row: Row | None) -> LockedLog:
    key = office.log_tag_key
    tree = genuine_tree(key, row)
    if tree is None:
        what = "has no head" if row is None else "has a head that was changed"
        raise LogBroken(f"The access log {what}.", "Nothing was shown; run `cs-console log verify`.")
    return LockedLog(transaction, key, tree)


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


def record(session: Session, desk: "Desk", entry: Entry) -> int:
    """Append an entry about something the desk's agent did, at the desk's own time."""
    return append(session, desk.office, desk.actor, entry, desk.office.clock.now())


def start_log(session: Session, office: "Office") -> None:
    """Give an empty store its log head."""
    session.add(LogHead(id=1, size=0, frontier=b"", tag=head_tag(office.log_tag_key, Frontier())))

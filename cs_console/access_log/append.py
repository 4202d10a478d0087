"""Appending to the access log, inside the caller's own transaction: no commit, no entry; no entry, no act."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    bindparam,
    column,
    event,
    insert,
    select,
    table,
    text,
    update,
)
from sqlmodel import Session, col

from cs_console.access_log.canonical import COLUMNS, entry_bytes, new_salt
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.head import CHECKPOINT_ENTRIES, HEAD, entry_tag, genuine_tree, head_tag
from cs_console.access_log.merkle import Frontier, leaf_hash
from cs_console.errors import ConsoleError, LogBroken
from cs_console.prepared import Prepared, Row, Step, all_rows, first_rows, rows_written
from models.columns import from_microseconds, microseconds
from models.log import LogEntry, LogHead

if TYPE_CHECKING:
    from cs_console.desk import Desk, DeskSession

CLOCKS_DIFFER = 5_000_000
"""In microseconds: up to this difference between two hosts' clocks, an entry is not checked again."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_TO_SIGN = "log to be signed"
_TO_READ_BACK = "entries to be read back"

_NEWEST_AT = select(col(LogEntry.at)).where(col(LogEntry.seq) == col(LogHead.size)).scalar_subquery()
_LOCK_HEAD = Prepared(HEAD.add_columns(_NEWEST_AT).with_for_update(of=LogHead))
_LOCK_ON_SERVER = Prepared(text("SELECT size, frontier, tag, newest_at FROM lock_log_head()"))
"""There the head is locked, and entries are appended, by functions of the tables' owner (migration 0014)."""
_ENTER = Prepared(text("SELECT append_entry(CAST(:entry AS json), :new_frontier, :new_tag)"))
_HEAD_MOVED = (
    update(LogHead)
    .where(col(LogHead.id) == 1)
    .values(size=bindparam("seq"), frontier=bindparam("new_frontier"), tag=bindparam("new_tag"))
)
_MOVE_HEAD = Prepared(_HEAD_MOVED)
_STORED: Select[*tuple[Any, ...]] = select(*(column(name) for name in COLUMNS)).select_from(table("log_entry"))
_READ_BACK = Prepared(_STORED.where(column("seq") == bindparam("seq", type_=BigInteger)))
_READ_ALL_BACK = Prepared(
    _STORED.where(
        column("seq").between(bindparam("first", type_=BigInteger), bindparam("last", type_=BigInteger))
    ).order_by(column("seq"))
)
"""Whether the store kept what it took: a trigger can delete or change an entry once it is in."""
_RUN_DEFERRED = Prepared(text("SET CONSTRAINTS ALL IMMEDIATE"))
"""Else a trigger could wait for the commit."""
_INSERT = Prepared(insert(LogEntry))
_SAVE = Prepared(text("SAVEPOINT part"))
_RELEASE = Prepared(text("RELEASE SAVEPOINT part"))
_UNDO = Prepared(text("ROLLBACK TO SAVEPOINT part"))


class PreparedEntry:
    """An entry as it is stored, all but its number. It is made before the head is held: others wait for what is done
    while it is.
    """

    __slots__ = ("actor", "as_json", "columns", "desk", "entry")

    def __init__(self, desk: "Desk", actor: Actor, entry: Entry, at: datetime) -> None:
        self.desk, self.actor, self.entry = desk, actor, entry
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
            new_salt(),
        )
        """Those of COLUMNS but the first and the last."""
        self.as_json = "" if desk.database.is_sqlite else _encode(dict(zip(COLUMNS[1:-1], self.columns, strict=True)))

    def later(self, at: datetime) -> "PreparedEntry":
        """The same at another time."""
        return PreparedEntry(self.desk, self.actor, self.entry, at)


def about_text(about: Mapping[str, str]) -> str | None:
    """What an entry vouches for as its column holds it: JSON in one way only; None where it vouches for nothing."""
    return json.dumps(dict(sorted(about.items())), ensure_ascii=False, separators=(",", ":")) if about else None


def append(db: Session, desk: "Desk", actor: Actor, entry: Entry, at: datetime) -> int:
    """Append one entry and return its number (from 1). It is durable when the caller's transaction commits.

    Locks the log's head until then, so that numbers have no gaps. Raises LogBroken when the head is missing or
    was moved by something else: then nothing may be shown.
    """
    written = PreparedEntry(desk, actor, entry, at)
    log = lock_log(db.connection(), desk)
    seq = log.append(written)
    _read_back_before_the_commit(db, desk, seq)
    if _due_for_signing(seq):
        _sign_once_committed(db, desk)
    return seq


def append_alone(desk: "Desk", actor: Actor, entry: Entry, at: datetime) -> int:
    """Append an entry that nothing else is committed with, and return its number; it is durable then.

    The quick way where many consoles append at once. Raises LogBroken, StoreUnavailable.
    """
    written = PreparedEntry(desk, actor, entry, at)
    with locked_log(desk) as (log, _):
        return log.append_last(written)


@contextmanager
def locked_log(desk: "Desk", *looks: Step) -> Iterator[tuple["LockedLog", list[Row | None]]]:
    """Hold the log's head in a transaction of its own, which commits what is appended, with `append_last`, at the end.

    The looks are made in the same round trip to a server: their answers are of after the lock. Where a checkpoint is
    due by then, the log is signed before this ends. Raises LogBroken, StoreUnavailable.
    """
    with desk.database.bare_transaction() as connection:
        found, *answers = first_rows(connection, _to_lock(connection), *looks)
        log = _locked(connection, desk, found)
        before = log.tree.size
        yield log, answers
    if log.tree.size > before and _due_for_signing(log.tree.size):
        sign_now(desk)


def _due_for_signing(seq: int) -> bool:
    """Whether a checkpoint is due once the entry of this number is committed."""
    return seq % CHECKPOINT_ENTRIES == 0


class LockedLog:
    """The log while one transaction holds its head: no one else can append or commit a recorded act."""

    __slots__ = ("connection", "key", "newest_at", "tree")

    def __init__(self, connection: Connection, key: bytes, tree: Frontier, newest_at: int) -> None:
        self.connection = connection
        self.key = key
        self.tree = tree
        self.newest_at = newest_at

    def append(self, written: PreparedEntry) -> int:
        """Append one entry and return its number; signing is then the caller's.

        Its time is never before that of the newest entry: where this host's clock is behind, it gets that one's.
        Raises LogBroken when the store does not take it. Whether it is still there, and as it was written, is to be
        looked at when the transaction ends (a trigger or rule can let it vanish or change it).
        """
        return self._enter(written)[0]

    def append_last(self, written: PreparedEntry) -> int:
        """The same as the transaction's last statement: it is read back in the same round trip to a server."""
        looks = (_READ_BACK,) if _on_file(self.connection) else (_RUN_DEFERRED, _READ_BACK)
        seq, found = self._enter(written, *looks)
        if not _is_genuine(self.key, found[-1]):
            raise _not_taken()
        return seq

    def _enter(self, written: PreparedEntry, *looks: Prepared) -> tuple[int, list[Row | None]]:
        """The entry's number, and the first row of each look at the store afterwards, which is told that number."""
        tree, key, connection = self.tree, self.key, self.connection
        if written.columns[0] < self.newest_at:
            written = self._not_before_the_newest(written)
        self.newest_at = written.columns[0]
        seq = tree.size + 1
        leaf = leaf_hash(entry_bytes((seq, *written.columns)))
        tree.append(leaf)
        tag, new_head = entry_tag(key, leaf), {"new_frontier": tree.packed, "new_tag": head_tag(key, tree)}
        steps = [(look, {"seq": seq}) for look in looks]
        if _on_file(connection):
            entry = dict(zip(COLUMNS, (seq, *written.columns, tag), strict=True))
            if rows_written(connection, (_INSERT, entry), (_MOVE_HEAD, {"seq": seq, **new_head})) != [1, 1]:
                raise _not_taken()
            return seq, first_rows(connection, *steps)
        numbered = f'{{"seq":{seq:d},"tag":"\\\\x{tag.hex()}",{written.as_json[1:]}'
        entered, *found = first_rows(connection, (_ENTER, {"entry": numbered, **new_head}), *steps)
        if entered != (True,):
            raise _not_taken()
        return seq, found

    def _not_before_the_newest(self, written: PreparedEntry) -> PreparedEntry:
        """The entry at the newest one's time. A time that is far off is believed only of a genuine entry."""
        clock, at = written.desk.clock, from_microseconds(self.newest_at)
        if self.newest_at - written.columns[0] > CLOCKS_DIFFER and not _is_genuine(
            self.key, _READ_BACK.first(self.connection, {"seq": self.tree.size})
        ):
            raise _changed("has a newest entry that was changed")
        clock.seen(at)
        return written.later(at)


def _is_genuine(key: bytes, row: Row | None) -> bool:
    """Whether a stored entry, `COLUMNS` as the driver gives them, is as the console wrote it."""
    try:
        return row is not None and entry_tag(key, leaf_hash(entry_bytes(row))) == row[-1]
    except (TypeError, ValueError, AttributeError):  # a column holds what the console never writes
        return False


def _read_back_before_the_commit(db: Session, desk: "Desk", seq: int) -> None:
    """Have the transaction fail at its end where one of its entries is not in the store then."""
    numbers: list[int] | None = db.info.get(_TO_READ_BACK)
    if numbers is not None:
        numbers.append(seq)
        return
    numbers = db.info[_TO_READ_BACK] = [seq]

    def read_back(db: Session) -> None:
        del db.info[_TO_READ_BACK]
        db.flush()
        if not numbers:
            return  # all of them were undone
        asked: list[Step] = [(_READ_ALL_BACK, {"first": numbers[0], "last": numbers[-1]})]
        if not desk.database.is_sqlite:
            asked.insert(0, (_RUN_DEFERRED, {}))
        rows = all_rows(db.connection(), *asked)[-1]
        key = desk.log_tag_key
        if [row[0] for row in rows] != numbers or not all(_is_genuine(key, row) for row in rows):
            raise _not_taken()

    event.listen(db, "before_commit", read_back, once=True)


@contextmanager
def savepoint(db: Session) -> Iterator[None]:
    """What fails within is undone with the entries that it appended; the rest of the transaction stays, and goes on.

    Objects that were read or added through `db` before are no longer its own after a failure.
    """
    db.flush()
    before = len(db.info.get(_TO_READ_BACK, ()))
    connection = db.connection()
    rows_written(connection, (_SAVE, {}))
    try:
        yield
        db.flush()
    except BaseException as problem:
        try:
            rows_written(connection, (_UNDO, {}), (_RELEASE, {}))
        except ConsoleError:  # a full disk, for one, has undone the whole transaction already
            raise problem from None
        db.expunge_all()
        del db.info.get(_TO_READ_BACK, [])[before:]
        raise
    rows_written(connection, (_RELEASE, {}))


def _not_taken() -> LogBroken:
    return LogBroken("The entry could not be added to the access log.", "Nothing was shown; tell an admin.")


def lock_log(connection: Connection, desk: "Desk") -> LockedLog:
    """Hold the log's head until the transaction ends. What is checked after this holds when the entry is committed.

    Raises LogBroken when the head is missing or was moved by something else.
    """
    return _locked(connection, desk, first_rows(connection, _to_lock(connection))[0])


def _on_file(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _to_lock(connection: Connection) -> Step:
    return (_LOCK_HEAD if _on_file(connection) else _LOCK_ON_SERVER), {}


def _locked(connection: Connection, desk: "Desk", row: Row | None) -> LockedLog:
    desk.recorded = True
    key = desk.log_tag_key
    tree = genuine_tree(key, None if row is None else row[:3])
    if row is None or tree is None:
        raise _changed("has no head" if row is None else "has a head that was changed")
    if tree.size and not isinstance(row[3], int):
        raise _changed("has lost its newest entry")
    return LockedLog(connection, key, tree, row[3] or 0)


def _changed(what: str) -> LogBroken:
    return LogBroken(f"The access log {what}.", "Nothing was shown; run `cs-console log verify`.")


def sign_now(desk: "Desk") -> None:
    """Sign the current log. What was just committed is valid even if that fails: the console's timer tries again."""
    from cs_console.access_log.checkpoint import write_checkpoint  # signing is rare, and slow to import

    with suppress(ConsoleError):
        write_checkpoint(desk, force=True)


def _sign_once_committed(db: Session, desk: "Desk") -> None:
    if db.info.get(_TO_SIGN):
        return
    db.info[_TO_SIGN] = True

    def sign(_session: Session) -> None:
        db.info[_TO_SIGN] = False
        sign_now(desk)

    event.listen(db, "after_commit", sign, once=True)


def newest_entry_at(desk: "Desk") -> datetime | None:
    """The time of the newest entry, where it is as the console wrote it."""
    with suppress(ConsoleError), desk.database.reading() as db:
        newest = db.connection().execute(_STORED.order_by(column("seq").desc()).limit(1)).first()
        if newest is not None and _is_genuine(desk.log_tag_key, tuple(newest)):
            return from_microseconds(newest[1])
    return None


def record(db: Session, session: "DeskSession", entry: Entry) -> int:
    """Append an entry about something the desk's agent did, at the desk's own time."""
    return append(db, session.desk, session.actor, entry, session.desk.clock.now())


def start_log(db: Session, desk: "Desk") -> None:
    """Give an empty store its log head."""
    db.add(LogHead(id=1, size=0, frontier=b"", tag=head_tag(desk.log_tag_key, Frontier())))

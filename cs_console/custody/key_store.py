"""The keyring's tables: wrapped keys by owner, and the epochs of the key that wraps them. Nothing is opened here."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
    update,
)

from cs_console.database import ONE_STATEMENT, empty_journal, engine_for
from cs_console.engine_insert import own_insert
from cs_console.errors import StoreBusy, StoreUnavailable
from cs_console.prepared import Prepared
from cs_console.store_errors import store_errors
from models.columns import UtcMoment

FIRST_EPOCH = 1
MARK_BYTES = 28
"""How long nothing is once it is wrapped: the mark of a key that was destroyed."""
_ONE_MAKES_TABLES = select(func.pg_advisory_xact_lock(literal(0x7461626C6573, BigInteger)))  # "tables" in ASCII

_metadata = MetaData()
_key = Table(
    "wrapped_key",
    _metadata,
    Column("owner", String, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)
_epoch = Table(
    "key_epoch",
    _metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("proof", LargeBinary, nullable=False),
    Column("begun_at", UtcMoment, nullable=False),
    Column("ended_at", UtcMoment),
    Column("destroyed", BigInteger, nullable=False),
    Column("first_destroyed_at", UtcMoment),
)
TABLES = (_key.name, _epoch.name)
_FIND = select(_key.c.epoch, _key.c.wrapped).where(_key.c.owner == bindparam("who"))
_FIND_FAST = Prepared(_FIND)
_IS_KEY = func.length(_key.c.wrapped) != MARK_BYTES
_DESTROY = delete(_key).where(_key.c.owner == bindparam("who"), _IS_KEY).returning(_key.c.epoch)
_OLDER = (
    select(_key)
    .where(_key.c.owner > bindparam("after"), _key.c.epoch != bindparam("newest"))
    .order_by(_key.c.owner)
    .limit(bindparam("most"))
)
_REWRAP = (
    update(_key)
    .where(_key.c.owner == bindparam("who"), _key.c.epoch == bindparam("was"))
    .values(epoch=bindparam("now"), wrapped=bindparam("rewrapped"))
)


@dataclass(frozen=True, slots=True)
class KeyEpoch:
    """One key-encryption key's time. `ended_at`: when it was given up; None while it can still be had.

    `destroyed` counts the keys that were destroyed while wrapped by it: with that key-encryption key and an
    old backup of the keyring can open those.
    """

    epoch: int
    proof: bytes = field(repr=False)
    begun_at: datetime
    ended_at: datetime | None
    destroyed: int
    first_destroyed_at: datetime | None


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key as it is stored."""

    owner: str
    epoch: int
    wrapped: bytes = field(repr=False)

    @property
    def is_one(self) -> bool:
        """Whether this is a key, and not the mark of one that was destroyed."""
        return len(self.wrapped) != MARK_BYTES


class KeyStore:
    """The two tables on either engine. Every method raises StoreUnavailable, or a kind of it."""

    def __init__(self, url: str) -> None:
        self.engine = engine_for(url)
        self._asking = self.engine.execution_options(reading=ONE_STATEMENT)
        self._has_epochs = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing, durable at the end."""
        with store_errors(), self.engine.begin() as connection:
            yield connection

    def make(self) -> None:
        """Make the table of keys if it is missing; epochs are added with the key, see `make_epochs`."""
        with self.transaction() as connection:
            if connection.dialect.name == "postgresql":  # SQLite's writers are alone anyhow
                connection.execute(_ONE_MAKES_TABLES)
            _key.create(connection, checkfirst=True)

    def find(self, owner: str) -> tuple[int, bytes] | None:
        """The epoch and the wrapped key of an owner."""
        with store_errors(), self._asking.connect() as connection:
            found = _FIND_FAST.first(connection, {"who": owner})
        return None if found is None else (found[0], found[1])

    def find_all(self, owners: Iterable[str]) -> list[WrappedKey]:
        """The wrapped keys of those owners who have one."""
        statement = select(_key).where(_key.c.owner.in_(sorted(set(owners))))
        with store_errors(), self._asking.connect() as connection:
            return [WrappedKey(*row) for row in connection.execute(statement)]

    def owners(self, beginning: str) -> list[str]:
        """The owners of keys whose names begin like that."""
        statement = select(_key.c.owner).where(_key.c.owner.startswith(beginning, autoescape=True), _IS_KEY)
        with store_errors(), self._asking.connect() as connection:
            return list(connection.execute(statement.order_by(_key.c.owner)).scalars())

    def drop(self, owners: Iterable[str]) -> None:
        """Delete keys without counting them as destroyed."""
        with self.transaction() as connection:
            connection.execute(delete(_key).where(_key.c.owner.in_(sorted(owners))))

    def counts(self) -> dict[int, int]:
        """How many keys there are of each epoch."""
        statement = select(_key.c.epoch, func.count()).where(_IS_KEY).group_by(_key.c.epoch).order_by(_key.c.epoch)
        with store_errors(), self._asking.connect() as connection:
            return {int(epoch): int(count) for epoch, count in connection.execute(statement)}

    def has_epochs(self) -> bool:
        """Whether the store knows its epochs: a new one does not, nor one made before keys could rotate."""
        if not self._has_epochs:
            with store_errors(), self._asking.connect() as connection:
                self._has_epochs = inspect(connection).has_table(_epoch.name) and bool(all_epochs(connection))
        return self._has_epochs

    def epochs(self) -> tuple[KeyEpoch, ...]:
        """Every epoch, oldest first; () where the store does not know them yet."""
        if not self.has_epochs():
            return ()
        with store_errors(), self._asking.connect() as connection:
            return all_epochs(connection)

    def empty_journal(self) -> None:
        """SQLite keeps what was deleted in its write-ahead log until that is emptied. Raises StoreBusy.

        On a server this does nothing: what is deleted there goes when the server vacuums, see docs/assurance.md.
        """
        if not empty_journal(self._asking):
            raise StoreBusy(
                "The key was removed from the keyring, but not yet from its journal: another process is reading.",
                "Try again in a moment.",
            )


def hold_epochs(connection: Connection, *, alone: bool) -> None:
    """Until the transaction ends, no other epoch begins; with `alone`, no key is made or destroyed elsewhere either.

    Always taken before any row of a key, so that no two transactions wait for each other. SQLite's writers are
    alone anyhow.
    """
    connection.execute(select(_epoch.c.epoch).where(_epoch.c.epoch == FIRST_EPOCH).with_for_update(read=not alone))


def newest_epoch(connection: Connection) -> tuple[int, bytes]:
    """The number and the proof of the epoch that new keys belong to; to be asked while the epochs are held."""
    newest = select(_epoch.c.epoch, _epoch.c.proof).order_by(_epoch.c.epoch.desc()).limit(1)
    found = connection.execute(newest).first()
    if found is None:
        raise StoreUnavailable("The keyring has lost its epochs.", "Restore the keyring from its backup.")
    return found[0], found[1]


def all_epochs(connection: Connection) -> tuple[KeyEpoch, ...]:
    """Every epoch, oldest first."""
    return tuple(KeyEpoch(*row) for row in connection.execute(select(_epoch).order_by(_epoch.c.epoch)))


def make_epochs(connection: Connection) -> WrappedKey | None:
    """Make the table of epochs in a store that has none, and return one of its keys, if it has any.

    Other consoles that would do the same wait until the transaction ends.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE wrapped_key IN SHARE ROW EXCLUSIVE MODE"))
    _epoch.create(connection, checkfirst=True)
    found = connection.execute(select(_key).limit(1)).first()
    return None if found is None else WrappedKey(*found)


def add_epoch(connection: Connection, epoch: int, proof: bytes, at: datetime) -> None:
    """Begin an epoch: from this transaction on, every new key belongs to it."""
    row = {"epoch": epoch, "proof": proof, "begun_at": at, "destroyed": 0}
    connection.execute(insert(_epoch).values(row))


def end_epochs(connection: Connection, before: int, at: datetime) -> None:
    """Put on record that the key-encryption keys of all earlier epochs are given up."""
    connection.execute(update(_epoch).where(_epoch.c.epoch < before, _epoch.c.ended_at.is_(None)).values(ended_at=at))


def add_key(connection: Connection, key: WrappedKey) -> WrappedKey:
    """Store a key unless its owner has one; return the one that is stored."""
    # two consoles may be making the same key: both then use the one that was stored
    row = {"owner": key.owner, "epoch": key.epoch, "wrapped": key.wrapped}
    connection.execute(delete(_key).where(_key.c.owner == key.owner, ~_IS_KEY))
    connection.execute(own_insert(connection)(_key).values(row).on_conflict_do_nothing())
    epoch, wrapped = connection.execute(_FIND, {"who": key.owner}).one()
    return WrappedKey(key.owner, epoch, wrapped)


def add_keys(connection: Connection, keys: Iterable[WrappedKey]) -> None:
    """Store keys of owners who have none."""
    rows = [{"owner": key.owner, "epoch": key.epoch, "wrapped": key.wrapped} for key in keys]
    if rows:
        connection.execute(insert(_key), rows)


def destroy_key(connection: Connection, mark: WrappedKey, at: datetime) -> None:
    """Put the mark in the place of its owner's key and count that on its epoch. Without a key nothing happens."""
    if retire_key(connection, mark.owner, at):
        add_keys(connection, [mark])


def retire_key(connection: Connection, owner: str, at: datetime) -> bool:
    """Delete an owner's key and count it on the epoch it belonged to; whether there was one."""
    epoch = connection.execute(_DESTROY, {"who": owner}).scalar()
    if epoch is not None:
        connection.execute(
            update(_epoch)
            .where(_epoch.c.epoch == epoch)
            .values(
                destroyed=_epoch.c.destroyed + 1,
                first_destroyed_at=func.coalesce(_epoch.c.first_destroyed_at, literal(at, UtcMoment())),
            )
        )
    return epoch is not None


def older_keys(connection: Connection, newest: int, after: str, most: int) -> list[WrappedKey]:
    """The next keys that are not of the newest epoch, by owner."""
    wanted = {"newest": newest, "after": after, "most": most}
    return [WrappedKey(*row) for row in connection.execute(_OLDER, wanted)]


def replace_keys(connection: Connection, pairs: Iterable[tuple[WrappedKey, WrappedKey]]) -> None:
    """Store rewrapped keys. A key that was destroyed in the meantime stays destroyed."""
    rows = [{"who": old.owner, "was": old.epoch, "now": new.epoch, "rewrapped": new.wrapped} for old, new in pairs]
    if rows:
        connection.execute(_REWRAP, rows)

"""Logs to tamper with, and a hand that edits the store past every seat belt, as its owner could."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine, text

from cs_console.access_log.append import append
from cs_console.access_log.canonical import COLUMNS, SAID, entry_bytes
from cs_console.access_log.checkpoint import write_checkpoint
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.head import entry_tag, head_tag
from cs_console.access_log.merkle import Frontier, leaf_hash
from cs_console.access_log.pinned_log import forget_what_was_stated
from models.enums import Action, Result
from tests.support.desk import TestDesk

ACTORS = (
    Actor("mei", "agent", "0123456789abcdef", "desk-1"),
    Actor("omar", "agent,verifier", "fedcba9876543210", "desk-2"),
    Actor('Zoë "Z"\n', "supervisor", "00ff00ff00ff00ff", "desk-1"),
)
ENTRIES = (
    Entry(Action.FIELD_REVEALED, ticket=10_482, requester="ab12cd34ef56ab78", fields=("mobile",), purpose="call-back"),
    Entry(Action.VIEW_ENDED, ticket=10_482, requester="ab12cd34ef56ab78", fields=("mobile",), seconds=30),
    Entry(Action.REVEAL_REFUSED, Result.REFUSED, ticket=10_483, fields=("e-mail",), reason="not_verified"),
    Entry(Action.SIGNED_IN),
    Entry(Action.VERIFIED, ticket=10_484, requester="ab99cd34ef56ab78", verification="5f0c", about={"window": "5f0c"}),
)


def fill(made: TestDesk, count: int) -> None:
    """Append so many varied entries, a minute apart, in one transaction."""
    with made.desk.database.transaction() as db:
        for number in range(count):
            made.clock.forward(minutes=1)
            append(
                db,
                made.desk,
                ACTORS[number % len(ACTORS)],
                ENTRIES[number % len(ENTRIES)],
                made.clock.now(),
            )


def fill_and_sign(made: TestDesk, *sizes: int) -> None:
    """Append so many entries and sign, for each of the sizes in turn."""
    for size in sizes:
        fill(made, size)
        write_checkpoint(made.desk, force=True)


class Hand:
    """Statements run straight on the store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, statement: str, **values: Any) -> int:
        return self._connection.execute(text(statement), values).rowcount

    def ask(self, statement: str, **values: Any) -> Any:
        return self._connection.execute(text(statement), values).scalar()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._connection.execute(text(statement))]

    def renumber(self, old: int, new: int) -> None:
        self.run("UPDATE log_entry SET seq = :new WHERE seq = :old", old=old, new=new)

    def copy(self, old: int, new: int) -> None:
        """Put a copy of entry `old` in as entry `new`."""
        columns = ", ".join(COLUMNS[1:])
        self.run(
            f"INSERT INTO log_entry (seq, {columns}) SELECT :new, {columns} FROM log_entry WHERE seq = :old",
            old=old,
            new=new,
        )

    def shift(self, first: int, last: int, by: int) -> None:
        """Renumber the entries from `first` to `last` by one or more, in an order in which none collide."""
        for seq in range(last, first - 1, -1) if by > 0 else range(first, last + 1):
            self.renumber(seq, seq + by)


@contextmanager
def hand(made: TestDesk) -> Iterator[Hand]:
    """A connection of one's own to the store, with the log's triggers out of the way."""
    engine = create_engine(made.desk.settings.database, poolclass=NullPool)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for table in ("log_entry", "checkpoint"):
                for act in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{act}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield Hand(connection)


def as_older_desks_wrote(made: TestDesk) -> None:
    """Every entry without its salt, as before there were any; tags, tree and head fit."""
    key, tree = made.desk.log_tag_key, Frontier()
    with hand(made) as store:
        for row in store.rows(f"SELECT {', '.join(SAID)} FROM log_entry ORDER BY seq"):
            leaf = leaf_hash(entry_bytes((*row, None)))
            tree.append(leaf)
            store.run(
                "UPDATE log_entry SET salt = NULL, tag = :tag WHERE seq = :seq", tag=entry_tag(key, leaf), seq=row[0]
            )
        store.run("UPDATE log_head SET frontier = :packed, tag = :tag", packed=tree.packed, tag=head_tag(key, tree))
        store.run("DELETE FROM checkpoint")
    forget_what_was_stated(made.desk.settings, made.clock.now())


def head_of(made: TestDesk) -> dict[str, Any]:
    """The log's head as it stands, to be put back later."""
    with hand(made) as store:
        return {name: store.ask(f"SELECT {name} FROM log_head") for name in ("size", "frontier", "tag")}


def put_back(made: TestDesk, old: dict[str, Any]) -> None:
    """The log as it was on an older day, as from a backup."""
    with hand(made) as store:
        store.run("DELETE FROM log_entry WHERE seq > :size", size=old["size"])
        store.run("DELETE FROM checkpoint WHERE size > :size", size=old["size"])
        store.run("UPDATE log_head SET size = :size, frontier = :frontier, tag = :tag", **old)

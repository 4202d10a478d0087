"""Reading the whole stored log in one consistent view, in order, with the plain driver and flat memory."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col

from cs_console.access_log.canonical import COLUMNS
from cs_console.access_log.head import HEAD
from cs_console.database import Database
from cs_console.store_errors import store_error
from models import log

BATCH = 1000

Row = tuple[Any, ...]
"""A stored row as the driver returns it: a person who edits the store by hand can put any type into any column."""

_ENTRIES = select(*(col(getattr(log.LogEntry, name)) for name in COLUMNS)).order_by(col(log.LogEntry.seq))
_CHECKPOINTS = select(
    col(log.Checkpoint.size), col(log.Checkpoint.at), col(log.Checkpoint.note), col(log.Checkpoint.tag)
).order_by(col(log.Checkpoint.size))
_MISSING_TABLE = frozenset({"42P01", "42703"})


def _after(seq: int | None) -> Select[*tuple[Any, ...]]:
    return _ENTRIES if seq is None else _ENTRIES.where(col(log.LogEntry.seq) > seq)


class NoTable(Exception):
    """One of the log's tables, or a column of it, is gone."""


class StoredLog:
    """The log's three tables as they stood when the view was opened."""

    def __init__(self, db: Session, database: Database) -> None:
        self.session = db
        self._engine = database.engine
        self._sqlite = database.is_sqlite
        self._driver: Any = db.connection().connection.driver_connection
        self._cursors: list[Any] = []

    def reset(self) -> None:
        """Leave the driver as it was found."""
        for cursor in self._cursors:
            with suppress(self._engine.dialect.loaded_dbapi.Error):  # the connection may be gone
                cursor.close()
        if self._sqlite:
            self._driver.text_factory = str

    def head(self) -> Row | None:
        """Size, frontier and tag; None where the row is gone."""
        return next(self._rows(HEAD), None)

    def entries(self, after: int = 0) -> Iterator[list[Row]]:
        """All entries in order of their number, or those after one, `COLUMNS` each, up to a thousand at a time."""
        last = after or None
        try:
            for batch in self._batches(_after(last)):
                yield batch
                last = batch[-1][0]
        except sqlite3.OperationalError as problem:
            if "decode" not in str(problem).lower():
                raise
            # the bytes are not text, so they were written by hand: read on so that the row can be named
            yield from self._batches(_after(last), any_text=True)

    def checkpoints(self) -> Iterator[Row]:
        """All checkpoints in order of their size: size, time, note, tag."""
        return self._rows(_CHECKPOINTS)

    def entry(self, seq: int) -> Row | None:
        """The entry of that number."""
        return next(self._rows(_ENTRIES.where(col(log.LogEntry.seq) == seq)), None)

    def _rows(self, statement: Select[*tuple[Any, ...]]) -> Iterator[Row]:
        for batch in self._batches(statement, any_text=True):
            yield from batch

    def _batches(self, statement: Select[*tuple[Any, ...]], any_text: bool = False) -> Iterator[list[Row]]:
        sql = str(statement.compile(self._engine, compile_kwargs={"literal_binds": True}))
        if self._sqlite:
            cursor = self._driver.execute(sql)
        else:
            # kept on the server: flat memory here
            cursor = self._driver.cursor(name=f"log_{len(self._cursors)}")
            self._cursors.append(cursor)
            cursor.execute(sql)
        while True:
            if self._sqlite:
                self._driver.text_factory = _any_text if any_text else str  # holds for the next fetch only
            batch = cursor.fetchmany(BATCH)
            if not batch:
                break
            yield batch


def _any_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


@contextmanager
def stored_log(database: Database) -> Iterator[StoredLog]:
    """One consistent view of the stored log. Raises StoreUnavailable, or NoTable where a table is gone."""
    driver_error = database.engine.dialect.loaded_dbapi.Error
    with database.reading() as db:
        stored = StoredLog(db, database)
        try:
            yield stored
        except driver_error as problem:
            if getattr(problem, "sqlstate", None) in _MISSING_TABLE or "no such" in str(problem):
                raise NoTable from None
            raise store_error(DBAPIError("", None, problem)) from None
        finally:
            stored.reset()

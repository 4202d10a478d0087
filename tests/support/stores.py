"""Stores that refuse: a full disk, a held lock. Both on SQLite, where a test can arrange them."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from cs_console.database import Database


@contextmanager
def full_disk(database: Database, room: int = 0) -> Iterator[None]:
    """The file may grow by so many pages and no more, whichever connection writes."""
    with database.engine.connect() as mine:
        pages = int(mine.exec_driver_sql("PRAGMA page_count").scalar_one())
        before = int(mine.exec_driver_sql("PRAGMA max_page_count").scalar_one())
    most = pages + room

    def limit(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {most}")

    event.listen(database.engine, "checkout", limit)
    try:
        yield
    finally:
        most = before
        with database.engine.connect(), database.engine.connect():
            pass  # each of the pool's connections is limited no more
        event.remove(database.engine, "checkout", limit)


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Another process is writing and does not come to an end; this thread gives up after 50 ms."""
    with database.engine.connect() as holder:
        with database.engine.connect() as mine:
            mine.exec_driver_sql("COMMIT")
            mine.exec_driver_sql("PRAGMA busy_timeout = 50")
            mine.exec_driver_sql("BEGIN")
        holder.exec_driver_sql("UPDATE counter SET value = value")
        yield
        holder.rollback()

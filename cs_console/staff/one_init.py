"""One `init` at a time on one database, so that no two make keys and stores for it side by side."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import text

from cs_console.database import MIGRATION_WAIT_SECONDS, Database, engine_for, store_error, store_errors
from cs_console.errors import StoreUnavailable
from cs_console.settings import Settings

_LOCK = 0x6465736B  # "desk" in ASCII


@contextmanager
def one_init_at_a_time(settings: Settings) -> Iterator[None]:
    """Hold the lock of the database that the settings name; it ends with its process at the latest.

    Waits for whoever holds it. Raises StoreUnavailable, or StoreBusy after MIGRATION_WAIT_SECONDS.
    """
    file = Database(settings.database).file
    with _alone_on_server(settings.database) if file is None else _alone_on_host(file):
        yield


@contextmanager
def _alone_on_server(url: str) -> Iterator[None]:
    engine = engine_for(url, MIGRATION_WAIT_SECONDS)
    try:
        with store_errors():
            connection = engine.connect()
        with closing(connection):
            with store_errors():
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield
    finally:
        engine.dispose()


@contextmanager
def _alone_on_host(database: Path) -> Iterator[None]:
    """The lock of an empty SQLite file beside the database: it works wherever the database does.

    The file stays: whoever waits for its lock would fail without it.
    """
    file = database.with_name(database.name + ".making")
    try:
        if not file.parent.is_dir():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        connection = sqlite3.connect(file, timeout=MIGRATION_WAIT_SECONDS, isolation_level=None)
    except (OSError, sqlite3.Error) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "no access"
        raise StoreUnavailable(f"{file} cannot be made: {why}.", "Check the folder's permissions and space.") from None
    with closing(connection):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as problem:
            raise store_error(problem) from None
        yield

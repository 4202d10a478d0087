"""One `init` at a time on one database, so that no two make keys and stores for it side by side."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import text

from cs_console.database import MIGRATION_WAIT_SECONDS, Database, engine_for
from cs_console.errors import StoreBusy, StoreUnavailable
from cs_console.file_lock import LockHeld, file_lock
from cs_console.settings import Settings
from cs_console.store_errors import store_errors

_LOCK = 0x6465736B  # "desk" in ASCII


@contextmanager
def one_init_at_a_time(settings: Settings) -> Iterator[None]:
    """Hold the lock of the database that the settings name; it ends with its process at the latest.

    Waits for the process that holds it. Raises StoreUnavailable, or StoreBusy after MIGRATION_WAIT_SECONDS.
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
    """A lock beside the database. Its file stays: a process that waits for it would fail without it."""
    file = database.with_name(database.name + ".making")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file_lock(file, MIGRATION_WAIT_SECONDS):
            yield
    except LockHeld:
        raise StoreBusy(
            "Another `cs-console init` is creating this desk.", "Nothing was changed. Try again in a moment."
        ) from None
    except OSError as problem:
        raise StoreUnavailable(
            f"{file} cannot be made: {problem.strerror}.", "Check the folder's permissions and space."
        ) from None

"""The store: engines, transactions and migrations."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlmodel import Session

from cs_console.errors import (
    BadSettings,
    NoDesk,
    NotADatabase,
    StoreBusy,
    StoreFull,
    StoreTooNew,
    StoreUnavailable,
)

LOCK_WAIT_SECONDS = 5
REVISION = "0001"
"""The newest migration; it grows with each file in migrations/versions."""

_READING = "reading"


def engine_for(url: str) -> Engine:
    """An engine for SQLite or PostgreSQL with the pragmas and time-outs every store of ours needs.

    Parameters never appear in its errors or logs. Raises BadSettings for a URL that is neither.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadSettings(
            "CS_CONSOLE_DATABASE_URL is not a database URL.", "Use sqlite:///... or postgresql+psycopg://..."
        ) from None
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": LOCK_WAIT_SECONDS})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername != "postgresql+psycopg":
        raise BadSettings(
            f"cs-console does not speak {parsed.drivername}.", "Use sqlite:///... or postgresql+psycopg://..."
        )
    options = f"-c lock_timeout={LOCK_WAIT_SECONDS}s -c statement_timeout=30s -c timezone=UTC"
    try:
        return create_engine(
            parsed,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"options": options, "connect_timeout": 5},
        )
    except NoSuchModuleError:
        raise BadSettings(f"No driver for {parsed.drivername}.", "Use postgresql+psycopg://...") from None


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READING)
    # a writer takes the lock at once: upgrading a read transaction would fail instead of waiting
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def store_error(problem: DBAPIError) -> StoreUnavailable:
    """The sentence for a driver's error. It never repeats the statement or its values."""
    words = str(problem.orig).lower()
    state = getattr(problem.orig, "sqlstate", None)
    if "locked" in words or state in {"55P03", "57014", "40P01"}:
        return StoreBusy("The database is busy.", "Nothing was changed; try again in a moment.")
    if "full" in words or "no space" in words or state == "53100":
        return StoreFull("The disk is full.", "Nothing was changed; free some space, then try again.")
    if "not a database" in words or "malformed" in words:
        return NotADatabase(
            "The database file is damaged or is not a database.",
            "Nothing was changed; check the path or restore a backup.",
        )
    if "readonly" in words or "read-only" in words or state == "25006":
        return StoreUnavailable(
            "The database can only be read.",
            "Nothing was changed; check the file's and folder's permissions.",
        )
    if "unable to open" in words:
        return StoreUnavailable(
            "The database cannot be opened.", "Check that the folder exists and that you may write there."
        )
    return StoreUnavailable(
        "The database cannot be reached.", "Nothing was changed; check that it runs, then try again."
    )


class Database:
    """One store and its transactions. Making one touches nothing; the first use connects."""

    def __init__(self, url: str) -> None:
        self.engine = engine_for(url)
        self._reading = self.engine.execution_options(**{_READING: True})

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None for a server."""
        return Path(self.engine.url.database) if self.is_sqlite and self.engine.url.database else None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One unit of work: committed durably at the end, rolled back on any error.

        Raises StoreUnavailable (or a kind of it) when the store refuses; then nothing was changed.
        """
        with self._session(self.engine) as session:
            yield session
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent view for reading only; it takes no write lock."""
        with self._session(self._reading) as session:
            yield session

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        try:
            with Session(engine, expire_on_commit=False) as session:
                yield session
        except DBAPIError as problem:
            raise store_error(problem) from None

    def version(self) -> str | None:
        """The migration the store stands at, None for an empty one. Never creates or changes anything."""
        if self.file is not None and not self.file.is_file():
            return None
        try:
            with self._reading.connect() as connection:
                if self.is_sqlite:
                    found = connection.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"))
                else:
                    found = connection.execute(text("SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL"))
                if found.first() is None:
                    return None
                row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
                return None if row is None else str(row[0])
        except DBAPIError as problem:
            raise store_error(problem) from None

    def check(self) -> None:
        """Refuse a store that is missing, newer than this program or something else; touch nothing.

        Raises NoDesk, StoreTooNew, NotADatabase or StoreUnavailable, all with exit status 3.
        """
        version = self.version()
        if version is None:
            raise NoDesk(
                "There is no desk here yet.",
                "Make one with `cs-console init`, or look around with `cs-console demo`.",
            )
        if version != REVISION:
            raise StoreTooNew(
                "This database was made by a newer cs-console.",
                "Nothing was touched; update the program, then try again.",
            )

    def migrate(self) -> None:
        """Bring the store to this program's version. Raises like `check`."""
        version = self.version()
        if version == REVISION:
            return
        from alembic import command  # slow to import, and needed only when something changes
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        try:
            with self.engine.connect() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError:
            raise StoreTooNew(
                "This database was made by a newer cs-console.",
                "Nothing was touched; update the program, then try again.",
            ) from None
        except DBAPIError as problem:
            raise store_error(problem) from None

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

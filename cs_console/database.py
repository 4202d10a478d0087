"""The store: engines, transactions and migrations."""

import logging
import select
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DisconnectionError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from cs_console.errors import (
    BadSettings,
    NoDesk,
    StoreTooNew,
    StoreUnavailable,
    StoreUnreachable,
)
from cs_console.prepared import READING
from cs_console.store_errors import store_error, store_errors

LOCK_WAIT_SECONDS = 5
MIGRATION_WAIT_SECONDS = 60
MIGRATIONS = Path(__file__).parent / "migrations"
REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
    "0021",
    "0022",
    "0023",
    "0024",
    "0025",
    "0026",
    "0027",
    "0028",
    "0029",
    "0030",
    "0031",
    "0032",
    "0033",
)
"""The migrations this program knows, oldest first: one for each file in migrations/versions."""

_SQL_LOG = logging.getLogger("sqlalchemy.engine.Engine")
"""Hiding parameters is not enough: switched on, this logger writes down every row that is read."""
_FILE = "file"
_LAST_USED = "last used"
QUIET_SECONDS = 10
"""A server's connection that lay unused for longer is asked whether it still answers before it is used again."""
ONE_STATEMENT = "one statement"
"""The execution option `reading` of a connection that will ask the store one thing."""
_VERSION = "SELECT version_num FROM alembic_version"
_MIGRATING = 0x6D69677261746573  # "migrates" in ASCII


def engine_for(url: str | URL, lock_wait: float | None = None) -> Engine:
    """An engine for SQLite or PostgreSQL with the pragmas and time-outs every store of ours needs.

    Who meets a lock waits `lock_wait` seconds for it, LOCK_WAIT_SECONDS where nothing is said. Parameters never
    appear in its errors or logs. Raises BadSettings for a URL that is neither.
    """
    wait = LOCK_WAIT_SECONDS if lock_wait is None else lock_wait
    _SQL_LOG.disabled = True
    parsed = read_url(url)
    if parsed is None:
        raise BadSettings(
            "CS_CONSOLE_DATABASE_URL or CS_CONSOLE_KEYRING_URL is not a database URL.",
            "Use sqlite:///... or postgresql+psycopg://...; in a password write @ as %40 and : as %3A.",
        )
    if parsed.drivername == "sqlite" and parsed.database not in (None, "", ":memory:"):
        engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": wait})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "checkin", _leave_nothing_open)
        _watch_file(engine, Path(str(parsed.database)).absolute())
        return engine
    if parsed.drivername != "postgresql+psycopg":
        raise BadSettings(
            f"cs-console does not speak {parsed.drivername}.", "Use sqlite:///... or postgresql+psycopg://..."
        )
    engine = create_engine(parsed, hide_parameters=True, connect_args=_server_settings(parsed, wait))
    _watch_server(engine)
    return engine


def read_url(url: str | URL) -> URL | None:
    """The parts of a database's URL, None for an invalid URL.

    With an @ in its password as it is, the rest of the password would be taken for the host's name: shown, and asked
    for on the network.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return None
    return None if "@" in (parsed.host or "") else parsed


def _server_settings(url: URL, wait: float) -> dict[str, str | int]:
    """Time-outs that a URL may change by its own `options` and `connect_timeout`, and what it may not change."""

    def asked(name: str) -> str:
        found = url.query.get(name, "")
        return found if isinstance(found, str) else found[-1]

    options = (
        f"-c lock_timeout={round(wait * 1000)} -c statement_timeout=30s {asked('options')} -c timezone=UTC "
        "-c synchronous_commit=on"  # a server may be set to answer before an entry is durable
    )
    return {"options": options, "connect_timeout": asked("connect_timeout") or 5}


def _watch_file(engine: Engine, file: Path) -> None:
    """Never go on in a file that was deleted or replaced, nor in an empty new one: what is recorded there is lost."""
    opened_once = False

    def opening(*_about: object) -> None:
        if opened_once:
            _identity(file)  # SQLite would create the missing file again

    def opened(_connection: object, record: ConnectionPoolEntry) -> None:
        nonlocal opened_once
        record.info[_FILE] = file, _identity(file)
        opened_once = True

    def taken(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        if record.info[_FILE] != (file, _identity(file)):
            raise DisconnectionError  # the pool opens the file that is there now

    event.listen(engine, "do_connect", opening)
    event.listen(engine, "connect", opened)
    event.listen(engine, "checkout", taken)


def _watch_server(engine: Engine) -> None:
    """Never hand out a connection that the server has closed: where one is gone, the pool opens new ones.

    A server that goes away says so on the line, or closes it, which is seen without asking; a line that broke without
    a word is asked. To ask each time, as SQLAlchemy does it, is one more way to the server and back for every act.
    """

    def left(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[_LAST_USED] = monotonic()

    def taken(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        used = record.info.get(_LAST_USED)
        if used is None or (monotonic() - used < QUIET_SECONDS and not _was_spoken_to(connection)):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            raise InvalidatePoolError from None

    event.listen(engine, "checkin", left)
    event.listen(engine, "checkout", taken)


def _was_spoken_to(connection: Any) -> bool:
    """Whether the server has said anything on this unused connection, if only good-bye, or it is closed already."""
    if connection.closed:
        return True
    line = select.poll()
    line.register(connection.pgconn.socket, select.POLLIN)
    return bool(line.poll(0))


def _identity(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        raise StoreUnreachable(
            f"{file} cannot be found.", "Nothing was changed. Restore the file, then try again."
        ) from None
    return found.st_dev, found.st_ino


def _require_in_place(used: Mapping[str, Any]) -> None:
    """Refuse what was committed to a file that was deleted or replaced meanwhile: `used` is the connection's info."""
    if _FILE not in used:
        return  # a server keeps its own files
    file, opened = used[_FILE]
    if _identity(file) != opened:
        raise StoreUnavailable(
            f"{file} was replaced while it was being written.", "The current file was not changed. Try again."
        )


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    _switch_to_wal(connection)
    for pragma in (
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait by itself while another process switches the same new file."""
    deadline = monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if monotonic() > deadline:
                raise
            connection.execute("BEGIN IMMEDIATE")  # this waits for the other one
            connection.execute("COMMIT")
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(READING)
    if reading == ONE_STATEMENT:
        return  # a single statement sees one state of the store without being told to
    driver = connection.connection.driver_connection
    assert driver is not None  # a connection that begins is checked out
    try:
        # a writer takes the lock at once: upgrading a read transaction would fail instead of waiting
        driver.execute("BEGIN" if reading else "BEGIN IMMEDIATE")
    except sqlite3.Error as problem:
        raise store_error(problem) from None


def _sqlite_version(file: Path) -> str | None:
    """The version of a SQLite file, opened for reading only, so that no pragma of ours touches a foreign file."""
    try:
        if not file.exists():
            return None
        # if no one else has it open, "immutable" keeps SQLite from leaving its -wal and -shm files behind
        mode = "mode=ro" if file.with_name(file.name + "-wal").exists() else "mode=ro&immutable=1"
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?{mode}", uri=True, timeout=LOCK_WAIT_SECONDS)
        try:
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
                return None
            row = connection.execute(_VERSION).fetchone()
            return None if row is None else str(row[0])
        finally:
            connection.close()
    except sqlite3.Error as problem:
        raise store_error(problem) from None
    except OSError as problem:
        raise StoreUnavailable(
            f"The database cannot be opened: {(problem.strerror or 'no access').lower()}.",
            "Check that the folder exists and that you may read and write there.",
        ) from None


def _leave_nothing_open(connection: sqlite3.Connection | None, _record: object) -> None:
    """A commit that fails leaves SQLite's transaction open, and with it the lock; the pool would keep both."""
    if connection is not None and connection.in_transaction:
        connection.rollback()


def empty_journal(engine: Engine) -> bool:
    """SQLite keeps what was deleted in its write-ahead log until that is emptied; False while another process reads it.

    A server empties its own. Raises StoreUnavailable.
    """
    if engine.dialect.name != "sqlite":
        return True
    with store_errors(), engine.execution_options(**{READING: ONE_STATEMENT}).connect() as connection:
        return not connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]


def only_reads(db: Session) -> bool:
    """Whether this session came from `reading`: it takes no locks."""
    return bool(db.connection().get_execution_options().get(READING))


class Database:
    """One store and its transactions. Making one touches nothing; the first use connects."""

    def __init__(self, url: str) -> None:
        self.engine = engine_for(url)
        options: dict[str, object] = {READING: True}
        if not self.is_sqlite:
            options["isolation_level"] = "REPEATABLE READ"  # else each statement would see a state of its own
        self._reading = self.engine.execution_options(**options)

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
        with self._session(self.engine) as db:
            yield db
            used = db.connection().info
            db.commit()
            _require_in_place(used)

    @contextmanager
    def bare_transaction(self) -> Iterator[Connection]:
        """The same without the object layer, where every tenth of a millisecond counts; see `prepared`."""
        with store_errors(), self.engine.connect() as connection:
            with connection.begin():
                yield connection
            _require_in_place(connection.info)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent view for reading only; it takes no write lock."""
        with self._session(self._reading) as db:
            yield db

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        with store_errors(), Session(engine, expire_on_commit=False) as db:
            yield db

    def version(self) -> str | None:
        """The store's migration, None for a missing or empty store. Never creates or changes anything."""
        if self.file is not None:
            return _sqlite_version(self.file)
        with store_errors(), self._reading.connect() as connection:
            found = connection.execute(text("SELECT to_regclass('alembic_version')")).scalar()
            return None if found is None else connection.execute(text(_VERSION)).scalar()

    def check(self) -> None:
        """Refuse a store that is missing, newer than this program or something else; touch nothing.

        Raises NoDesk, StoreTooNew, NotADatabase or StoreUnavailable, all with exit status 3.
        """
        if self._known_version() is None:
            raise NoDesk("There is no desk here yet.", "Create one with `cs-console init`, or try `cs-console demo`.")

    def _known_version(self) -> str | None:
        version = self.version()
        if version is not None and version not in REVISIONS:
            raise StoreTooNew(
                "This database was made by a newer cs-console.",
                "Nothing was changed. Update cs-console, then try again.",
            )
        return version

    def migrate(self) -> None:
        """Bring the store to this program's version. Raises like `check`, but makes a missing store.

        Of several processes that do this at once one migrates, in one transaction; the others wait for it, up to
        MIGRATION_WAIT_SECONDS, and go on with what it made.
        """
        if self._known_version() == REVISIONS[-1]:
            return
        from alembic import command  # slow to import, and needed only when something changes
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self._alone() as connection:
            if self._known_version() != REVISIONS[-1]:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        """One transaction that no other process migrates in; it may take its time."""
        engine = engine_for(self.engine.url, MIGRATION_WAIT_SECONDS)
        try:
            with store_errors(), engine.begin() as connection:  # on SQLite this is the lock
                if not self.is_sqlite:
                    connection.execute(text("SET LOCAL statement_timeout = 0"))
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATING})
                yield connection
        finally:
            engine.dispose()

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

"""A real desk for tests: real stores on either engine, real keys, a clock that tests move."""

import atexit
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from benchmarks.scratch import scratch_session
from cs_console.access_log.append import newest_entry_at, start_log
from cs_console.access_log.checkpoint import make_log_key
from cs_console.custody.keyring import open_keyring
from cs_console.database import Database
from cs_console.desk import Desk, DeskSession
from cs_console.key_files import make_wrapping_key
from cs_console.opening import assemble
from cs_console.policy.loader import PackShelf
from cs_console.settings import Settings
from models.columns import new_id
from models.counter import Counter
from models.desk_identity import DeskIdentity
from models.roles import Role
from tests.support.postgres import fresh_database, kept_database


class FakeClock:
    """A clock that stands still until it is told to move, and a monotonic one beside it."""

    def __init__(self, at: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)) -> None:
        self.at = at
        self._set = timedelta()

    def now(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)

    def set_by(self, **span: float) -> None:
        """Set the wall clock, forward or back, without any time passing."""
        self.at += timedelta(**span)
        self._set += timedelta(**span)

    def seconds(self) -> float:
        return (self.at - self._set).timestamp()


@dataclass
class TestDesk:
    """A desk and the clock that drives it."""

    __test__ = False

    desk: Desk
    clock: FakeClock

    def session(
        self, name: str, *roles: Role, undertaking: bool = True, password_hash: str = "unusable"
    ) -> DeskSession:
        """A signed-in agent with these roles, made without the sign-in's deliberate slowness."""
        return scratch_session(self.desk, name, *roles, undertaking=undertaking, password_hash=password_hash)


_migrated: dict[str, bytes] = {}
"""An empty SQLite database as `migrate` makes it: made once, since it takes a second."""


def make_desk(home: Path, database_url: str = "", keyring_url: str = "") -> TestDesk:
    """A fresh desk in `home`; the database at the URL (SQLite in the home when none) must be empty or migrated.

    The keyring is SQLite in the home too, unless there is a URL of an empty database for it. A reply goes out at once:
    tests of what is held say so.
    """
    settings = Settings(
        home=home, database_url=database_url, keyring_url=keyring_url, outbox=home / "outbox", send_delay=0
    )
    home.mkdir(parents=True, exist_ok=True)
    make_wrapping_key(settings.key_path)
    make_log_key(settings.log_key_path)
    template = _migrated.get("sqlite")
    if not database_url and template is not None:
        (home / "console.db").write_bytes(template)
    database = Database(settings.database)
    database.migrate()
    if not database_url and template is None:
        database.close()
        _migrated["sqlite"] = (home / "console.db").read_bytes()
    made = _opened(settings, database)
    desk_id = new_id()
    made.desk.keyring.prepare(desk_id)
    with database.transaction() as db:
        db.add(DeskIdentity(id=desk_id, created_at=made.clock.now()))
        db.add(Counter(name="ticket", value=10_400))
        start_log(db, made.desk)
    return made


def copied_desk(home: Path, *, on_server: bool = False) -> TestDesk:
    """What `make_desk` makes, as a copy: each of these is the same desk, with the same keys. No two in one test."""
    kept, name = _kept(on_server)
    shutil.copytree(kept, home, dirs_exist_ok=True)
    url = fresh_database(name) if on_server else ""
    settings = Settings(home=home, database_url=url, outbox=home / "outbox", send_delay=0)
    made = _opened(settings, Database(settings.database))
    made.desk.clock.begin(newest_entry_at(made.desk))  # as every desk that is opened
    return made


@cache
def _kept(on_server: bool) -> tuple[Path, str]:
    """The home of the desk that is copied, and the name of its database on the server."""
    home = Path(tempfile.mkdtemp(prefix="cs-desk-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT"))) / "home"
    atexit.register(shutil.rmtree, home.parent, ignore_errors=True)
    url, name = kept_database("desk") if on_server else ("", "")
    make_desk(home, url).desk.close()
    return home, name


def _opened(settings: Settings, database: Database) -> TestDesk:
    clock = FakeClock()
    return TestDesk(assemble(settings, database, open_keyring(settings, clock), PackShelf(settings), clock), clock)

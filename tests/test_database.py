"""The store: what it refuses, and that refusing touches nothing."""

import os
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlmodel import select

from cs_console import database as database_module
from cs_console.database import Database
from cs_console.errors import (
    BadSettings,
    NoDesk,
    NotADatabase,
    StoreBusy,
    StoreFull,
    StoreTooNew,
    StoreUnavailable,
)
from models.counter import Counter
from tests.support.desk import TestDesk
from tests.support.postgres import empty_database


def _database(file: Path) -> Database:
    return Database(f"sqlite:///{file}")


def _untouched(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_a_missing_store_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(NoDesk) as refusal:
        _database(tmp_path / "console.db").check()
    assert refusal.value.exit_status == 3
    assert list(tmp_path.iterdir()) == []


def test_a_newer_store_is_refused_untouched_by_check_and_by_migrate(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    file = sqlite_desk.desk.database.file
    assert file is not None
    sqlite_desk.desk.close()
    newer = tmp_path / "newer"
    newer.mkdir()
    shutil.copy(file, newer / "console.db")
    with sqlite3.connect(newer / "console.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = _untouched(newer)
    for refuse in (_database(newer / "console.db").check, _database(newer / "console.db").migrate):
        with pytest.raises(StoreTooNew, match="newer cs-console"):
            refuse()
        assert _untouched(newer) == before


def test_a_newer_store_on_postgresql_is_refused() -> None:
    database = Database(empty_database())
    database.migrate()
    with database.transaction() as db:
        db.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreTooNew):
        database.check()
    database.close()


def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path) -> None:
    file = tmp_path / "console.db"
    file.write_bytes(b"Dear diary, this is certainly not a database.\n" * 100)
    before = _untouched(tmp_path)
    for refuse in (_database(file).check, _database(file).migrate):
        with pytest.raises(NotADatabase) as refusal:
            refuse()
        assert refusal.value.exit_status == 3
        assert _untouched(tmp_path) == before


def test_a_folder_without_permission_is_one_clear_sentence(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o000)
    program = (
        "import os, sys\n"
        "from cs_console.database import Database\n"
        "from cs_console.errors import StoreUnavailable\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)  # root may open anything\n"
        "try: Database(sys.argv[1]).check()\n"
        "except StoreUnavailable as refusal: print(refusal); sys.exit(refusal.exit_status)\n"
    )
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == os.getuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    done = subprocess.run(
        [sys.executable, "-c", program, f"sqlite:///{closed}/console.db"], capture_output=True, text=True, check=False
    )
    closed.chmod(0o700)
    assert done.returncode == 3, done.stderr
    assert "cannot be opened" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_locked_store_says_busy_and_changes_nothing(sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = sqlite_desk.desk.database.file
    assert file is not None
    monkeypatch.setattr(database_module, "LOCK_WAIT_SECONDS", 0.05)
    impatient = _database(file)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="busy"), impatient.transaction() as db:
        db.add(Counter(name="never", value=1))
    holder.execute("ROLLBACK")
    holder.close()
    with impatient.reading() as db:
        assert db.exec(select(Counter).where(Counter.name == "never")).first() is None
    impatient.close()


def test_a_full_disk_says_so_and_changes_nothing(sqlite_desk: TestDesk) -> None:
    database = sqlite_desk.desk.database
    with pytest.raises(StoreFull, match="full"), database.transaction() as db:
        connection = db.connection()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        db.add_all(Counter(name=f"filler {'x' * 900} {number}", value=number) for number in range(5_000))
    with database.reading() as db:
        assert len(db.exec(select(Counter)).all()) == 1


def test_an_error_rolls_back_the_whole_transaction(test_desk: TestDesk) -> None:
    database = test_desk.desk.database
    with pytest.raises(ZeroDivisionError), database.transaction() as db:
        db.add(Counter(name="half", value=1))
        db.flush()
        raise ZeroDivisionError
    with database.reading() as db:
        assert db.exec(select(Counter).where(Counter.name == "half")).first() is None


def test_errors_never_repeat_a_value(test_desk: TestDesk) -> None:
    """ASVS 16.2.5: a requester's data must not reach logs through a driver's message."""
    with pytest.raises(StoreUnavailable) as refusal, test_desk.desk.database.transaction() as db:
        db.add(Counter(name="CANARY-77", value=1))
        db.flush()
        db.connection().exec_driver_sql("INSERT INTO no_such_table VALUES ('CANARY-77')")
    assert "CANARY" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_sqlite_keeps_the_promised_pragmas(sqlite_desk: TestDesk) -> None:
    with sqlite_desk.desk.database.reading() as db:
        connection = db.connection()
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "recursive_triggers")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "recursive_triggers": 1,
    }


def test_an_answer_of_postgresql_means_that_it_is_durable() -> None:
    """Whatever the server or the account is set to: an entry has to survive the machine before a value is shown."""
    url = empty_database()
    database = Database(url)
    with database.transaction() as db:
        name = db.connection().exec_driver_sql("SELECT current_database()").scalar_one()
        db.connection().exec_driver_sql(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    database.close()
    with database.transaction() as db:
        assert db.connection().exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
    database.close()


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_written_to_a_file_that_is_no_longer_there(sqlite_desk: TestDesk, replaced: bool) -> None:
    """SECURITY.md, Access log: a log must not go on in a file that was unlinked."""
    database = sqlite_desk.desk.database
    file = database.file
    assert file is not None
    with database.transaction() as db:
        db.add(Counter(name="before", value=1))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    kept = file.with_name("kept.db")
    shutil.copy(file, kept)
    for leftover in file.parent.glob("console.db*"):
        leftover.unlink()
    if replaced:
        kept.rename(file)
    else:
        for use in (database.transaction, database.reading):
            with pytest.raises(StoreUnavailable, match="cannot be found"), use() as db:
                db.connection()
        with pytest.raises(StoreUnavailable, match="cannot be found"), database.bare_transaction():
            pass
        assert not file.exists()
        kept.rename(file)
    with database.transaction() as db:
        db.add(Counter(name="after", value=1))
    with sqlite3.connect(file) as other:
        names = {name for (name,) in other.execute("SELECT name FROM counter")}
    other.close()
    assert {"before", "after"} <= names


@pytest.mark.parametrize(
    "url",
    [
        "mysql://x/y", "postgresql+psycopg2://x/y", "no url at all", "sqlite://x:y/", "sqlite://", "sqlite:///:memory:",
        "sqlite+nothing:///x", "postgresql+psycopg://x:port/y",
    ],
)  # fmt: skip
def test_an_url_we_do_not_speak_is_refused_by_name(url: str) -> None:
    with pytest.raises(BadSettings):
        Database(url)


def test_a_server_that_is_not_there_is_one_clear_sentence() -> None:
    database = Database("postgresql+psycopg://absent:secret@127.0.0.1:1/none")
    with pytest.raises(StoreUnavailable, match="cannot be reached") as refusal:
        database.check()
    assert "secret" not in str(refusal.value)


def test_whoever_opens_a_new_file_at_the_same_moment_waits(tmp_path: Path) -> None:
    """SQLite's own waiting leaves out the switch to its write-ahead log."""
    threads = 6
    start = Barrier(threads)

    def opening(number: int) -> None:
        database = _database(tmp_path / f"{number}.db")
        start.wait()
        with database.transaction() as db:
            db.connection().exec_driver_sql("CREATE TABLE IF NOT EXISTS opened (at INTEGER)")
        database.close()

    with ThreadPoolExecutor(threads) as pool:
        for number in range(60):
            list(pool.map(opening, [number] * threads))

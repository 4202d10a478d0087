"""Migrating: one process at a time, at opening, and nothing of a newer version is touched."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cs_console import database as database_module
from cs_console.database import REVISIONS, Database
from cs_console.errors import StoreBusy, StoreTooNew, StoreUnavailable
from cs_console.opening import open_desk
from cs_console.settings import Settings
from models.counter import Counter
from tests.support.desk import TestDesk
from tests.support.postgres import empty_database

NEXT = "next"
MIGRATION = f'''
from alembic import op
import sqlalchemy as sa
revision = "{NEXT}"
down_revision = "{REVISIONS[-1]}"
branch_labels = depends_on = None
def upgrade() -> None:
    op.create_table("of_the_next_version", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("UPDATE counter SET value = value + 1")
def downgrade() -> None:
    pass
'''
MIGRATOR = """
import sys
from pathlib import Path
import alembic.command, alembic.config
from cs_console import database
from cs_console.errors import ConsoleError
if sys.argv[2]:
    database.MIGRATIONS = Path(sys.argv[2])
    database.REVISIONS += ("next",)
store = database.Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    store.migrate()
    print(store.version())
except ConsoleError as refusal:
    print(refusal)
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """This program's migrations and one more."""
    made = tmp_path / "migrations"
    shutil.copytree(database_module.MIGRATIONS, made, ignore=shutil.ignore_patterns("__pycache__"))
    (made / "versions" / "9999_next.py").write_text(MIGRATION)
    return made


@pytest.fixture
def update(migrations: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it to let this process be the program with one more migration."""

    def updating() -> None:
        monkeypatch.setattr(database_module, "MIGRATIONS", migrations)
        monkeypatch.setattr(database_module, "REVISIONS", (*REVISIONS, NEXT))

    return updating


def all_at_once(url: str, migrations: Path | None = None) -> list[str]:
    """Let four processes migrate from the same moment on."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATOR, url, str(migrations or "")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdout is not None
        racer.stdout.readline()
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    return [racer.communicate()[0].strip() for racer in racers]


def counter(settings: Settings) -> int:
    database = Database(settings.database)
    with database.reading() as db:
        found = db.get_one(Counter, "ticket").value
    database.close()
    return found


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_processes_that_make_a_store_at_once_all_find_it_made(engine: str, tmp_path: Path) -> None:
    for number in range(4):
        url = empty_database() if engine == "postgresql" else f"sqlite:///{tmp_path}/{number}.db"
        assert all_at_once(url) == [REVISIONS[-1]] * 4


def test_processes_that_meet_an_older_store_at_once_migrate_it_once(test_desk: TestDesk, migrations: Path) -> None:
    settings = test_desk.desk.settings
    test_desk.desk.close()
    before = counter(settings)
    url = settings.database
    assert all_at_once(url, migrations) == [NEXT] * 4
    assert counter(settings) == before + 1


def test_an_older_database_is_migrated_as_it_is_opened(test_desk: TestDesk, update: Callable[[], None]) -> None:
    settings = test_desk.desk.settings
    test_desk.desk.close()
    before = counter(settings)
    update()
    desk = open_desk(settings)
    assert desk.database.version() == NEXT
    assert counter(settings) == before + 1
    desk.close()
    open_desk(settings).close()
    assert counter(settings) == before + 1


def test_a_database_of_a_newer_program_is_not_opened(
    test_desk: TestDesk, update: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = test_desk.desk.settings
    test_desk.desk.close()
    update()
    open_desk(settings).close()
    monkeypatch.undo()
    before = counter(settings)
    with pytest.raises(StoreTooNew):
        open_desk(settings)
    assert counter(settings) == before


def test_a_database_that_is_older_is_left_so_while_its_keyring_is_missing(
    sqlite_desk: TestDesk, update: Callable[[], None]
) -> None:
    settings = sqlite_desk.desk.settings
    sqlite_desk.desk.close()
    (settings.home / "keyring.db").unlink()
    update()
    with pytest.raises(StoreUnavailable, match="keyring"):
        open_desk(settings)
    assert Database(settings.database).version() == REVISIONS[-1]


def test_a_migration_that_fails_changes_nothing(
    test_desk: TestDesk, migrations: Path, update: Callable[[], None]
) -> None:
    settings = test_desk.desk.settings
    test_desk.desk.close()
    update()
    before = counter(settings)
    file = migrations / "versions" / "9999_next.py"
    file.write_text(
        MIGRATION.replace("    op.execute", "    op.execute('INSERT INTO nowhere VALUES (1)')\n    op.execute")
    )
    with pytest.raises(StoreUnavailable):
        open_desk(settings)
    assert counter(settings) == before
    file.write_text(MIGRATION)
    open_desk(settings).close()
    assert counter(settings) == before + 1


def test_who_waits_too_long_for_a_migration_is_told_that_the_store_is_busy(
    test_desk: TestDesk, update: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = test_desk.desk.settings
    update()
    monkeypatch.setattr(database_module, "MIGRATION_WAIT_SECONDS", 0.05)
    waiting = Database(settings.database)
    with test_desk.desk.database._alone(), pytest.raises(StoreBusy):
        waiting.migrate()
    waiting.close()
    assert test_desk.desk.database.version() == REVISIONS[-1]


def test_what_a_newer_program_made_meanwhile_is_refused() -> None:
    """The process that waited checks the version again."""
    holder, waiting = Database(empty_database()), ThreadPoolExecutor(1)
    late = Database(holder.engine.url.render_as_string(hide_password=False))
    with holder._alone() as connection:
        outcome = waiting.submit(late.migrate)
        while not connection.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar_one():
            assert not outcome.done()
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num text)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('9999')")
    with pytest.raises(StoreTooNew):
        outcome.result()
    waiting.shutdown()
    holder.close()
    late.close()

"""Each write of a reveal fails, each in its turn: nothing is shown, or it is shown with its entry durable."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from cs_console.desk import Desk
from tests.access_log.tampering import hand
from tests.faults.driver_calls import watch
from tests.faults.revealing import each_call, revealing
from tests.faults.tally import Tally
from tests.support.desk import TestDesk

SUITE = "write failures"

SQLITE_SAYS = (
    "disk I/O error",
    "database or disk is full",
    "attempt to write a readonly database",
    "database is locked",
    "unable to open database file",
)
SERVER_SAYS = (
    psycopg.errors.DiskFull,
    psycopg.errors.IoError,
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
    psycopg.OperationalError,
)


def errors_of(desk: Desk) -> list[Exception]:
    if desk.database.is_sqlite:
        return [sqlite3.OperationalError(words) for words in SQLITE_SAYS]
    return [kind("said by the server") for kind in SERVER_SAYS]


def test_the_driver_reports_a_failure_at_each_call(
    desk_on: TestDesk, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(desk_on.desk.database.engine)
    one = revealing(desk_on, tally)
    with tally:
        for error in errors_of(desk_on.desk):

            def strike(_connection: object, error: Exception = error) -> None:
                raise error

            each_call(one, str(error), strike)


@pytest.mark.parametrize("desk_on", ["postgresql"], indirect=True)
def test_the_server_ends_the_connection_at_each_call(
    desk_on: TestDesk, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(desk_on.desk.database.engine)
    one = revealing(desk_on, tally)

    def terminate(connection: Any) -> None:
        with hand(desk_on) as store:
            store.run("SELECT pg_terminate_backend(:pid, 10000)", pid=connection.info.backend_pid)

    with tally:
        each_call(one, "terminated", terminate)


def read_only(made: TestDesk) -> Iterator[None]:
    with hand(made) as store:
        name = store.ask("SELECT current_database()")
        store.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    made.desk.database.close()
    yield
    with hand(made) as store:
        store.run("SET TRANSACTION READ WRITE")
        store.run(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
    made.desk.database.close()


def table_locked(made: TestDesk) -> Iterator[None]:
    with made.desk.database.engine.connect() as mine:
        mine.exec_driver_sql("SET lock_timeout = '50ms'")
        mine.commit()
    with hand(made) as store:
        store.run("LOCK TABLE log_entry IN ACCESS EXCLUSIVE MODE")
        yield


def head_missing(made: TestDesk) -> Iterator[None]:
    with hand(made) as store:
        [head] = store.rows("SELECT id, size, frontier, tag FROM log_head")
        store.run("DELETE FROM log_head")
    yield
    with hand(made) as store:
        store.run(
            "INSERT INTO log_head (id, size, frontier, tag) VALUES (:id, :size, :frontier, :tag)",
            **dict(zip(("id", "size", "frontier", "tag"), head, strict=True)),
        )


def locked_by_another_process(made: TestDesk) -> Iterator[None]:
    with made.desk.database.engine.connect() as mine:
        mine.exec_driver_sql("PRAGMA busy_timeout = 50")
    holding = (
        "import sqlite3, sys; held = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "held.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holding, str(made.desk.database.file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield
        process.communicate()


STANDING = {
    "sqlite": [head_missing, locked_by_another_process],
    "postgresql": [head_missing, read_only, table_locked],
}


def test_the_store_refuses_from_the_start(desk_on: TestDesk, tally: Tally) -> None:
    one = revealing(desk_on, tally)
    with tally:
        for condition in STANDING[desk_on.desk.database.engine.dialect.name]:
            for _ in range(3):
                tally.rounds += 1
                one.works_again("before")
                with contextmanager(condition)(desk_on):
                    shown = one.reveal()
                    tally.holds(shown is None, f"{condition.__name__}: shown all the same")
                    tally.faults += shown is None
                one.judge_shown(condition.__name__, shown)
                one.works_again(condition.__name__)
                desk_on.desk.database.close()

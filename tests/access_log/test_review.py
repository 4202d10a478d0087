"""Reading the log: by those who may, on the record, page by page and flat."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from cs_console.access_log.aliases import alias_of
from cs_console.access_log.append import append, record
from cs_console.access_log.entry import Entry
from cs_console.access_log.log_filter import LogFilter, parse_log_filter
from cs_console.access_log.review import EntryView, entries, entry, verify_for
from cs_console.errors import BadFilter, NotAllowed, NothingThere, SessionEnded
from models.columns import microseconds
from models.enums import Action, Result
from models.roles import Role
from tests.access_log.tampering import ACTORS, ENTRIES, fill, hand
from tests.support.desk import TestDesk


def newest(made: TestDesk) -> tuple[str, str, str, str]:
    with hand(made) as store:
        return tuple(
            store.ask(f"SELECT {name} FROM log_entry ORDER BY seq DESC LIMIT 1")
            for name in ("action", "actor", "fields", "reason")
        )


def numbers(page: tuple[EntryView, ...]) -> list[int]:
    return [view.seq for view in page]


def test_pages_go_from_the_newest_to_the_oldest_without_gaps(test_desk: TestDesk) -> None:
    fill(test_desk, 24)
    session = test_desk.session("ines", Role.SUPERVISOR)
    page = entries(session, LogFilter(), size=10)
    assert numbers(page.entries) == list(range(27, 17, -1))
    page = entries(session, LogFilter(), before=page.next, size=10)
    assert numbers(page.entries) == list(range(17, 7, -1))
    page = entries(session, LogFilter(), before=page.next, size=10)
    assert numbers(page.entries) == [7, 6, 5, 4, 3, 2, 1]
    assert page.next is None


def test_a_view_holds_what_was_recorded(test_desk: TestDesk) -> None:
    fill(test_desk, 2)
    view = entry(test_desk.session("ines", Role.SUPERVISOR), 2)
    assert view == EntryView(
        seq=2,
        at=test_desk.clock.now(),
        actor="omar",
        roles="agent,verifier",
        session="fedcba9876543210",
        host="desk-2",
        action="view.ended",
        ticket=10_482,
        requester="ab12cd34ef56ab78",
        fields="mobile",
        purpose="",
        verification="",
        outcome="done",
        seconds=30,
        reason="",
        about=None,
        alias=alias_of("ab12cd34ef56ab78"),
    )


def test_reading_is_recorded_once_a_reading(test_desk: TestDesk) -> None:
    """ASVS 16.2.1: reading the log is itself on the record, with what was asked for, not with the answers."""
    fill(test_desk, 25)
    session = test_desk.session("ines", Role.SUPERVISOR)
    page = entries(session, parse_log_filter("agent:mei since:2026-01-01"), size=3)
    assert newest(test_desk) == ("log.read", "ines", "agent,since", "")
    size = test_desk.desk.database
    with hand(test_desk) as store:
        before = store.ask("SELECT size FROM log_head")
    assert entries(session, parse_log_filter("agent:mei since:2026-01-01"), before=page.next, size=3).entries
    with hand(test_desk) as store:
        assert store.ask("SELECT size FROM log_head") == before
    entry(session, 4)
    assert newest(test_desk) == ("log.read", "ines", "", "entry 4")
    assert size is test_desk.desk.database


@pytest.mark.parametrize("role", [Role.AGENT, Role.VERIFIER, Role.ADMIN])
def test_others_may_not_read(test_desk: TestDesk, role: Role) -> None:
    """ASVS 8.2.1, 16.4.2: the log is for supervisors and privacy officers."""
    fill(test_desk, 3)
    session = test_desk.session("mei", role)
    for read in (
        lambda: entries(session, LogFilter()),
        lambda: entries(session, LogFilter(), before=3),
        lambda: entry(session, 1),
        lambda: verify_for(session),
    ):
        with pytest.raises(NotAllowed):
            read()


def test_an_ended_session_reads_nothing(test_desk: TestDesk) -> None:
    session = test_desk.session("ines", Role.PRIVACY_OFFICER)
    test_desk.clock.forward(hours=9)
    with pytest.raises(SessionEnded):
        entries(session, LogFilter())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("agent:omar", lambda n: ACTORS[(n - 1) % 3].name == "omar"),
        ("ticket:10482", lambda n: ENTRIES[(n - 1) % 5].ticket == 10_482),
        ("requester:ab12", lambda n: ENTRIES[(n - 1) % 5].requester == "ab12cd34ef56ab78"),
        ("requester:ab99cd34ef56ab78", lambda n: ENTRIES[(n - 1) % 5].requester == "ab99cd34ef56ab78"),
        ("requester:cdef", lambda n: False),
        ("action:reveal.refused", lambda n: ENTRIES[(n - 1) % 5].action is Action.REVEAL_REFUSED),
        ("what:views", lambda n: ENTRIES[(n - 1) % 5].action is Action.FIELD_REVEALED),
        ("what:views agent:mei", lambda n: n % 15 == 1),
        ("outcome:refused", lambda n: ENTRIES[(n - 1) % 5].outcome is Result.REFUSED),
        ("outcome:refused agent:mei", lambda n: n % 15 == 13),
        ("outcome:done action:session.started", lambda n: (n - 1) % 5 == 3),
    ],
)
def test_filters(test_desk: TestDesk, text: str, wanted: object) -> None:
    assert callable(wanted)
    fill(test_desk, 40)
    session = test_desk.session("ines", Role.SUPERVISOR)
    expected = [number for number in range(40, 0, -1) if wanted(number)]
    found: list[int] = []
    page = entries(session, parse_log_filter(text), size=3)
    while True:
        found += [number for number in numbers(page.entries) if number <= 40]
        if page.next is None:
            break
        page = entries(session, parse_log_filter(text), before=page.next, size=3)
    assert found == expected


def test_a_span_of_time_is_since_the_first_moment_and_until_the_last(test_desk: TestDesk) -> None:
    began = test_desk.clock.now()
    fill(test_desk, 10)
    session = test_desk.session("ines", Role.SUPERVISOR)
    span = LogFilter(since=began + timedelta(minutes=3), until=began + timedelta(minutes=7))
    assert numbers(entries(session, span).entries) == [6, 5, 4, 3]


def test_a_clock_that_was_set_back_hides_nothing(test_desk: TestDesk) -> None:
    fill(test_desk, 6)
    began = test_desk.clock.now()
    test_desk.clock.forward(hours=-1)
    fill(test_desk, 6)
    session = test_desk.session("ines", Role.SUPERVISOR)
    found: list[int] = []
    before: int | None = None
    while True:
        page = entries(session, LogFilter(until=began + timedelta(seconds=1)), before=before, size=2)
        found += numbers(page.entries)
        before = page.next
        if before is None:
            break
    assert sorted(found) == list(range(1, 13))  # the reading itself comes later: the desk's time never runs back


def test_a_beginning_that_fits_several_requesters_is_refused(test_desk: TestDesk) -> None:
    fill(test_desk, 5)
    session = test_desk.session("ines", Role.SUPERVISOR)
    with test_desk.desk.database.transaction() as db:
        record(db, session, Entry(Action.TICKET_OPENED, requester="ab1255555555aaaa"))
    with pytest.raises(BadFilter, match="several requesters"):
        entries(session, LogFilter(requester="ab12"))


def test_an_entry_that_is_not_there_is_said_so(test_desk: TestDesk) -> None:
    with pytest.raises(NothingThere):
        entry(test_desk.session("ines", Role.SUPERVISOR), 99)


def test_an_entry_with_an_impossible_time_shows_all_the_same(test_desk: TestDesk) -> None:
    fill(test_desk, 3)
    with hand(test_desk) as store:
        store.run("UPDATE log_entry SET at = 9000000000000000000 WHERE seq = 2")
    session = test_desk.session("ines", Role.SUPERVISOR)
    assert entry(session, 2).at.year == 9999
    assert numbers(entries(session, LogFilter()).entries)[0] == 2


FILTERS = {
    "": "at",
    "agent:omar": "actor",
    "ticket:10482": "ticket",
    "requester:ab12cd34ef56ab78": "requester",
    "action:view.ended": "action",
    "outcome:refused": "not_done",
    "since:2026-11-01 until:2026-11-25": "at",
    "agent:omar since:2026-11-01 until:2026-11-25": "actor",
}


@pytest.mark.parametrize("text", FILTERS)
def test_every_filter_reads_along_its_index(sqlite_desk: TestDesk, text: str) -> None:
    """Flat in the log's length: no scan of the table, no sorting."""
    fill(sqlite_desk, 30)
    session = sqlite_desk.session("ines", Role.SUPERVISOR)
    entries(session, LogFilter(), size=1)  # which reads what the log says of the account
    seen: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, values: object, *_rest: object) -> None:
        if statement.startswith("SELECT log_entry.seq"):
            seen.append((statement, values))

    engine = sqlite_desk.desk.database.engine
    event.listen(engine, "before_cursor_execute", note)
    first = entries(session, parse_log_filter(text), size=2)
    entries(session, parse_log_filter(text), before=first.next, size=2)
    event.remove(engine, "before_cursor_execute", note)
    assert len(seen) == 2
    with engine.connect() as connection:
        for statement, values in seen:
            plan = [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values)]  # type: ignore[arg-type]  # the driver's own
            assert len(plan) == 1, plan
            assert f"USING INDEX log_entry_{FILTERS[text]}" in plan[0], plan


def test_verifying_is_recorded_with_how_it_ended(test_desk: TestDesk) -> None:
    fill(test_desk, 5)
    session = test_desk.session("ines", Role.SUPERVISOR)
    assert verify_for(session).ok
    assert newest(test_desk) == ("log.verified", "ines", "", "")
    with hand(test_desk) as store:
        store.run("UPDATE log_entry SET actor = 'eve' WHERE seq = 2")
    assert verify_for(session).first_bad == 2
    assert newest(test_desk) == ("log.verified", "ines", "", "edited")


def test_a_log_that_takes_no_more_entries_still_gets_its_verdict(test_desk: TestDesk) -> None:
    fill(test_desk, 5)
    session = test_desk.session("ines", Role.SUPERVISOR)
    with hand(test_desk) as store:
        store.run("UPDATE log_head SET size = 4")
    assert verify_for(session).kind == "head moved"


def test_entries_name_fields_and_never_hold_a_ground(test_desk: TestDesk) -> None:
    """What a reviewer sees has no place for a ground, an answer or a value (POLICY.md, No tipping off)."""
    columns = set(EntryView.__dataclass_fields__)
    assert not columns & {"ground", "grounds", "finding", "value", "answer", "answers", "notice"}
    with test_desk.desk.database.transaction() as db:
        for action in (Action.DECISION_PROPOSED, Action.DECISION_MADE):
            append(db, test_desk.desk, ACTORS[0], Entry(action, ticket=1), test_desk.clock.now())
    views = [entry(test_desk.session(name, Role.SUPERVISOR), seq) for name, seq in (("ines", 1), ("jo", 2))]
    one, other = (replace(view, seq=0, action="") for view in views)
    assert one == other
    assert microseconds(one.at) == microseconds(other.at)

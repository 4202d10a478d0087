"""The queue's pages: what each view holds, in which order, and what no one sees there."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, inspect, select, update
from sqlmodel import col

from cs_console.casework.needs import needs_of
from cs_console.desk import DeskSession, operator_session
from cs_console.errors import BadFilter, BadInput, NotAllowed, NoUndertaking, SessionEnded
from cs_console.tickets import queue
from cs_console.tickets.filters import parse
from cs_console.tickets.queue import (
    COUNTED_UP_TO,
    VIEWS,
    Cursor,
    QueueRow,
    Sort,
    count,
    counts,
    listing,
    page,
)
from cs_console.tickets.queue_words import Group, age_words, due_words, group_of
from cs_console.tickets.ticket_record import ERASED, UNREADABLE
from models.columns import microseconds
from models.contact_fields import Field
from models.enums import Channel, Priority, TicketKind, TicketState
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.stored import keys_of
from tests.support.tickets import make_requester, make_ticket


def numbers(session: DeskSession, view: str, expression: str = "", **more: object) -> list[int]:
    """The numbers on the first page of a view."""
    return [row.number for row in page(session, view, parse(expression), **more).rows]  # type: ignore[arg-type]  # size only


@pytest.fixture
def busy_desk(test_desk: TestDesk) -> tuple[TestDesk, DeskSession]:
    """A few tickets of every kind, and who looks at them."""
    for kind in TicketKind:
        make_ticket(test_desk, kind=kind)
    return test_desk, test_desk.session("mei", Role.AGENT)


def test_each_view_holds_its_tickets_and_no_closed_ones(test_desk: TestDesk) -> None:
    mei, sam = test_desk.session("mei", Role.AGENT), test_desk.session("sam", Role.AGENT)
    now = test_desk.clock.now()
    mine = make_ticket(test_desk, assignee=mei)
    his = make_ticket(test_desk, assignee=sam, state=TicketState.IN_APPROVAL, kind=TicketKind.RIGHTS, verified=True)
    nobodys = make_ticket(test_desk)
    unverified = make_ticket(test_desk, kind=TicketKind.RIGHTS)
    late = make_ticket(test_desk, received_at=now - timedelta(days=60))
    soon = make_ticket(test_desk, received_at=now - timedelta(days=18))
    closed = make_ticket(test_desk, state=TicketState.CLOSED, assignee=mei)

    assert numbers(mei, "mine") == [mine.number]
    assert numbers(mei, "unassigned") == [late.number, soon.number, nobodys.number, unverified.number]
    assert numbers(mei, "to_verify") == [unverified.number]
    assert numbers(mei, "due_soon") == [soon.number]
    assert numbers(mei, "overdue") == [late.number]
    assert numbers(mei, "approvals") == [his.number]
    assert numbers(mei, "closed") == [closed.number]
    assert closed.number not in numbers(mei, "all")
    assert len(numbers(mei, "all")) == 6


def test_unverified_rights_requests_wait_oldest_first_with_their_age_and_no_due_date(test_desk: TestDesk) -> None:
    mei, now = test_desk.session("mei", Role.VERIFIER), test_desk.clock.now()
    young = make_ticket(test_desk, kind=TicketKind.RIGHTS)
    old = make_ticket(test_desk, kind=TicketKind.RIGHTS, received_at=now - timedelta(days=12))
    rows = page(mei, "to_verify").rows
    assert [row.number for row in rows] == [old.number, young.number]
    assert [due_words(row, now) for row in rows] == ["waits 12 d", "waits 0 min"]
    assert age_words(rows[0], now) == "12 d"


@pytest.mark.core
def test_a_view_pages_through_everything_once_whatever_is_added_meanwhile(test_desk: TestDesk) -> None:
    mei, now = test_desk.session("mei", Role.AGENT), test_desk.clock.now()
    requester = make_requester(test_desk)
    made = [
        make_ticket(test_desk, requester=requester, received_at=now - timedelta(hours=hour // 2)).number
        for hour in range(7)
    ]
    seen: list[int] = []
    after: Cursor | None = None
    while True:
        shown = page(mei, "all", None, after, 3, Sort.RECEIVED)
        seen += [row.number for row in shown.rows]
        make_ticket(test_desk, requester=requester, received_at=now + timedelta(hours=1))
        if shown.next is None:
            break
        after = shown.next
    assert sorted(seen) == made
    moments = {row.number: row.received_at for row in page(mei, "all").rows}
    assert seen == sorted(made, key=lambda number: (moments[number], number), reverse=True)


def test_due_dates_are_shown_soonest_first_and_paged(test_desk: TestDesk) -> None:
    mei, now = test_desk.session("mei", Role.AGENT), test_desk.clock.now()
    made = [make_ticket(test_desk, received_at=now - timedelta(days=30 + day)).number for day in (1, 5, 3)]
    first = page(mei, "overdue", size=2)
    assert first.next is not None
    rest = page(mei, "overdue", None, first.next, 2)
    assert [row.number for row in (*first.rows, *rest.rows)] == [made[1], made[2], made[0]]
    assert rest.next is None


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("kind:appeal", {"appeal"}),
        ("kind:appeal,report", {"appeal", "report"}),
        ("-kind:appeal", {"report", "plain", "chinese"}),
        ("state:waiting", {"report"}),
        ("assignee:me", {"appeal"}),
        ("assignee:none", {"plain", "chinese"}),
        ("assignee:SAM", {"report"}),
        ("-assignee:me", {"report", "plain", "chinese"}),
        ("assignee:me,sam", {"appeal", "report"}),
        ("priority:high", {"appeal"}),
        ("-priority:high,normal", {"report"}),
        ("channel:letter", {"report"}),
        ("lang:zh", {"chinese"}),
        ("older:3d", {"report"}),
        ("newer:3d", {"appeal", "plain", "chinese"}),
        ("due:<10d", {"report"}),
        ("due:none", {"chinese"}),
        ("-due:none", {"appeal", "report", "plain"}),
        ("kind:appeal lang:zh", set()),
        ("kind:appeal priority:high channel:mail -state:waiting lang:en assignee:me newer:1d", {"appeal"}),
        ("due:<30d assignee:none kind:inquiry", {"plain"}),
        ("due:<30d older:1h", {"report"}),
    ],
)
def test_a_filter_finds_what_it_says(test_desk: TestDesk, expression: str, found: set[str]) -> None:
    mei, sam = test_desk.session("mei", Role.AGENT), test_desk.session("sam", Role.AGENT)
    now = test_desk.clock.now()
    made = {
        "appeal": make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=mei, priority=Priority.HIGH),
        "report": make_ticket(
            test_desk,
            kind=TicketKind.REPORT,
            state=TicketState.WAITING,
            assignee=sam,
            channel=Channel.LETTER,
            priority=Priority.LOW,
            received_at=now - timedelta(days=20),
        ),
        "plain": make_ticket(test_desk),
        "chinese": make_ticket(test_desk, language="zh", kind=TicketKind.RIGHTS),
    }
    names = {ticket.number: name for name, ticket in made.items()}
    assert {names[number] for number in numbers(mei, "all", expression)} == found


@pytest.mark.parametrize("view", ["to_verify", "approvals"])
def test_a_view_of_one_state_stays_one_in_the_order_of_due_dates(test_desk: TestDesk, view: str) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    make_ticket(test_desk)
    waiting = make_ticket(test_desk, kind=TicketKind.RIGHTS, state=TicketState.IN_APPROVAL, verified=True)
    assert numbers(mei, view, "due:<90d") == ([waiting.number] if view == "approvals" else [])


def test_a_number_is_found_in_whatever_view_and_state(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    closed = make_ticket(test_desk, state=TicketState.CLOSED)
    other = make_ticket(test_desk)
    assert numbers(mei, "mine", f"#{closed.number}") == [closed.number]
    assert numbers(mei, "all", f"-#{closed.number}") == [other.number]
    assert numbers(mei, "all", f"#{other.number} kind:report") == []
    assert numbers(mei, "all", "#999999999") == []


def test_a_closed_state_in_an_open_view_says_where_closed_tickets_are(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    with pytest.raises(BadFilter, match="Closed"):
        page(mei, "all", parse("state:closed"))
    assert numbers(mei, "closed", "state:closed") == []


def test_an_unknown_assignee_is_named_with_who_there_is(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    with pytest.raises(BadFilter, match=r"“bob”.*mei"):
        page(mei, "all", parse("assignee:bob"))
    with pytest.raises(BadInput, match="theirs"):
        page(mei, "theirs")


def test_subjects_are_redacted_plain_and_on_one_line(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    make_ticket(
        test_desk,
        subject="Call\x1b[2J +8613800138000\n[@click=app.quit]now",
        contacts={Field.MOBILE: "+8613800138000"},
    )
    subject = page(mei, "all").rows[0].subject
    assert "138" not in subject
    assert "\x1b" not in subject
    assert "\n" not in subject
    assert "now" in subject


def test_an_erased_requester_shows_as_erased_and_the_rest_of_the_page_stands(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    gone, kept = make_ticket(test_desk, subject="Goodbye"), make_ticket(test_desk, subject="Hello")
    test_desk.desk.keyring.destroy(gone.requester_id)
    subjects = {row.number: row.subject for row in page(mei, "all").rows}
    assert subjects == {gone.number: ERASED, kept.number: "Hello"}


def test_a_subject_moved_another_row_does_not_open_and_the_page_still_does(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    requester = make_requester(test_desk)
    touched = make_ticket(test_desk, requester=requester, subject="One")
    other = make_ticket(test_desk, requester=requester, subject="Two")
    with test_desk.desk.database.transaction() as db:
        source = select(col(Ticket.subject_redacted)).where(col(Ticket.number) == other.number).scalar_subquery()
        db.connection().execute(
            update(Ticket).where(col(Ticket.number) == touched.number).values(subject_redacted=source)
        )
    subjects = {row.number: row.subject for row in page(mei, "all").rows}
    assert subjects == {touched.number: UNREADABLE, other.number: "Two"}


@pytest.mark.parametrize("role", [Role.AGENT, Role.VERIFIER, Role.SUPERVISOR, Role.PRIVACY_OFFICER])
def test_everybody_who_works_tickets_can_list_them(sqlite_desk: TestDesk, role: Role) -> None:
    session = sqlite_desk.session("someone", role)
    assert page(session, "all").rows == ()
    assert len(counts(session)) == len(VIEWS)


def test_an_admin_sees_no_tickets_at_all(sqlite_desk: TestDesk) -> None:
    """Policy IV.(1)2, ASVS 8.2.1: deny by default."""
    root = sqlite_desk.session("root", Role.ADMIN)
    with pytest.raises(NotAllowed):
        page(root, "all")
    with pytest.raises(NotAllowed):
        counts(root)


def test_nothing_is_listed_without_an_undertaking_or_a_live_session(sqlite_desk: TestDesk) -> None:
    with pytest.raises(NoUndertaking):
        page(sqlite_desk.session("new", Role.AGENT, undertaking=False), "all")
    mei = sqlite_desk.session("mei", Role.AGENT)
    sqlite_desk.clock.forward(minutes=16)
    with pytest.raises(SessionEnded):
        page(mei, "all")


def test_an_operators_list_opens_no_subject(test_desk: TestDesk) -> None:
    made = make_ticket(test_desk, subject="secret words")
    test_desk.desk.keyring.destroy(made.requester_id)  # so that opening would show
    rows, following = listing(operator_session(test_desk.desk), "all", parse(""), None, 10)
    assert [row.number for row in rows] == [made.number]
    assert following is None
    assert "secret" not in repr(rows)
    with pytest.raises(BadFilter, match="“me”"):
        listing(operator_session(test_desk.desk), "all", parse("assignee:me"), None, 10)


def test_views_are_counted_to_the_end_and_filters_stop_and_say_that_there_is_more(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei)
    table = inspect(Ticket).local_table
    with test_desk.desk.database.transaction() as db:
        kept = db.connection().execute(select(table).where(col(Ticket.number) == made.number)).mappings().one()
        derived = {"is_open", "next_due_at", "queue_order", "urgency_order"}
        copied = {name: value for name, value in kept.items() if name not in derived} | {"assignee_id": None}
        more = [{**copied, "number": 20_000 + at} for at in range(COUNTED_UP_TO + 5)]
        db.connection().execute(insert(Ticket), more)
    counted = {count.view: (count.count, count.more) for count in counts(mei)}
    assert counted["mine"] == (1, False)
    assert counted["unassigned"] == (COUNTED_UP_TO + 5, False)
    assert counted["closed"] == (0, False)
    filtered = count(mei, "all", parse("assignee:none"))
    assert (filtered.count, filtered.more) == (COUNTED_UP_TO, True)


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (timedelta(days=2, hours=23), "Mon 23"),
        (timedelta(days=6), "Thu 26"),
        (timedelta(days=7), "27 Nov"),
        (timedelta(days=40), "30 Dec"),
        (timedelta(hours=8), "by 17:00"),
        (-timedelta(seconds=5), "0 min late"),
        (-timedelta(days=3, hours=1), "3 d late"),
        (-timedelta(hours=5), "5 h late"),
        (None, ""),
    ],
)
def test_due_words_are_a_day_an_hour_or_how_late(due: timedelta | None, words: str) -> None:
    now = datetime(2026, 11, 20, 9).astimezone()  # a Friday
    row = QueueRow(
        1, TicketKind.INQUIRY, "", TicketState.OPEN, Priority.NORMAL, None, None if due is None else now + due, now, 1
    )
    assert due_words(row, now) == words
    assert due_words(replace(row, state=TicketState.CLOSED), now) == ""


@pytest.mark.parametrize(
    ("due", "snoozed", "group", "words"),
    [
        (timedelta(hours=-1), None, Group.OVERDUE, "1 h late"),
        (timedelta(hours=1), None, Group.TODAY, "by 10:00"),
        (timedelta(days=3), None, Group.THIS_WEEK, "Mon 23"),
        (timedelta(days=9), None, Group.LATER, "29 Nov"),
        (None, None, Group.LATER, ""),
        (timedelta(days=9), timedelta(days=3), Group.SNOOZED, "Mon 09:00"),
        (timedelta(days=19), timedelta(days=10), Group.SNOOZED, "30 Nov"),
    ],
)
def test_each_ticket_is_in_one_group(
    due: timedelta | None, snoozed: timedelta | None, group: Group, words: str
) -> None:
    now = datetime(2026, 11, 20, 9).astimezone()
    due_at = None if due is None else now + due
    row = QueueRow(1, TicketKind.INQUIRY, "", TicketState.OPEN, Priority.NORMAL, None, due_at, now, 1)
    row = replace(row, snoozed_until=None if snoozed is None else now + snoozed)
    assert group_of(row, now) is group
    assert due_words(row, now) == words


def test_a_page_can_be_sorted_by_what_came_what_was_said_and_what_is_urgent(test_desk: TestDesk) -> None:
    mei, now = test_desk.session("mei", Role.AGENT), test_desk.clock.now()
    made = [
        make_ticket(test_desk, received_at=now - timedelta(days=days), priority=priority, assignee=mei).number
        for days, priority in ((9, Priority.LOW), (1, Priority.URGENT), (3, Priority.NORMAL), (8, Priority.URGENT))
    ]
    low, young, normal, old = made
    with test_desk.desk.database.transaction() as db:
        said = update(Ticket).where(col(Ticket.number) == low).values(last_message_at=now)
        db.connection().execute(said)
    orders = {sort: [row.number for row in page(mei, "mine", sort=sort).rows] for sort in Sort}
    assert orders[Sort.DUE] == [low, old, normal, young]
    assert orders[Sort.RECEIVED] == [young, normal, old, low]
    assert orders[Sort.UPDATED] == [low, young, normal, old]
    assert orders[Sort.PRIORITY] == [old, young, normal, low]
    for sort, whole in orders.items():
        seen: list[int] = []
        after: Cursor | None = None
        for _ in whole:
            shown = page(mei, "mine", None, after, 1, sort)
            seen += [row.number for row in shown.rows]
            after = shown.next
        assert (seen, after) == (whole, None), sort


def _mark(test_desk: TestDesk, number: int, **values: object) -> None:
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Ticket).where(col(Ticket.number) == number).values(values))


def test_snoozed_tickets_come_last_and_what_needs_me_leaves_them_out(test_desk: TestDesk) -> None:
    mei, now = test_desk.session("mei", Role.AGENT), test_desk.clock.now()
    late, asleep, plain = (
        make_ticket(test_desk, assignee=mei, received_at=now - timedelta(days=days)).number for days in (60, 59, 1)
    )
    undated = make_ticket(test_desk, assignee=mei, kind=TicketKind.RIGHTS).number
    make_ticket(test_desk, received_at=now - timedelta(days=60))
    _mark(test_desk, asleep, snoozed_until=now + timedelta(hours=3), answered_at=now)
    _mark(test_desk, plain, answered_at=now, follow_up_due_at=now + timedelta(minutes=1))
    assert numbers(mei, "mine") == [late, plain, undated, asleep]
    assert numbers(mei, "snoozed") == [asleep]
    assert numbers(mei, "answered") == [plain, asleep]
    assert numbers(mei, "mine", "-snoozed:yes answered:yes") == [plain]
    assert asleep not in numbers(mei, "overdue")
    assert numbers(mei, "mine", "due:late snoozed:yes") == [asleep]
    assert needs_of(mei).overdue == 1
    assert needs_of(mei).answered == 2
    assert needs_of(test_desk.session("sara", Role.SUPERVISOR)).answered == 0
    assert (count(mei, "all", parse("answered:yes")).count, count(mei, "mine", parse("snoozed:no")).count) == (2, 3)


def test_unread_and_verified_are_what_the_row_says(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    new, read = make_ticket(test_desk).number, make_ticket(test_desk, verified=True).number
    _mark(test_desk, read, unread=0)
    assert {row.number: row.unread for row in page(mei, "all").rows} == {new: True, read: False}
    assert numbers(mei, "all", "unread:yes") == numbers(mei, "all", "verified:no") == [new]
    assert numbers(mei, "all", "unread:no") == numbers(mei, "all", "-verified:no") == [read]


def test_a_page_looks_no_further_than_it_may_and_the_next_goes_on(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a filter leaves out is walked past, and one page walks only so far (DESIGN.md, Speed)."""
    monkeypatch.setattr(queue, "LOOKED_AT", 3)
    mei, now = test_desk.session("mei", Role.AGENT), test_desk.clock.now()
    made = [make_ticket(test_desk, received_at=now - timedelta(days=20 - day)).number for day in range(10)]
    for number in (made[4], made[5], made[9]):
        _mark(test_desk, number, unread=0)
    pages: list[list[int]] = []
    after: Cursor | None = None
    while not pages or after is not None:
        shown = page(mei, "all", parse("unread:no"), after, 2)
        pages.append([row.number for row in shown.rows])
        after = shown.next
    assert pages == [[], [made[4], made[5]], [], [made[9]]]
    assert (count(mei, "all", parse("unread:no")).count, count(mei, "all", parse("unread:no")).more) == (0, True)


def test_the_first_response_stops_counting_once_it_was_given(test_desk: TestDesk) -> None:
    mei, now = test_desk.session("mei", Role.AGENT), test_desk.clock.now()
    made = make_ticket(test_desk)
    assert due_words(page(mei, "all").rows[0], now)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Ticket).where(col(Ticket.number) == made.number).values(first_response_at=now))
    assert due_words(page(mei, "all").rows[0], now) == ""


def test_a_page_of_another_requesters_key_does_not_open(sqlite_desk: TestDesk) -> None:
    """A subject sealed for one requester and put on another's ticket stays closed (ASVS 11.3.3)."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    mine, other = make_ticket(sqlite_desk), make_ticket(sqlite_desk)
    keys = keys_of(sqlite_desk.desk, other.number)
    planted = keys.seal("ticket", "subject_redacted", str(mine.number), "planted")
    with sqlite_desk.desk.database.transaction() as db:
        db.connection().execute(
            update(Ticket).where(col(Ticket.number) == mine.number).values(subject_redacted=planted)
        )
    assert numbers(mei, "all")
    assert UNREADABLE in {row.subject for row in page(mei, "all").rows}


@given(
    expression=st.lists(
        st.sampled_from(
            (
                *("kind:appeal", "-kind:report,rights", "state:to-verify", "state:closed", "assignee:me"),
                *("assignee:none", "assignee:\x00", "assignee:\ud800", "-assignee:mei", "priority:low"),
                *("channel:call", "lang:zh", "due:<3d", "due:>9999w", "due:none", "received:<1971-01-01"),
                *("received:>2999-12-31", "older:9999w", "#1", "-#10401"),
            )
        ),
        max_size=5,
    ).map(" ".join),
    view=st.sampled_from([view for view, _ in VIEWS]),
    continued=st.booleans(),
)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_gives_a_page_or_a_sentence(
    busy_desk: tuple[TestDesk, DeskSession], expression: str, view: str, continued: bool
) -> None:
    """ASVS 1.2.4, 2.2.1: no expression reaches the store as anything but values."""
    desk, mei = busy_desk
    after = Cursor(microseconds(desk.clock.now()), 10_402) if continued else None
    try:
        page(mei, view, parse(expression), after)
    except BadFilter as refused:
        assert refused.sentence


def test_a_command_on_the_host_is_not_offered_itself_as_an_assignee(sqlite_desk: TestDesk) -> None:
    sqlite_desk.session("mei", Role.AGENT)
    with pytest.raises(BadFilter) as refused:
        listing(operator_session(sqlite_desk.desk), "all", parse("assignee:me"), None, 1)
    assert refused.value.next_step == "Possible: none, mei."

"""What the queue says of a ticket: unread, answered, snoozed, tagged; and the next one that is taken."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from cs_console.casework import conversation, next_ticket
from cs_console.casework.next_ticket import take_next
from cs_console.casework.snoozing import MOST, snooze, unsnooze, wake_snoozed
from cs_console.casework.tagging import add_tag, set_tags, tags
from cs_console.casework.workflow import set_state
from cs_console.desk import DeskSession
from cs_console.errors import BadFilter, BadInput, ChangedElsewhere, NotAllowed, NotAssigned, NothingThere, WrongState
from cs_console.tickets.filters import parse
from cs_console.tickets.queue import QueueRow, page
from cs_console.upkeep import keep_up
from models.contact_fields import Field
from models.enums import Action, TicketKind, TicketState
from models.roles import Role
from tests.support.answers import write
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.tickets import MadeTicket, close, make_ticket

HOUR = timedelta(hours=1)
ALICE = {Field.EMAIL: "alice@example.org"}


@pytest.fixture
def mei(test_desk: TestDesk) -> DeskSession:
    return test_desk.session("mei", Role.AGENT)


def row_of(session: DeskSession, made: MadeTicket) -> QueueRow:
    return page(session, "all", parse(f"#{made.number}")).rows[0]


def test_opening_reads_a_ticket_for_who_it_is_with_and_an_answer_makes_it_unread(
    test_desk: TestDesk, mei: DeskSession
) -> None:
    sam, sue = test_desk.session("sam", Role.AGENT), test_desk.session("sue", Role.SUPERVISOR)
    made = make_ticket(test_desk, assignee=mei, contacts=ALICE)
    for other in (sam, sue):
        conversation.open_ticket(other, made.number)
        assert row_of(mei, made).unread
    version = ticket_of(test_desk, made.number).version
    conversation.open_ticket(mei, made.number)
    assert not row_of(mei, made).unread
    assert ticket_of(test_desk, made.number).version == version
    write(test_desk, made.number)
    assert row_of(mei, made).unread
    waiting = make_ticket(test_desk)
    conversation.open_ticket(sam, waiting.number)
    assert not row_of(mei, waiting).unread


def test_an_answer_has_a_date_of_its_own_until_a_reply_is_out(test_desk: TestDesk, mei: DeskSession) -> None:
    """The pack gives what a requester writes on an open ticket three working days; the first unanswered one counts."""
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, contacts=ALICE, verified=True)
    answer_due = ticket_of(test_desk, made.number).next_due_at
    assert answer_due is not None
    write(test_desk, made.number)
    wrote = test_desk.clock.now()
    due = ticket_of(test_desk, made.number).next_due_at
    assert due == wrote + timedelta(days=5) - timedelta(days=(wrote + timedelta(days=5)).weekday() - 2)
    test_desk.clock.forward(minutes=5)
    write(test_desk, made.number, "Are you there?")
    row = row_of(mei, made)
    assert (row.due_at, row.answered_at) == (due, wrote)
    version = ticket_of(test_desk, made.number).version
    contact = conversation.reload(mei, made.number).contacts[0].id
    conversation.reply(mei, made.number, version, contact, "We are here.")
    row = row_of(mei, made)
    assert (row.due_at, row.answered_at) == (answer_due, None)


@pytest.mark.parametrize("state", [TicketState.WAITING, TicketState.CLOSED])
def test_what_is_set_to_wait_or_closed_by_hand_has_nothing_to_answer(
    test_desk: TestDesk, mei: DeskSession, state: TicketState
) -> None:
    made = make_ticket(test_desk, assignee=mei, contacts=ALICE)
    write(test_desk, made.number)
    assert row_of(mei, made).answered_at is not None
    set_state(mei, made.number, ticket_of(test_desk, made.number).version, state)
    assert row_of(mei, made).answered_at is None


def test_a_snoozed_ticket_comes_back_unread_at_its_time_and_on_record(test_desk: TestDesk, mei: DeskSession) -> None:
    made, now = make_ticket(test_desk, assignee=mei), test_desk.clock.now()
    conversation.open_ticket(mei, made.number)
    version = ticket_of(test_desk, made.number).version
    snooze(mei, made.number, version, now + HOUR / 6)
    assert row_of(mei, made).snoozed_until == now + HOUR / 6
    assert ticket_of(test_desk, made.number).version == version
    assert [one.ticket for one in recorded(test_desk.desk, Action.TICKET_SNOOZED)] == [made.number]
    test_desk.clock.forward(minutes=9)
    assert wake_snoozed(test_desk.desk) == 0
    test_desk.clock.forward(minutes=1)
    keep_up(test_desk.desk)
    row = row_of(mei, made)
    assert (row.snoozed_until, row.unread) == (None, True)


def test_the_requester_wakes_a_snoozed_ticket_and_so_does_its_agent(test_desk: TestDesk, mei: DeskSession) -> None:
    made, now = make_ticket(test_desk, assignee=mei, contacts=ALICE), test_desk.clock.now()
    snooze(mei, made.number, 1, now + HOUR)
    write(test_desk, made.number)
    assert row_of(mei, made).snoozed_until is None
    version = ticket_of(test_desk, made.number).version
    snooze(mei, made.number, version, now + HOUR)
    unsnooze(mei, made.number, version)
    assert row_of(mei, made).snoozed_until is None
    assert len(recorded(test_desk.desk, Action.TICKET_UNSNOOZED)) == 1
    with pytest.raises(WrongState):
        unsnooze(mei, made.number, version)


def test_nothing_is_snoozed_past_its_due_date_or_by_others(test_desk: TestDesk, mei: DeskSession) -> None:
    sam, now = test_desk.session("sam", Role.AGENT), test_desk.clock.now()
    made = make_ticket(test_desk, assignee=mei)
    due = ticket_of(test_desk, made.number).next_due_at
    assert due is not None
    for until in (now, due + HOUR, now + MOST + HOUR):
        with pytest.raises(BadInput):
            snooze(mei, made.number, 1, until)
    with pytest.raises(NotAssigned):
        snooze(sam, made.number, 1, now + HOUR)
    with pytest.raises(ChangedElsewhere):
        snooze(mei, made.number, 9, now + HOUR)
    closed = make_ticket(test_desk, assignee=mei, state=TicketState.CLOSED)
    with pytest.raises(WrongState):
        snooze(mei, closed.number, 1, now + HOUR)
    assert recorded(test_desk.desk, Action.TICKET_SNOOZED) == []
    snooze(test_desk.session("sue", Role.SUPERVISOR), made.number, 1, due)


def test_tags_come_from_the_desks_list_and_filters_know_them(test_desk: TestDesk, mei: DeskSession) -> None:
    sue = test_desk.session("sue", Role.SUPERVISOR)
    made, other = make_ticket(test_desk, assignee=mei), make_ticket(test_desk, assignee=sue)
    with pytest.raises(NotAllowed):
        add_tag(mei, "press")
    with pytest.raises(BadInput):
        set_tags(mei, made.number, ("press",))
    assert add_tag(sue, " Press ") == add_tag(sue, "press") == "press"
    add_tag(sue, "partner")
    assert tags(mei) == ("partner", "press")
    set_tags(mei, made.number, ("press", "partner"))
    set_tags(mei, made.number, ("press", "partner"))
    with pytest.raises(NotAssigned):
        set_tags(mei, other.number, ("press",))
    set_tags(sue, other.number, ("press",))
    assert row_of(mei, made).tags == ("partner", "press")
    found = {
        expression: [row.number for row in page(mei, "all", parse(expression)).rows]
        for expression in ("tag:press", "tag:partner", "-tag:partner", "tag:partner,press kind:inquiry", "tag:PRESS")
    }
    both, mine, its = [made.number, other.number], [made.number], [other.number]
    assert list(found.values()) == [both, mine, its, both, both]
    set_tags(mei, made.number, ())
    assert row_of(mei, made).tags == ()
    assert [one.reason for one in recorded(test_desk.desk, Action.TICKET_TAGGED)] == [
        "partner, press", "press", "none"
    ]  # fmt: skip
    with pytest.raises(BadFilter, match="partner, press"):
        page(mei, "all", parse("tag:pres"))


@pytest.mark.parametrize("name", ["", "two words", "1st", "alice@example.org", "x" * 21, "a13800138000", "a:b"])
def test_a_tag_is_one_word_and_holds_no_number_of_a_person(sqlite_desk: TestDesk, name: str) -> None:
    with pytest.raises(BadInput):
        add_tag(sqlite_desk.session("sue", Role.SUPERVISOR), name)


def test_the_next_ticket_is_the_one_that_is_due_first_of_those_no_one_has(
    test_desk: TestDesk, mei: DeskSession
) -> None:
    sam, now = test_desk.session("sam", Role.AGENT), test_desk.clock.now()
    late = make_ticket(test_desk, received_at=now - timedelta(days=40)).number
    early = make_ticket(test_desk, received_at=now - timedelta(days=3)).number
    new = make_ticket(test_desk).number
    make_ticket(test_desk, received_at=now - timedelta(days=50), assignee=sam)
    assert [take_next(mei), take_next(sam), take_next(mei)] == [late, early, new]
    with pytest.raises(NothingThere, match="No unassigned ticket"):
        take_next(sam)
    with pytest.raises(NotAllowed):
        take_next(test_desk.session("sue", Role.SUPERVISOR))
    assert len(recorded(test_desk.desk, Action.TICKET_CLAIMED)) == 3


def test_a_ticket_that_was_closed_since_the_list_was_read_is_not_the_next(
    test_desk: TestDesk, mei: DeskSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, new = (make_ticket(test_desk).number for _ in range(2))

    def closed_meanwhile(*_given: object) -> bool:
        close(test_desk, gone)
        return False

    monkeypatch.setattr(next_ticket, "_must_keep_away", closed_meanwhile)
    assert take_next(mei) == new


def test_two_people_who_tag_a_ticket_at_once_both_come_about(test_desk: TestDesk, mei: DeskSession) -> None:
    sue, made = test_desk.session("sue", Role.SUPERVISOR), make_ticket(test_desk, assignee=mei)
    for tag in ("press", "partner"):
        add_tag(sue, tag)
    begins = Barrier(2)

    def tags_it(session: DeskSession, tag: str) -> None:
        for at in range(10):
            begins.wait(30)
            set_tags(session, made.number, (tag,) if at % 2 else ("press", "partner"))
            begins.wait(30)
            if session is mei:
                set_tags(session, made.number, ())

    with ThreadPoolExecutor(2) as both:
        for done in [both.submit(tags_it, mei, "press"), both.submit(tags_it, sue, "press")]:
            done.result(60)

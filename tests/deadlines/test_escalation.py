"""What passed unanswered is told to supervisors once for each date, however many consoles look."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import text, update

from cs_console.casework import conversation
from cs_console.casework.workflow import set_state
from cs_console.database import Database
from cs_console.deadlines import escalation
from cs_console.deadlines.clock_events import recompute
from cs_console.deadlines.escalation import escalate_overdue, overdue_page
from cs_console.desk import Desk
from cs_console.upkeep import keep_up
from models.enums import Action, ClockMove, Priority, TicketKind, TicketState
from models.roles import Role
from models.ticket import Ticket
from screens.ticket.head import chips_of
from tests.deadlines.clocks import clock_events
from tests.decisions.cases import grant, person, propose, request
from tests.decisions.test_review import back, decided
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.tickets import make_ticket
from tests.tickets.test_queue_plans import explained

DAY = timedelta(days=1)


def told(test_desk: TestDesk) -> list[tuple[int | None, str, str]]:
    return [(one.ticket, one.actor, one.reason) for one in recorded(test_desk.desk, Action.CLOCK_ESCALATED)]


def due_of(test_desk: TestDesk, number: int) -> datetime:
    due = ticket_of(test_desk, number).next_due_at
    assert due is not None
    return due


def test_an_answer_that_is_overdue_is_told_once(test_desk: TestDesk) -> None:
    number = request(test_desk, person(test_desk, "mei", Role.AGENT)).number
    test_desk.clock.at = due_of(test_desk, number)
    assert escalate_overdue(test_desk.desk) == ()
    test_desk.clock.forward(seconds=1)
    version = ticket_of(test_desk, number).version
    assert escalate_overdue(test_desk.desk) == (number,)
    ticket = ticket_of(test_desk, number)
    assert (ticket.priority, ticket.version) == (Priority.HIGH, version)
    assert told(test_desk) == [(number, "console", "the answer is overdue, priority normal -> high")]
    (event,) = clock_events(test_desk, number)
    assert (event.move, event.agent_id, event.at) == (ClockMove.ESCALATED, None, test_desk.clock.now())
    test_desk.clock.at += DAY
    assert escalate_overdue(test_desk.desk) == ()
    assert len(told(test_desk)) == 1


def test_a_first_response_that_is_overdue_is_told_too(test_desk: TestDesk) -> None:
    number = make_ticket(test_desk, kind=TicketKind.COMPLAINT, priority=Priority.URGENT).number
    test_desk.clock.at = due_of(test_desk, number) + DAY
    keep_up(test_desk.desk)
    assert told(test_desk) == [(number, "console", "the first response is overdue")]
    assert ticket_of(test_desk, number).priority == Priority.URGENT


def test_what_was_answered_closed_or_has_no_date_is_left_alone(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    make_ticket(test_desk, kind=TicketKind.RIGHTS)  # never verified
    make_ticket(test_desk, kind=TicketKind.REPORT, state=TicketState.CLOSED)
    number = request(test_desk, mei).number
    propose(mei, number, 1, grant())
    set_state(mei, number, ticket_of(test_desk, number).version, TicketState.OPEN)  # it goes on after its answer
    test_desk.clock.forward(days=400)
    assert escalate_overdue(test_desk.desk) == ()


def test_a_new_date_is_told_again(test_desk: TestDesk) -> None:
    """A review restarts the clock."""
    _, number, _ = decided(test_desk, "S4")
    test_desk.clock.forward(days=181)
    keep_up(test_desk.desk)
    first = due_of(test_desk, number)
    test_desk.clock.at = first + DAY
    assert escalate_overdue(test_desk.desk) == (number,)
    with test_desk.desk.database.transaction() as db:  # received later than anybody thought
        db.connection().execute(update(Ticket).values(verified_at=first))
        recompute(db, test_desk.desk.packs.current, number)
    assert escalate_overdue(test_desk.desk) == ()
    test_desk.clock.at = due_of(test_desk, number) + DAY
    assert escalate_overdue(test_desk.desk) == (number,)


def test_supervisors_see_it_on_the_ticket(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    test_desk.clock.at = due_of(test_desk, number) + DAY
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    now = test_desk.clock.now()
    assert "overdue, escalated" not in dict(chips_of(conversation.open_ticket(sue, number), now))
    escalate_overdue(test_desk.desk)
    assert {"overdue, escalated", "! high"} <= dict(chips_of(conversation.open_ticket(sue, number), now)).keys()


def test_many_are_told_a_page_a_call_until_all_are(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalation, "PAGE", 4)
    numbers = [make_ticket(test_desk, received_at=test_desk.clock.now() - DAY * n).number for n in range(15)]
    test_desk.clock.forward(days=60)
    calls = [escalate_overdue(test_desk.desk) for _ in range(8)]
    assert sorted(number for call in calls for number in call) == numbers
    assert max(map(len, calls)) <= 8
    late = make_ticket(test_desk, received_at=test_desk.clock.now() - DAY * 365).number  # a date long past
    test_desk.clock.forward(days=1)
    assert any(late in escalate_overdue(test_desk.desk) for _ in range(8))


def test_the_date_that_passed_last_is_told_at_once_however_many_wait(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escalation, "PAGE", 2)
    newest, *_ = (make_ticket(test_desk, received_at=test_desk.clock.now() - DAY * n).number for n in range(9))
    test_desk.clock.forward(days=60)
    assert newest in escalate_overdue(test_desk.desk)


def test_consoles_that_look_at_once_tell_it_once(test_desk: TestDesk) -> None:
    numbers = tuple(make_ticket(test_desk).number for _ in range(6))
    test_desk.clock.forward(days=60)
    desk = test_desk.desk
    consoles = [replace(desk, database=Database(desk.settings.database)) for _ in range(3)]
    together = Barrier(len(consoles))

    def look(desk: Desk) -> tuple[int, ...]:
        together.wait()
        return escalate_overdue(desk)

    with ThreadPoolExecutor(len(consoles)) as pool:
        found = [number for one in pool.map(look, consoles) for number in one]
    for console in consoles:
        console.database.close()
    assert sorted(found) == list(numbers)
    assert sorted(ticket for ticket, _, _ in told(test_desk) if ticket) == list(numbers)
    for number in numbers:
        assert len(clock_events(test_desk, number)) == 1


def test_an_answer_takes_the_mark_away(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    test_desk.clock.at = due_of(test_desk, number) + DAY
    escalate_overdue(test_desk.desk)
    ben = back(test_desk, mei, "ben")
    assert conversation.open_ticket(ben, number).escalated
    propose(ben, number, ticket_of(test_desk, number).version, grant())
    assert not conversation.open_ticket(ben, number).escalated


def test_a_look_walks_the_index_of_due_dates(test_desk: TestDesk) -> None:
    before = (test_desk.clock.now(), 10_500)
    with test_desk.desk.database.reading() as db:
        if not test_desk.desk.database.is_sqlite:
            for setting in ("enable_seqscan", "enable_bitmapscan"):  # an empty table is always scanned otherwise
                db.connection().execute(text(f"SET LOCAL {setting} = off"))
        for one in (None, before):
            plan = "\n".join(explained(db, overdue_page(test_desk.clock.now(), one)))
            assert "ticket_due" in plan
            assert not any(word in plan for word in ("SCAN", "Seq Scan", "Sort", "B-TREE"))

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
from cs_console.desk import Office
from cs_console.upkeep import keep_up
from models.enums import Action, ClockMove, Priority, Role, TicketKind, TicketState
from models.ticket import Ticket
from screens.ticket.lines import status_words
from tests.deadlines.clocks import clock_events
from tests.decisions.cases import grant, person, propose, request
from tests.decisions.test_checklist import ticket_of
from tests.decisions.test_review import back, decided
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket
from tests.tickets.test_queue_plans import explained

DAY = timedelta(days=1)


def told(test_office: TestOffice) -> list[tuple[int | None, str, str]]:
    return [(one.ticket, one.actor, one.reason) for one in recorded(test_office.office, Action.CLOCK_ESCALATED)]


def due_of(test_office: TestOffice, number: int) -> datetime:
    due = ticket_of(test_office, number).next_due_at
    assert due is not None
    return due


def test_an_answer_that_is_overdue_is_told_once(test_office: TestOffice) -> None:
    number = request(test_office, person(test_office, "mei", Role.AGENT)).number
    test_office.clock.at = due_of(test_office, number)
    assert escalate_overdue(test_office.office) == ()
    test_office.clock.forward(seconds=1)
    row = ticket_of(test_office, number).row
    assert escalate_overdue(test_office.office) == (number,)
    ticket = ticket_of(test_office, number)
    assert (ticket.priority, ticket.row) == (Priority.HIGH, row)
    assert told(test_office) == [(number, "console", "the answer is overdue, priority normal -> high")]
    (event,) = clock_events(test_office, number)
    assert (event.move, event.agent_id, event.at) == (ClockMove.ESCALATED, None, test_office.clock.now())
    test_office.clock.at += DAY
    assert escalate_overdue(test_office.office) == ()
    assert len(told(test_office)) == 1


def test_a_first_response_that_is_overdue_is_told_too(test_office: TestOffice) -> None:
    number = make_ticket(test_office, kind=TicketKind.COMPLAINT, priority=Priority.URGENT).number
    test_office.clock.at = due_of(test_office, number) + DAY
    keep_up(test_office.office)
    assert told(test_office) == [(number, "console", "the first response is overdue")]
    assert ticket_of(test_office, number).priority == Priority.URGENT


def test_what_was_answered_closed_or_has_no_date_is_left_alone(test_office: TestOffice) -> None:
    mei = person(test_office, "mei", Role.AGENT)
    make_ticket(test_office, kind=TicketKind.RIGHTS)  # never verified
    make_ticket(test_office, kind=TicketKind.REPORT, state=TicketState.CLOSED)
    number = request(test_office, mei).number
    propose(mei, number, 1, grant())
    set_state(mei, number, ticket_of(test_office, number).row, TicketState.OPEN)  # it goes on after its answer
    test_office.clock.forward(days=400)
    assert escalate_overdue(test_office.office) == ()


def test_a_new_date_is_told_again(test_office: TestOffice) -> None:
    """A review restarts the clock."""
    _, number, _ = decided(test_office, "S4")
    test_office.clock.forward(days=181)
    keep_up(test_office.office)
    first = due_of(test_office, number)
    test_office.clock.at = first + DAY
    assert escalate_overdue(test_office.office) == (number,)
    with test_office.office.database.transaction() as session:  # received later than anybody thought
        session.connection().execute(update(Ticket).values(verified_at=first))
        recompute(session, test_office.office.packs.current, number)
    assert escalate_overdue(test_office.office) == ()
    test_office.clock.at = due_of(test_office, number) + DAY
    assert escalate_overdue(test_office.office) == (number,)


def test_supervisors_see_it_on_the_ticket(test_office: TestOffice) -> None:
    mei = person(test_office, "mei", Role.AGENT)
    number = request(test_office, mei).number
    test_office.clock.at = due_of(test_office, number) + DAY
    sue = person(test_office, "sue", Role.SUPERVISOR)
    assert "escalated" not in status_words(conversation.open_ticket(sue, number))
    escalate_overdue(test_office.office)
    assert "overdue, escalated · high" in status_words(conversation.open_ticket(sue, number))


def test_many_are_told_a_page_a_call_until_all_are(test_office: TestOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalation, "PAGE", 4)
    numbers = [make_ticket(test_office, received_at=test_office.clock.now() - DAY * n).number for n in range(15)]
    test_office.clock.forward(days=60)
    calls = [escalate_overdue(test_office.office) for _ in range(8)]
    assert sorted(number for call in calls for number in call) == numbers
    assert max(map(len, calls)) <= 8
    late = make_ticket(test_office, received_at=test_office.clock.now() - DAY * 365).number  # a date long past
    test_office.clock.forward(days=1)
    assert any(late in escalate_overdue(test_office.office) for _ in range(8))


def test_the_date_that_passed_last_is_told_at_once_however_many_wait(
    test_office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escalation, "PAGE", 2)
    newest, *_ = (make_ticket(test_office, received_at=test_office.clock.now() - DAY * n).number for n in range(9))
    test_office.clock.forward(days=60)
    assert newest in escalate_overdue(test_office.office)


def test_consoles_that_look_at_once_tell_it_once(test_office: TestOffice) -> None:
    numbers = tuple(make_ticket(test_office).number for _ in range(6))
    test_office.clock.forward(days=60)
    office = test_office.office
    consoles = [replace(office, database=Database(office.settings.database)) for _ in range(3)]
    together = Barrier(len(consoles))

    def look(office: Office) -> tuple[int, ...]:
        together.wait()
        return escalate_overdue(office)

    with ThreadPoolExecutor(len(consoles)) as pool:
        found = [number for one in pool.map(look, consoles) for number in one]
    for console in consoles:
        console.database.close()
    assert sorted(found) == list(numbers)
    assert sorted(ticket for ticket, _, _ in told(test_office) if ticket) == list(numbers)
    for number in numbers:
        assert len(clock_events(test_office, number)) == 1


def test_an_answer_takes_the_mark_away(test_office: TestOffice) -> None:
    mei = person(test_office, "mei", Role.AGENT)
    number = request(test_office, mei).number
    test_office.clock.at = due_of(test_office, number) + DAY
    escalate_overdue(test_office.office)
    ben = back(test_office, mei, "ben")
    assert conversation.open_ticket(ben, number).escalated
    propose(ben, number, ticket_of(test_office, number).row, grant())
    assert not conversation.open_ticket(ben, number).escalated


def test_a_look_walks_the_index_of_due_dates(test_office: TestOffice) -> None:
    before = (test_office.clock.now(), 10_500)
    with test_office.office.database.reading() as session:
        if not test_office.office.database.is_sqlite:
            for setting in ("enable_seqscan", "enable_bitmapscan"):  # an empty table is always scanned otherwise
                session.connection().execute(text(f"SET LOCAL {setting} = off"))
        for one in (None, before):
            plan = "\n".join(explained(session, overdue_page(test_office.clock.now(), one)))
            assert "ticket_due" in plan
            assert not any(word in plan for word in ("SCAN", "Seq Scan", "Sort", "B-TREE"))

"""What the header counts: the agent's own tickets, the whole desk's for those who lead it, and others' proposals."""

from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from cs_console.casework.conversation import open_ticket
from cs_console.casework.needs import COUNTED_UP_TO, Needs, needs_of
from models.roles import Role
from models.ticket import Ticket
from tests.decisions.cases import person, propose, refusal, request
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket


def test_an_agents_own_tickets_count_and_a_supervisor_sees_the_desks(test_desk: TestDesk) -> None:
    mei, ben = test_desk.session("mei", Role.AGENT), test_desk.session("ben", Role.AGENT)
    sara, root = test_desk.session("sara", Role.SUPERVISOR), test_desk.session("root", Role.ADMIN)
    late = test_desk.clock.now() - timedelta(days=90)
    for assignee in (mei, ben, None):
        make_ticket(test_desk, assignee=assignee, received_at=late)
        make_ticket(test_desk, assignee=assignee)
    assert needs_of(mei) == Needs(overdue=1)
    assert needs_of(sara) == Needs(overdue=3)
    assert needs_of(root) == Needs(), "an admin has no business with requesters"


def test_what_is_due_before_the_day_ends_is_due_today(sqlite_desk: TestDesk) -> None:
    number = make_ticket(sqlite_desk).number
    with sqlite_desk.desk.database.reading() as db:
        due = db.connection().execute(select(col(Ticket.next_due_at)).where(col(Ticket.number) == number)).scalar_one()
    assert due is not None
    midnight = due.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    for at, who, waits in (
        (midnight - timedelta(seconds=1), "sara", Needs()),
        (midnight, "omar", Needs(due_today=1)),
        (due, "ines", Needs(due_today=1)),
        (due + timedelta(seconds=1), "jo", Needs(overdue=1)),
    ):
        sqlite_desk.clock.forward(seconds=(at - sqlite_desk.clock.now()).total_seconds())
        assert needs_of(sqlite_desk.session(who, Role.SUPERVISOR)) == waits, who


def test_proposals_of_others_wait_for_those_who_approve(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    made = request(test_desk, mei)
    view = open_ticket(mei, made.number)
    propose(mei, made.number, view.version, refusal("S4", test_desk.clock.now()))
    assert needs_of(sue).approvals == 1
    assert needs_of(mei).approvals == 0


def test_no_count_goes_further_than_it_says(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    late = sqlite_desk.clock.now() - timedelta(days=90)
    for _ in range(COUNTED_UP_TO + 3):
        make_ticket(sqlite_desk, assignee=mei, received_at=late)
    assert needs_of(mei).overdue == COUNTED_UP_TO + 1

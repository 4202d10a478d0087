"""When a review date passes, the ticket opens again, once."""

from datetime import timedelta

import pytest

from cs_console.decisions import approval, checklist
from cs_console.decisions.review import reopen_due
from models.enums import Action, Role, TicketState
from tests.decisions.cases import PASSWORD, grant, ground, person, refusal, request
from tests.decisions.test_checklist import actions, decision_of, ticket_of
from tests.support.office import TestOffice


def decided(test_office: TestOffice, code: str) -> tuple[int, str]:
    """The number of a ticket that was refused on that ground, and the decision's id."""
    mei = person(test_office, "mei", Role.AGENT)
    number = request(test_office, mei).number
    decision_id = checklist.propose(mei, number, 1, refusal(code, test_office.clock.now()))
    for name, role in (("sue", Role.SUPERVISOR), ("pia", Role.PRIVACY_OFFICER)):
        approval.approve(person(test_office, name, role), decision_id, PASSWORD)
    assert ticket_of(test_office, number).state == TicketState.CLOSED
    return number, decision_id


@pytest.mark.parametrize("code", ["S1", "S4"])
def test_the_ticket_opens_again_on_the_packs_day_and_the_clock_counts_anew(test_office: TestOffice, code: str) -> None:
    number, decision_id = decided(test_office, code)
    days = timedelta(days=ground(code).review_days)
    assert decision_of(test_office, decision_id).review_at == test_office.clock.now() + days
    test_office.clock.at += days - timedelta(seconds=1)
    assert reopen_due(test_office.office) == ()
    test_office.clock.forward(seconds=1)
    assert reopen_due(test_office.office) == (number,)
    ticket = ticket_of(test_office, number)
    assert (ticket.state, ticket.closed_at) == (TicketState.OPEN, None)
    assert ticket.due_at == test_office.clock.now() + timedelta(days=30)
    assert actions(test_office)[-1] == (Action.TICKET_CHANGED, "done", "the decision's review date has come")
    assert reopen_due(test_office.office) == ()


def test_a_ticket_that_was_closed_after_its_review_stays_closed(test_office: TestOffice) -> None:
    number, _ = decided(test_office, "S4")
    test_office.clock.forward(days=181)
    assert reopen_due(test_office.office) == (number,)
    mei = person(test_office, "mei2", Role.AGENT)
    with test_office.office.database.transaction() as session:
        ticket = session.get_one(type(ticket_of(test_office, number)), number)
        ticket.assignee_id = mei.agent.id
        session.add(ticket)
    checklist.propose(mei, number, ticket_of(test_office, number).row, grant())
    test_office.clock.forward(days=400)
    assert reopen_due(test_office.office) == ()

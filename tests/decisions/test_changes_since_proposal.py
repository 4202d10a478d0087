"""The approver is told what changed since a proposal: each change once, none from before."""

import pytest

from cs_console.casework import conversation, workflow
from cs_console.casework.contacts import change_contact
from cs_console.decisions import approval
from cs_console.desk import DeskSession
from cs_console.tickets.ticket_record import facts, record_about
from models.contact_fields import Field
from models.enums import Action, Priority
from models.roles import Role
from tests.decisions.cases import PASSWORD, later, person, propose, refusal, request
from tests.support.desk import TestDesk

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def told(session: DeskSession, decision_id: str) -> list[str]:
    return [one.words for one in approval.open_proposal(session, decision_id).since]


def row_of(session: DeskSession, number: int) -> int:
    return conversation.reload(session, number).version


def note(session: DeskSession, number: int, text: str) -> None:
    conversation.add_note(session, number, row_of(session, number), text)


def test_each_change_since_is_told_in_order_and_counted(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    person(test_desk, "ben", Role.AGENT)
    made = request(test_desk, mei)
    note(mei, made.number, "Before it was proposed.")
    decision_id = propose(mei, made.number, row_of(mei, made.number), refusal("D2", test_desk.clock.now())).decision_id
    assert told(sue, decision_id) == []
    for at in range(2):
        test_desk.clock.forward(minutes=1)
        with mei.work() as db:
            record_about(db, mei, facts(db, made.number), Action.TICKET_FOLLOW_UP)
        note(mei, made.number, f"Note {at}.")
    test_desk.clock.forward(minutes=1)
    change_contact(mei, made.number, made.contact_ids[Field.MOBILE], Field.MOBILE, "+8613800138001")
    test_desk.clock.forward(minutes=1)
    workflow.assign(sue, made.number, row_of(sue, made.number), "ben")
    test_desk.clock.forward(minutes=1)
    workflow.set_priority(sue, made.number, row_of(sue, made.number), Priority.HIGH)
    assert told(sue, decision_id) == [
        "2 messages received",
        "2 notes written",
        "a contact was changed: Mobile number",
        "the verification window was closed",
        "reassigned to ben",
        "priority normal -> high",
    ]


def test_a_window_that_ran_out_by_itself_is_told_too(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    made = request(test_desk, mei)
    decision_id = propose(mei, made.number, row_of(mei, made.number), refusal("D2", test_desk.clock.now())).decision_id
    later(test_desk, minutes=31)
    assert told(sue, decision_id) == ["the verification window ran out"]


def test_what_ended_before_the_proposal_or_belongs_to_another_ticket_is_not_told(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    made, other = request(test_desk, mei), request(test_desk, mei)
    later(test_desk, minutes=31)
    decision_id = propose(mei, made.number, row_of(mei, made.number), refusal("D2", test_desk.clock.now())).decision_id
    test_desk.clock.forward(minutes=1)
    note(mei, other.number, "Elsewhere.")
    assert told(sue, decision_id) == []


def test_a_new_proposal_begins_anew(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    number = request(test_desk, mei).number
    first = propose(mei, number, 1, refusal("D2", test_desk.clock.now())).decision_id
    note(mei, number, "A word.")
    assert told(sue, first) == ["1 note written"]
    approval.withdraw(mei, first)
    again = propose(mei, number, row_of(mei, number), refusal("D2", test_desk.clock.now())).decision_id
    assert told(sue, again) == []


@pytest.mark.parametrize(("code", "named"), [("S4", "sue"), ("S1", "supervisor")])
def test_who_said_yes_is_named_but_not_to_agents_under_legal_review(test_desk: TestDesk, code: str, named: str) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    number = request(test_desk, mei).number
    decision_id = propose(mei, number, 1, refusal(code, test_desk.clock.now())).decision_id
    approval.approve(sue, decision_id, PASSWORD)
    [for_mei], [for_sue] = approval.waiting(mei).rows, approval.waiting(sue).rows
    assert (for_mei.approvals_given, for_sue.approvals_given) == ((named,), ("sue",))
    assert sorted(for_mei.asks) == ["privacy officer", "supervisor"]
    assert for_mei.needs == ("privacy officer",)

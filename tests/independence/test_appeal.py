"""No one handles an appeal against their own decision: not its proposer, not its approvers (DESIGN.md)."""

from datetime import timedelta

import pytest

from cs_console.access_log.entry import Actor
from cs_console.casework.workflow import assign, set_state
from cs_console.decisions import approval
from cs_console.decisions.approval_queue import last_decision
from cs_console.decisions.proposal import Proposal
from cs_console.decisions.review import open_for_review
from cs_console.desk import DeskSession
from cs_console.errors import NotIndependent, OwnDecision
from cs_console.tickets.ticket_record import facts
from models.enums import Action, Outcome, TicketState
from models.roles import Role
from tests.decisions import cases
from tests.decisions.cases import PASSWORD, fee, grant, ground, partial, person, refusal, request
from tests.decisions.test_approval import last_entry
from tests.support.answers import write
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import notices, ticket_of
from tests.support.tickets import give

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

REFUSED = (Action.DECISION_REFUSED, "refused", "own_decision")


def decided(test_desk: TestDesk, proposal: Proposal) -> tuple[DeskSession, DeskSession, int]:
    """Who proposed it, the supervisor who approved it, and the decided ticket's number."""
    mei = person(test_desk, "mei", Role.AGENT, Role.SUPERVISOR)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    number = request(test_desk, mei).number
    decision_id = cases.propose(mei, number, 1, proposal).decision_id
    assert approval.approve(sue, decision_id, PASSWORD).final
    return mei, sue, number


def propose(test_desk: TestDesk, session: DeskSession, number: int, proposal: Proposal | None = None) -> str:
    version = ticket_of(test_desk, number).version
    return cases.propose(session, number, version, proposal or refusal("D2", test_desk.clock.now())).decision_id


def hand_on(test_desk: TestDesk, session: DeskSession, number: int, name: str) -> DeskSession:
    other = person(test_desk, name, Role.AGENT)
    assign(session, number, ticket_of(test_desk, number).version, name)
    return other


@pytest.mark.parametrize("outcome", [Outcome.REFUSE, Outcome.PARTIAL])
def test_who_proposed_the_refusal_proposes_no_answer_to_the_appeal(test_desk: TestDesk, outcome: Outcome) -> None:
    """Not even a grant, which needs no second person; the attempt is recorded and changes nothing."""
    now = test_desk.clock.now()
    mei, _, number = decided(test_desk, refusal("D2", now) if outcome is Outcome.REFUSE else partial("D2", now))
    write(test_desk, number)
    before = ticket_of(test_desk, number)
    assert before.state == TicketState.VERIFIED
    for proposal in (refusal("D2", test_desk.clock.now()), grant()):
        with pytest.raises(OwnDecision):
            propose(test_desk, mei, number, proposal)
        assert last_entry(test_desk) == (*REFUSED, "mei")
    assert ticket_of(test_desk, number) == before
    last = last_decision(mei, number)
    assert last is not None and last.own_appealed  # so that no one fills in the checklist in vain


def test_who_approved_the_refusal_neither_approves_nor_returns_the_answer(test_desk: TestDesk) -> None:
    mei, sue, number = decided(test_desk, refusal("D2", test_desk.clock.now()))
    write(test_desk, number)
    ben = hand_on(test_desk, mei, number, "ben")
    decision_id = propose(test_desk, ben, number)
    for step in (
        lambda: approval.approve(sue, decision_id, "a wrong pass phrase"),  # before any password is looked at
        lambda: approval.return_proposal(sue, decision_id, "Refuse it once more."),
    ):
        with pytest.raises(OwnDecision):
            step()
        assert last_entry(test_desk) == (*REFUSED, "sue")
    with pytest.raises(OwnDecision):
        approval.approve(mei, decision_id, PASSWORD)  # who proposed the first approves no second one
    assert ticket_of(test_desk, number).state == TicketState.IN_APPROVAL
    assert approval.approve(person(test_desk, "sam", Role.SUPERVISOR), decision_id, PASSWORD).final


def test_who_approved_the_refusal_does_not_propose_the_answer_either(test_desk: TestDesk) -> None:
    mei, sue, number = decided(test_desk, refusal("D2", test_desk.clock.now()))
    write(test_desk, number)
    with pytest.raises(NotIndependent):
        assign(mei, number, ticket_of(test_desk, number).version, "sue")
    give(test_desk, number, sue)
    with pytest.raises(OwnDecision):
        propose(test_desk, sue, number)


def test_a_second_appeal_is_not_for_those_who_decided_the_first_one(test_desk: TestDesk) -> None:
    mei, _, number = decided(test_desk, refusal("D2", test_desk.clock.now()))
    write(test_desk, number)
    ben, sam = hand_on(test_desk, mei, number, "ben"), person(test_desk, "sam", Role.SUPERVISOR)
    approval.approve(sam, propose(test_desk, ben, number), PASSWORD)
    write(test_desk, number)
    with pytest.raises(OwnDecision):
        propose(test_desk, ben, number)
    with pytest.raises(NotIndependent):
        assign(ben, number, ticket_of(test_desk, number).version, "mei")
    give(test_desk, number, mei)
    with pytest.raises(OwnDecision):
        propose(test_desk, mei, number)


def test_whoever_only_returned_a_proposal_decided_nothing(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    sam, number = person(test_desk, "sam", Role.SUPERVISOR), request(test_desk, mei).number
    approval.return_proposal(sam, propose(test_desk, mei, number), "Look again.")
    test_desk.clock.forward(minutes=1)
    approval.approve(sue, propose(test_desk, mei, number), PASSWORD)
    write(test_desk, number)
    ben = hand_on(test_desk, mei, number, "ben")
    assert approval.approve(sam, propose(test_desk, ben, number), PASSWORD).final


def test_of_two_approvers_in_two_roles_neither_handles_the_appeal(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    pia, number = person(test_desk, "pia", Role.PRIVACY_OFFICER), request(test_desk, mei).number
    decision_id = propose(test_desk, mei, number, refusal("S1", test_desk.clock.now()))
    for session in (sue, pia):
        approval.approve(session, decision_id, PASSWORD)
    write(test_desk, number)
    ben = hand_on(test_desk, mei, number, "ben")
    again = propose(test_desk, ben, number)
    for session in (sue, pia):
        with pytest.raises(OwnDecision):
            approval.approve(session, again, PASSWORD)


def test_without_a_word_of_the_requester_there_is_no_appeal(test_desk: TestDesk) -> None:
    """The desk's own second thoughts are for the same people."""
    mei, _, number = decided(test_desk, refusal("D2", test_desk.clock.now()))
    test_desk.clock.forward(minutes=1)
    set_state(mei, number, ticket_of(test_desk, number).version, TicketState.OPEN)
    propose(test_desk, mei, number, grant())
    last = last_decision(mei, number)
    assert last is not None and not last.own_appealed


def test_who_pays_a_fee_or_asks_after_a_grant_appeals_against_nothing(test_desk: TestDesk) -> None:
    mei, _, number = decided(test_desk, fee(test_desk.clock.now()))
    write(test_desk, number, "I have paid.")
    propose(test_desk, mei, number, grant())
    write(test_desk, number, "And my orders?")
    propose(test_desk, mei, number, grant("orders"))
    assert recorded(test_desk.desk, Action.DECISION_REFUSED) == []


@pytest.mark.parametrize("claimed", [timedelta(minutes=2), timedelta(days=3), timedelta(days=900)])
def test_what_a_mail_claims_of_its_date_hides_no_appeal(test_desk: TestDesk, claimed: timedelta) -> None:
    """What counts is when it reached us."""
    mei, _, number = decided(test_desk, refusal("D2", test_desk.clock.now()))
    write(test_desk, number, at=test_desk.clock.now() - claimed)
    with pytest.raises(OwnDecision):
        propose(test_desk, mei, number)


def test_what_reached_us_before_the_refusal_is_no_appeal_against_it(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    number = request(test_desk, mei).number
    write(test_desk, number, "One more thing.")
    test_desk.clock.forward(minutes=1)
    approval.approve(sue, propose(test_desk, mei, number), PASSWORD)
    test_desk.clock.forward(minutes=1)
    set_state(mei, number, ticket_of(test_desk, number).version, TicketState.VERIFIED)
    propose(test_desk, mei, number, grant())


def test_another_tickets_refusal_does_not_count(test_desk: TestDesk) -> None:
    mei, _, number = decided(test_desk, refusal("D2", test_desk.clock.now()))
    write(test_desk, number)
    other = request(test_desk, mei).number
    propose(test_desk, mei, other)


@pytest.mark.parametrize("code", ["D2", "S1", "S3"])
def test_what_was_refused_with_others_is_not_given_after_all_by_one(test_desk: TestDesk, code: str) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    others = {role: person(test_desk, role.value[:3], role) for role in ground(code).approvers}
    decision_id = cases.propose(mei, number, 1, refusal(code, test_desk.clock.now())).decision_id
    for session in others.values():
        approval.approve(session, decision_id, PASSWORD)
    set_state(mei, number, ticket_of(test_desk, number).version, TicketState.OPEN)
    proposed = cases.propose(mei, number, ticket_of(test_desk, number).version, grant())
    assert sorted(proposed.still_needed) == sorted(role.value for role in ground(code).approvers)
    assert ticket_of(test_desk, number).state == TicketState.IN_APPROVAL
    assert len(notices(test_desk, number)) == 1  # the refusal's own
    made = [approval.approve(session, proposed.decision_id, PASSWORD).final for session in others.values()]
    assert made[-1] and not any(made[:-1])


def test_after_its_review_has_begun_a_refusal_is_undone_like_any_request(test_desk: TestDesk) -> None:
    mei, _, number = decided(test_desk, refusal("D2", test_desk.clock.now()))
    set_state(mei, number, ticket_of(test_desk, number).version, TicketState.OPEN)
    desk = test_desk.desk
    with desk.database.transaction() as db:
        open_for_review(db, desk, facts(db, number), Actor("console", "", "", "a host"))
    assert cases.propose(mei, number, ticket_of(test_desk, number).version, grant()).still_needed == ()

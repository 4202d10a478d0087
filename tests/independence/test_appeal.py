"""No one handles an appeal against their own decision: not its proposer, not its approvers (DESIGN.md)."""

from datetime import datetime, timedelta

import pytest

from cs_console.access_log.entry import Actor
from cs_console.casework.workflow import assign, set_state
from cs_console.decisions import approval
from cs_console.decisions.approval_queue import last_decision
from cs_console.decisions.proposal import Proposal
from cs_console.decisions.review import open_for_review
from cs_console.desk import Desk, operator_desk
from cs_console.errors import NotIndependent, OwnDecision
from cs_console.intake.incoming import IncomingMessage
from cs_console.intake.intake import take_in
from cs_console.tickets.ticket_record import facts
from models.enums import Action, Channel, Field, Outcome, Role, TicketState
from tests.decisions import cases
from tests.decisions.cases import PASSWORD, fee, grant, ground, partial, person, refusal, request
from tests.decisions.test_approval import last_entry
from tests.decisions.test_checklist import notices, ticket_of
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import give

REFUSED = (Action.DECISION_REFUSED, "refused", "own_decision")


def write(test_office: TestOffice, number: int, text: str = "I do not agree.", at: datetime | None = None) -> None:
    """The requester answers on the ticket, a minute later; `at` is the date that the mail claims."""
    test_office.clock.forward(minutes=1)
    mail = IncomingMessage(
        reference=f"<{test_office.clock.now().isoformat()}@example.org>",
        channel=Channel.MAIL,
        subject=f"Re: your answer [#{number}]",
        text=text,
        contacts=((Field.EMAIL, "alice@example.org"),),
        at=at,
    )
    assert take_in(operator_desk(test_office.office), mail).outcome == "appended"


def decided(test_office: TestOffice, proposal: Proposal) -> tuple[Desk, Desk, int]:
    """Who proposed it, the supervisor who approved it, and the decided ticket's number."""
    mei = person(test_office, "mei", Role.AGENT, Role.SUPERVISOR)
    sue = person(test_office, "sue", Role.SUPERVISOR)
    number = request(test_office, mei).number
    decision_id = cases.propose(mei, number, 1, proposal).decision_id
    assert approval.approve(sue, decision_id, PASSWORD).final
    return mei, sue, number


def propose(test_office: TestOffice, desk: Desk, number: int, proposal: Proposal | None = None) -> str:
    row = ticket_of(test_office, number).row
    return cases.propose(desk, number, row, proposal or refusal("D2", test_office.clock.now())).decision_id


def hand_on(test_office: TestOffice, desk: Desk, number: int, name: str) -> Desk:
    other = person(test_office, name, Role.AGENT)
    assign(desk, number, ticket_of(test_office, number).row, name)
    return other


@pytest.mark.parametrize("outcome", [Outcome.REFUSE, Outcome.PARTIAL])
def test_who_proposed_the_refusal_proposes_no_answer_to_the_appeal(test_office: TestOffice, outcome: Outcome) -> None:
    """Not even a grant, which needs no second person; the attempt is recorded and changes nothing."""
    now = test_office.clock.now()
    mei, _, number = decided(test_office, refusal("D2", now) if outcome is Outcome.REFUSE else partial("D2", now))
    write(test_office, number)
    before = ticket_of(test_office, number)
    assert before.state == TicketState.VERIFIED
    for proposal in (refusal("D2", test_office.clock.now()), grant()):
        with pytest.raises(OwnDecision):
            propose(test_office, mei, number, proposal)
        assert last_entry(test_office) == (*REFUSED, "mei")
    assert ticket_of(test_office, number) == before
    last = last_decision(mei, number)
    assert last is not None and last.own_appealed  # so that no one fills in the checklist in vain


def test_who_approved_the_refusal_neither_approves_nor_returns_the_answer(test_office: TestOffice) -> None:
    mei, sue, number = decided(test_office, refusal("D2", test_office.clock.now()))
    write(test_office, number)
    ben = hand_on(test_office, mei, number, "ben")
    decision_id = propose(test_office, ben, number)
    for step in (
        lambda: approval.approve(sue, decision_id, "a wrong pass phrase"),  # before any password is looked at
        lambda: approval.return_proposal(sue, decision_id, "Refuse it once more."),
    ):
        with pytest.raises(OwnDecision):
            step()
        assert last_entry(test_office) == (*REFUSED, "sue")
    with pytest.raises(OwnDecision):
        approval.approve(mei, decision_id, PASSWORD)  # who proposed the first approves no second one
    assert ticket_of(test_office, number).state == TicketState.IN_APPROVAL
    assert approval.approve(person(test_office, "sam", Role.SUPERVISOR), decision_id, PASSWORD).final


def test_who_approved_the_refusal_does_not_propose_the_answer_either(test_office: TestOffice) -> None:
    mei, sue, number = decided(test_office, refusal("D2", test_office.clock.now()))
    write(test_office, number)
    with pytest.raises(NotIndependent):
        assign(mei, number, ticket_of(test_office, number).row, "sue")
    give(test_office, number, sue)
    with pytest.raises(OwnDecision):
        propose(test_office, sue, number)


def test_a_second_appeal_is_not_for_those_who_decided_the_first_one(test_office: TestOffice) -> None:
    mei, _, number = decided(test_office, refusal("D2", test_office.clock.now()))
    write(test_office, number)
    ben, sam = hand_on(test_office, mei, number, "ben"), person(test_office, "sam", Role.SUPERVISOR)
    approval.approve(sam, propose(test_office, ben, number), PASSWORD)
    write(test_office, number)
    with pytest.raises(OwnDecision):
        propose(test_office, ben, number)
    with pytest.raises(NotIndependent):
        assign(ben, number, ticket_of(test_office, number).row, "mei")
    give(test_office, number, mei)
    with pytest.raises(OwnDecision):
        propose(test_office, mei, number)


def test_whoever_only_returned_a_proposal_decided_nothing(test_office: TestOffice) -> None:
    mei, sue = person(test_office, "mei", Role.AGENT), person(test_office, "sue", Role.SUPERVISOR)
    sam, number = person(test_office, "sam", Role.SUPERVISOR), request(test_office, mei).number
    approval.return_proposal(sam, propose(test_office, mei, number), "Look again.")
    test_office.clock.forward(minutes=1)
    approval.approve(sue, propose(test_office, mei, number), PASSWORD)
    write(test_office, number)
    ben = hand_on(test_office, mei, number, "ben")
    assert approval.approve(sam, propose(test_office, ben, number), PASSWORD).final


def test_of_two_approvers_in_two_roles_neither_handles_the_appeal(test_office: TestOffice) -> None:
    mei, sue = person(test_office, "mei", Role.AGENT), person(test_office, "sue", Role.SUPERVISOR)
    pia, number = person(test_office, "pia", Role.PRIVACY_OFFICER), request(test_office, mei).number
    decision_id = propose(test_office, mei, number, refusal("S1", test_office.clock.now()))
    for desk in (sue, pia):
        approval.approve(desk, decision_id, PASSWORD)
    write(test_office, number)
    ben = hand_on(test_office, mei, number, "ben")
    again = propose(test_office, ben, number)
    for desk in (sue, pia):
        with pytest.raises(OwnDecision):
            approval.approve(desk, again, PASSWORD)


def test_without_a_word_of_the_requester_there_is_no_appeal(test_office: TestOffice) -> None:
    """The desk's own second thoughts are for the same people."""
    mei, _, number = decided(test_office, refusal("D2", test_office.clock.now()))
    test_office.clock.forward(minutes=1)
    set_state(mei, number, ticket_of(test_office, number).row, TicketState.OPEN)
    propose(test_office, mei, number, grant())
    last = last_decision(mei, number)
    assert last is not None and not last.own_appealed


def test_who_pays_a_fee_or_asks_after_a_grant_appeals_against_nothing(test_office: TestOffice) -> None:
    mei, _, number = decided(test_office, fee(test_office.clock.now()))
    write(test_office, number, "I have paid.")
    propose(test_office, mei, number, grant())
    write(test_office, number, "And my orders?")
    propose(test_office, mei, number, grant("orders"))
    assert recorded(test_office.office, Action.DECISION_REFUSED) == []


@pytest.mark.parametrize("claimed", [timedelta(minutes=2), timedelta(days=3), timedelta(days=900)])
def test_what_a_mail_claims_of_its_date_hides_no_appeal(test_office: TestOffice, claimed: timedelta) -> None:
    """What counts is when it reached us."""
    mei, _, number = decided(test_office, refusal("D2", test_office.clock.now()))
    write(test_office, number, at=test_office.clock.now() - claimed)
    with pytest.raises(OwnDecision):
        propose(test_office, mei, number)


def test_what_reached_us_before_the_refusal_is_no_appeal_against_it(test_office: TestOffice) -> None:
    mei, sue = person(test_office, "mei", Role.AGENT), person(test_office, "sue", Role.SUPERVISOR)
    number = request(test_office, mei).number
    write(test_office, number, "One more thing.")
    test_office.clock.forward(minutes=1)
    approval.approve(sue, propose(test_office, mei, number), PASSWORD)
    test_office.clock.forward(minutes=1)
    set_state(mei, number, ticket_of(test_office, number).row, TicketState.VERIFIED)
    propose(test_office, mei, number, grant())


def test_another_tickets_refusal_does_not_count(test_office: TestOffice) -> None:
    mei, _, number = decided(test_office, refusal("D2", test_office.clock.now()))
    write(test_office, number)
    other = request(test_office, mei).number
    propose(test_office, mei, other)


@pytest.mark.parametrize("code", ["D2", "S1", "S3"])
def test_what_was_refused_with_others_is_not_given_after_all_by_one(test_office: TestOffice, code: str) -> None:
    mei = person(test_office, "mei", Role.AGENT)
    number = request(test_office, mei).number
    others = {role: person(test_office, role.value[:3], role) for role in ground(code).approvers}
    decision_id = cases.propose(mei, number, 1, refusal(code, test_office.clock.now())).decision_id
    for desk in others.values():
        approval.approve(desk, decision_id, PASSWORD)
    set_state(mei, number, ticket_of(test_office, number).row, TicketState.OPEN)
    proposed = cases.propose(mei, number, ticket_of(test_office, number).row, grant())
    assert sorted(proposed.still_needed) == sorted(role.value for role in ground(code).approvers)
    assert ticket_of(test_office, number).state == TicketState.IN_APPROVAL
    assert len(notices(test_office, number)) == 1  # the refusal's own
    made = [approval.approve(desk, proposed.decision_id, PASSWORD).final for desk in others.values()]
    assert made[-1] and not any(made[:-1])


def test_after_its_review_has_begun_a_refusal_is_undone_like_any_request(test_office: TestOffice) -> None:
    mei, _, number = decided(test_office, refusal("D2", test_office.clock.now()))
    set_state(mei, number, ticket_of(test_office, number).row, TicketState.OPEN)
    office = test_office.office
    with office.database.transaction() as session:
        open_for_review(session, office, facts(session, number), Actor("console", "", "", "a host"))
    assert cases.propose(mei, number, ticket_of(test_office, number).row, grant()).still_needed == ()

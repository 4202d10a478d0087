"""What was asked, who has to approve, whether a review began and whether a fee is waited for: as the log says it.

The attacker writes to the database as its owner could, and has no keys.
"""

import pytest
from sqlalchemy import delete, insert, update
from sqlmodel import col

from cs_console.access_log.entry import Actor
from cs_console.casework.workflow import claim, set_state
from cs_console.decisions import approval, checklist
from cs_console.decisions.fee_steps import fee_paid, fee_unpaid
from cs_console.decisions.request_scope import read_asked, record_asked
from cs_console.decisions.review import open_for_review, reopen_due, stands
from cs_console.desk import Desk
from cs_console.errors import AskedDiffers, LogBroken, NotIndependent, NotVouched, OwnDecision, StaleProposal
from cs_console.independence.separation import kept_out
from cs_console.tickets.ticket_record import facts
from models.asked import Asked
from models.clock_event import ClockEvent
from models.columns import new_id
from models.decision import Approval, Decision
from models.enums import ClockMove, Field, Role, TicketKind, TicketState
from models.ticket import Ticket
from tests.access_log.tampering import hand
from tests.custody.reveals import change
from tests.decisions.cases import PASSWORD, grant, later, pack, person, propose, refusal, request
from tests.decisions.test_checklist import ticket_of
from tests.independence.test_appeal import write
from tests.settlements.settlements import Refused, refused
from tests.support.office import TestOffice
from tests.support.tickets import give, make_requester, make_ticket

BOTH = (Field.EMAIL.value, Field.MOBILE.value)


def row_of(test_office: TestOffice, number: int) -> int:
    return ticket_of(test_office, number).row


def clock_moved(test_office: TestOffice, number: int, move: ClockMove) -> None:
    event = ClockEvent(id=new_id(), ticket_number=number, move=move, at=test_office.clock.now())
    change(test_office, insert(ClockEvent).values(event.model_dump()))


def test_less_is_not_asked_because_a_row_says_so(test_office: TestOffice) -> None:
    mei = person(test_office, "mei", Role.AGENT)
    number = request(test_office, mei).number
    made = record_asked(mei, number, "delete", BOTH)
    change(test_office, update(Asked).values(fields=Field.EMAIL.value))
    with pytest.raises(AskedDiffers):
        checklist.propose(mei, number, 1, grant(Field.EMAIL.value))
    change(test_office, delete(Asked))
    assert read_asked(mei, number) == made
    corrected = record_asked(mei, number, "delete", [Field.EMAIL.value])
    assert read_asked(mei, number) == corrected
    assert not checklist.propose(mei, number, 1, grant(Field.EMAIL.value)).still_needed


def test_nothing_is_asked_that_was_never_recorded(test_office: TestOffice) -> None:
    mei = person(test_office, "mei", Role.AGENT)
    number = request(test_office, mei).number
    values = {"right": "delete", "fields": Field.EMAIL.value, "agent_id": mei.agent.id, "at": test_office.clock.now()}
    change(test_office, insert(Asked).values(ticket_number=number, **values))
    assert read_asked(mei, number) is None


def reopened(test_office: TestOffice) -> Refused:
    """A refusal of mei's that sue approved, opened again, with ben to work on it."""
    case = refused(test_office)
    set_state(case.sue, case.number, row_of(test_office, case.number), TicketState.VERIFIED, "Again.")
    give(test_office, case.number, case.ben)
    return case


@pytest.mark.parametrize("how", ["needs", "rows", "event", "outcome"])
def test_what_two_refused_one_does_not_give(test_office: TestOffice, how: str) -> None:
    case = reopened(test_office)
    match how:
        case "needs":
            change(test_office, update(Decision).values(needs=""))
        case "rows":
            change(test_office, delete(Approval), delete(Decision))
        case "outcome":
            change(test_office, update(Decision).values(outcome="grant", state="withdrawn"))
        case _:
            clock_moved(test_office, case.number, ClockMove.REVIEWED)
    proposed = propose(case.ben, case.number, row_of(test_office, case.number), grant(*BOTH))
    assert proposed.still_needed == (Role.SUPERVISOR.value,)


def test_no_review_begins_before_the_day_that_the_log_has(test_office: TestOffice) -> None:
    case = refused(test_office)
    change(test_office, update(Decision).values(review_at=test_office.clock.now()))
    assert reopen_due(test_office.office) == ()
    with test_office.office.database.reading() as session:
        assert not stands(session, test_office.office, case.number)


def test_a_review_that_began_is_not_taken_back_by_a_row(test_office: TestOffice) -> None:
    mei = person(test_office, "mei", Role.AGENT)
    sue = person(test_office, "sue", Role.SUPERVISOR)
    pia = person(test_office, "pia", Role.PRIVACY_OFFICER)
    number = request(test_office, mei).number
    proposed = propose(mei, number, 1, refusal("S3", test_office.clock.now()))
    for desk in (sue, pia):
        approval.approve(desk, proposed.decision_id, PASSWORD)
    with test_office.office.database.reading() as session:
        assert stands(session, test_office.office, number)
    later(test_office, days=400)
    assert reopen_due(test_office.office) == (number,)
    change(test_office, delete(ClockEvent), update(Decision).values(review_at=None))
    with test_office.office.database.reading() as session:
        assert not stands(session, test_office.office, number)


def in_approval(test_office: TestOffice, code: str) -> tuple[Desk, int, str]:
    """Who may approve, a ticket's number and what is proposed on it."""
    mei, pia = person(test_office, "mei", Role.AGENT), person(test_office, "pia", Role.SUPERVISOR, Role.PRIVACY_OFFICER)
    number = request(test_office, mei).number
    return pia, number, propose(mei, number, 1, refusal(code, test_office.clock.now())).decision_id


@pytest.mark.parametrize("code", ["D2", "S3"])
def test_a_proposal_is_stale_whatever_row_is_put_back(test_office: TestOffice, code: str) -> None:
    pia, number, decision_id = in_approval(test_office, code)
    row = row_of(test_office, number)
    write(test_office, number, "I have changed my mind.")
    change(test_office, update(Ticket).values(row=row))
    with pytest.raises(StaleProposal):
        approval.approve(pia, decision_id, PASSWORD)


def test_a_proposal_is_as_old_as_its_entry(test_office: TestOffice) -> None:
    pia, _, decision_id = in_approval(test_office, "S3")
    later(test_office, days=pack().legal_review.waits_days + 1)
    change(test_office, update(Decision).values(proposed_at=test_office.clock.now()))
    with pytest.raises(StaleProposal):
        approval.approve(pia, decision_id, PASSWORD)


def test_a_review_that_begins_meanwhile_makes_no_proposal_stale(test_office: TestOffice) -> None:
    pia, number, decision_id = in_approval(test_office, "D2")
    office = test_office.office
    with office.database.transaction() as session:
        open_for_review(session, office, facts(session, number), Actor("console", "", "", "a host"))
    assert approval.approve(pia, decision_id, PASSWORD).final


def test_no_fee_is_waited_for_that_no_one_decided(test_office: TestOffice) -> None:
    mei = person(test_office, "mei", Role.AGENT)
    number = request(test_office, mei).number
    clock_moved(test_office, number, ClockMove.FEE_ASKED)
    later(test_office, days=60)
    change(test_office, update(Ticket).values(state=TicketState.WAITING))
    with pytest.raises(NotVouched):
        fee_unpaid(mei, number, row_of(test_office, number))
    with pytest.raises(NotVouched):
        fee_paid(mei, number, row_of(test_office, number), test_office.clock.now().date())
    assert ticket_of(test_office, number).state == TicketState.WAITING


def test_who_refused_stays_away_from_what_came_after_whoever_the_row_names(test_office: TestOffice) -> None:
    case, office = refused(test_office), test_office.office
    write(test_office, case.number)
    change(test_office, update(Ticket).values(assignee_id=None), update(Decision).values(proposer_id=case.ben.agent.id))
    change(test_office, delete(Approval))
    with office.database.reading() as session:
        assert {case.mei.agent.id, case.sue.agent.id} <= kept_out(session, office, case.number)
    with pytest.raises(OwnDecision):
        set_state(case.sue, case.number, row_of(test_office, case.number), TicketState.CLOSED, "Enough.")


def test_that_the_requester_wrote_is_not_taken_back_by_a_changed_entry(test_office: TestOffice) -> None:
    case = refused(test_office)
    write(test_office, case.number)
    change(test_office, update(Ticket).values(assignee_id=None))
    with hand(test_office) as store:
        store.run("UPDATE log_entry SET at = 0 WHERE action = 'ticket.follow_up'")
    with pytest.raises(LogBroken):
        claim(case.mei, case.number)


def test_a_refused_request_made_another_persons_in_its_row_frees_no_one(test_office: TestOffice) -> None:
    """Where nothing is named, who decided anything for this requester keeps away: by the log, too."""
    case = refused(test_office)
    appeal = make_ticket(test_office, kind=TicketKind.APPEAL, verified=True, requester=case.requester)
    with test_office.office.database.reading() as session:
        out = kept_out(session, test_office.office, appeal.number)
    other, _ = make_requester(test_office, {Field.EMAIL: "other@example.org"})
    change(test_office, update(Ticket).where(col(Ticket.number) == case.number).values(requester_id=other))
    with test_office.office.database.reading() as session:
        assert kept_out(session, test_office.office, appeal.number) == out
    assert {case.mei.agent.id, case.sue.agent.id} <= out
    with pytest.raises(NotIndependent):
        claim(case.mei, appeal.number)

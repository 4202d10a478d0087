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
from cs_console.desk import DeskSession
from cs_console.errors import AskedDiffers, LogBroken, NotIndependent, NotVouched, OwnDecision, StaleProposal
from cs_console.independence.separation import excluded_agents
from cs_console.tickets.ticket_record import facts
from models.asked import Asked
from models.clock_event import ClockEvent
from models.columns import new_id
from models.contact_fields import Field
from models.decision import Approval, Decision
from models.enums import ClockMove, TicketKind, TicketState
from models.roles import Role
from models.ticket import Ticket
from tests.access_log.tampering import hand
from tests.custody.reveals import change
from tests.decisions.cases import PASSWORD, grant, later, pack, person, propose, refusal, request
from tests.settlements.settlements import Refused, refused
from tests.support.answers import write
from tests.support.desk import TestDesk
from tests.support.rows import row_of, ticket_of
from tests.support.tickets import give, make_requester, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

BOTH = (Field.EMAIL.value, Field.MOBILE.value)


def clock_moved(test_desk: TestDesk, number: int, move: ClockMove) -> None:
    event = ClockEvent(id=new_id(), ticket_number=number, move=move, at=test_desk.clock.now())
    change(test_desk, insert(ClockEvent).values(event.model_dump()))


def test_less_is_not_asked_because_a_row_says_so(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    made = record_asked(mei, number, "delete", BOTH)
    change(test_desk, update(Asked).values(fields=Field.EMAIL.value))
    with pytest.raises(AskedDiffers):
        checklist.propose(mei, number, 1, grant(Field.EMAIL.value))
    change(test_desk, delete(Asked))
    assert read_asked(mei, number) == made
    corrected = record_asked(mei, number, "delete", [Field.EMAIL.value])
    assert read_asked(mei, number) == corrected
    assert not checklist.propose(mei, number, 1, grant(Field.EMAIL.value)).still_needed


def test_nothing_is_asked_that_was_never_recorded(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    values = {"right": "delete", "fields": Field.EMAIL.value, "agent_id": mei.agent.id, "at": test_desk.clock.now()}
    change(test_desk, insert(Asked).values(ticket_number=number, **values))
    assert read_asked(mei, number) is None


def reopened(test_desk: TestDesk) -> Refused:
    """A refusal of mei's that sue approved, opened again, with ben to work on it."""
    case = refused(test_desk)
    set_state(case.sue, case.number, row_of(test_desk, case.number), TicketState.VERIFIED, "Again.")
    give(test_desk, case.number, case.ben)
    return case


@pytest.mark.parametrize("how", ["needs", "rows", "event", "outcome"])
def test_what_two_refused_one_does_not_give(test_desk: TestDesk, how: str) -> None:
    case = reopened(test_desk)
    match how:
        case "needs":
            change(test_desk, update(Decision).values(needs=""))
        case "rows":
            change(test_desk, delete(Approval), delete(Decision))
        case "outcome":
            change(test_desk, update(Decision).values(outcome="grant", state="withdrawn"))
        case _:
            clock_moved(test_desk, case.number, ClockMove.REVIEWED)
    proposed = propose(case.ben, case.number, row_of(test_desk, case.number), grant(*BOTH))
    assert proposed.still_needed == (Role.SUPERVISOR.value,)


def test_no_review_begins_before_the_day_that_the_log_has(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    change(test_desk, update(Decision).values(review_at=test_desk.clock.now()))
    assert reopen_due(test_desk.desk) == ()
    with test_desk.desk.database.reading() as db:
        assert not stands(db, test_desk.desk, case.number)


def test_a_review_that_began_is_not_taken_back_by_a_row(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    pia = person(test_desk, "pia", Role.PRIVACY_OFFICER)
    number = request(test_desk, mei).number
    proposed = propose(mei, number, 1, refusal("S3", test_desk.clock.now()))
    for session in (sue, pia):
        approval.approve(session, proposed.decision_id, PASSWORD)
    with test_desk.desk.database.reading() as db:
        assert stands(db, test_desk.desk, number)
    later(test_desk, days=400)
    assert reopen_due(test_desk.desk) == (number,)
    change(test_desk, delete(ClockEvent), update(Decision).values(review_at=None))
    with test_desk.desk.database.reading() as db:
        assert not stands(db, test_desk.desk, number)


def in_approval(test_desk: TestDesk, code: str) -> tuple[DeskSession, int, str]:
    """Who may approve, a ticket's number and what is proposed on it."""
    mei, pia = person(test_desk, "mei", Role.AGENT), person(test_desk, "pia", Role.SUPERVISOR, Role.PRIVACY_OFFICER)
    number = request(test_desk, mei).number
    return pia, number, propose(mei, number, 1, refusal(code, test_desk.clock.now())).decision_id


@pytest.mark.parametrize("code", ["D2", "S3"])
def test_a_proposal_is_stale_whatever_row_is_put_back(test_desk: TestDesk, code: str) -> None:
    pia, number, decision_id = in_approval(test_desk, code)
    version = row_of(test_desk, number)
    write(test_desk, number, "I have changed my mind.")
    change(test_desk, update(Ticket).values(version=version))
    with pytest.raises(StaleProposal):
        approval.approve(pia, decision_id, PASSWORD)


def test_a_proposal_is_as_old_as_its_entry(test_desk: TestDesk) -> None:
    pia, _, decision_id = in_approval(test_desk, "S3")
    later(test_desk, days=pack().legal_review.waits_days + 1)
    change(test_desk, update(Decision).values(proposed_at=test_desk.clock.now()))
    with pytest.raises(StaleProposal):
        approval.approve(pia, decision_id, PASSWORD)


def test_a_review_that_begins_meanwhile_makes_no_proposal_stale(test_desk: TestDesk) -> None:
    pia, number, decision_id = in_approval(test_desk, "D2")
    desk = test_desk.desk
    with desk.database.transaction() as db:
        open_for_review(db, desk, facts(db, number), Actor("console", "", "", "a host"))
    assert approval.approve(pia, decision_id, PASSWORD).final


def test_no_fee_is_waited_for_that_no_one_decided(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    clock_moved(test_desk, number, ClockMove.FEE_ASKED)
    later(test_desk, days=60)
    change(test_desk, update(Ticket).values(state=TicketState.WAITING))
    with pytest.raises(NotVouched):
        fee_unpaid(mei, number, row_of(test_desk, number))
    with pytest.raises(NotVouched):
        fee_paid(mei, number, row_of(test_desk, number), test_desk.clock.now().date())
    assert ticket_of(test_desk, number).state == TicketState.WAITING


def test_who_refused_stays_away_from_what_came_after_whoever_the_row_names(test_desk: TestDesk) -> None:
    case, desk = refused(test_desk), test_desk.desk
    write(test_desk, case.number)
    change(test_desk, update(Ticket).values(assignee_id=None), update(Decision).values(proposer_id=case.ben.agent.id))
    change(test_desk, delete(Approval))
    with desk.database.reading() as db:
        assert {case.mei.agent.id, case.sue.agent.id} <= excluded_agents(db, desk, case.number)
    with pytest.raises(OwnDecision):
        set_state(case.sue, case.number, row_of(test_desk, case.number), TicketState.CLOSED, "Enough.")


def test_that_the_requester_wrote_is_not_taken_back_by_a_changed_entry(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    write(test_desk, case.number)
    change(test_desk, update(Ticket).values(assignee_id=None))
    with hand(test_desk) as store:
        store.run("UPDATE log_entry SET at = 0 WHERE action = 'ticket.follow_up'")
    with pytest.raises(LogBroken):
        claim(case.mei, case.number)


def test_a_refused_request_made_another_persons_in_its_row_frees_no_one(test_desk: TestDesk) -> None:
    """Where nothing is named, who decided anything for this requester keeps away: by the log, too."""
    case = refused(test_desk)
    appeal = make_ticket(test_desk, kind=TicketKind.APPEAL, verified=True, requester=case.requester)
    with test_desk.desk.database.reading() as db:
        out = excluded_agents(db, test_desk.desk, appeal.number)
    other, _ = make_requester(test_desk, {Field.EMAIL: "other@example.org"})
    change(test_desk, update(Ticket).where(col(Ticket.number) == case.number).values(requester_id=other))
    with test_desk.desk.database.reading() as db:
        assert excluded_agents(db, test_desk.desk, appeal.number) == out
    assert {case.mei.agent.id, case.sue.agent.id} <= out
    with pytest.raises(NotIndependent):
        claim(case.mei, appeal.number)

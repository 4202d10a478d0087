"""Agents who decided something, or were involved, keep away from the appeal and complaint about it (DESIGN.md)."""

from collections.abc import Callable

import pytest
from sqlalchemy import update
from sqlmodel import col

from cs_console.casework.conversation import add_note, open_ticket, reply
from cs_console.casework.workflow import assign, assignable, claim, release, set_kind, set_priority, set_state
from cs_console.decisions import approval
from cs_console.decisions.approval_queue import last_decision
from cs_console.desk import DeskSession
from cs_console.errors import BadInput, ConsoleError, NotAllowed, NotAssigned, NotIndependent, WrongState
from cs_console.independence.matters import matter_choices, name_matter
from cs_console.settlements.settled import decided_before
from cs_console.verification.methods import verify_by_note
from models.contact_fields import Field
from models.enums import Action, Priority, Result, TicketKind, TicketState, VerificationMethod
from models.roles import Role
from models.ticket import Ticket
from tests.decisions.cases import PASSWORD, grant, person, propose, refusal, request
from tests.settlements.settlements import Refused, about, end, refused, settlements, settling
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import row_of, ticket_of
from tests.support.tickets import make_ticket
from tests.support.two_people import by_two

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

OVERTURN = settling(TicketKind.APPEAL, "overturn")
AGAIN = settling(TicketKind.COMPLAINT, "again")


def refused_settlement(test_desk: TestDesk, session: DeskSession, number: int, kind: TicketKind) -> None:
    """This agent has the ticket and may not settle it; the attempt is on record and changes nothing."""
    with pytest.raises(NotIndependent):
        end(test_desk, session, number, settling(kind))
    assert settlements(test_desk, number) == []
    last = recorded(test_desk.desk, Action.SETTLEMENT_REFUSED)[-1]
    assert (last.actor, last.ticket, last.reason, last.outcome) == (
        session.agent.name,
        number,
        "not_independent",
        Result.REFUSED,
    )


# --- an appeal about a decided ticket


@pytest.mark.parametrize("who", ["mei", "sue"])
def test_who_decided_does_not_settle_the_appeal(test_desk: TestDesk, who: str) -> None:
    case = refused(test_desk)
    session: DeskSession = getattr(case, who)
    number = about(test_desk, case, TicketKind.APPEAL, session)  # it was theirs before it was named what it is about
    refused_settlement(test_desk, session, number, TicketKind.APPEAL)
    assign(session, number, row_of(test_desk, number), "ben")
    assert end(test_desk, case.ben, number, OVERTURN).reopened == case.number


@pytest.mark.parametrize("who", ["mei", "sue"])
def test_who_decided_neither_takes_the_appeal_nor_is_given_it(test_desk: TestDesk, who: str) -> None:
    case = refused(test_desk)
    number = about(test_desk, case, TicketKind.APPEAL)
    session: DeskSession = getattr(case, who)
    if who == "mei":
        with pytest.raises(NotIndependent):
            claim(session, number)
        last = recorded(test_desk.desk, Action.TICKET_CLAIMED)[-1]
        assert (last.actor, last.reason, last.outcome) == ("mei", "not_independent", Result.REFUSED)
    with pytest.raises(NotIndependent, match=f"{who} was involved"):
        assign(case.sam, number, row_of(test_desk, number), who)
    last = recorded(test_desk.desk, Action.TICKET_ASSIGNED)[-1]
    assert (last.actor, last.reason, last.outcome) == ("sam", f"not_independent: {who}", Result.REFUSED)
    assert ticket_of(test_desk, number).assignee_id is None
    assert assignable(case.sam, number) == ("ben", "pia", "sam", "vera")
    assert assignable(case.sam) == ("ben", "mei", "pia", "sam", "sue", "vera")
    claim(case.ben, number)


def test_what_fell_is_not_decided_anew_by_the_same_people(test_desk: TestDesk) -> None:
    """Nor approved, nor returned; others do both."""
    case = refused(test_desk)
    end(test_desk, case.ben, about(test_desk, case, TicketKind.APPEAL, case.ben), OVERTURN)
    test_desk.clock.forward(minutes=1)
    assert ticket_of(test_desk, case.number).assignee_id is None  # it was mei's
    with pytest.raises(NotIndependent):
        claim(case.mei, case.number)
    assert "sue" not in assignable(case.sam, case.number)
    last = last_decision(case.mei, case.number)
    assert last is not None and last.own_appealed
    claim(case.ben, case.number)
    proposal = refusal("D2", test_desk.clock.now())
    decision_id = propose(case.ben, case.number, row_of(test_desk, case.number), proposal).decision_id
    for session in (case.mei, case.sue):
        for step in (
            lambda session=session: approval.approve(session, decision_id, PASSWORD),
            lambda session=session: approval.return_proposal(session, decision_id, "Refuse it."),
        ):
            with pytest.raises(NotIndependent):
                step()
    assert approval.approve(case.sam, decision_id, PASSWORD).final


def test_who_still_has_what_was_appealed_against_proposes_nothing_on_it(test_desk: TestDesk) -> None:
    """Opened again by hand, before anybody settled the appeal."""
    case = refused(test_desk)
    set_state(case.mei, case.number, row_of(test_desk, case.number), TicketState.VERIFIED)
    about(test_desk, case, TicketKind.APPEAL)
    with pytest.raises(NotIndependent):
        propose(case.mei, case.number, row_of(test_desk, case.number), grant())
    assert recorded(test_desk.desk, Action.DECISION_REFUSED)[-1].reason == "not_independent"


def test_two_steps_back_counts_too(test_desk: TestDesk) -> None:
    """A complaint about an appeal about a refusal: neither who settled the one nor who decided the other."""
    case = refused(test_desk)
    first = about(test_desk, case, TicketKind.APPEAL, case.ben)
    end(test_desk, case.ben, first, settling(TicketKind.APPEAL))
    second = about(test_desk, case, TicketKind.APPEAL, number=first)
    for session in (case.ben, case.mei):
        with pytest.raises(NotIndependent):
            claim(session, second)
    assert assignable(case.sam, second) == ("pia", "sam", "vera")
    assign(case.sam, second, row_of(test_desk, second), "sam")
    assert end(test_desk, case.sam, second, settling(TicketKind.APPEAL, "overturn")).reopened == first
    with pytest.raises(NotIndependent):  # others settle the first appeal again, too
        claim(case.ben, first)
    assert assignable(case.sam, first) == ("pia", "sam", "vera")


def test_the_account_that_decided_outside_of_any_ticket_keeps_away(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    number = make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=case.ben).number
    named = name_matter(case.ben, number, decider="ben")
    assert named.excluded_agents and named.words == "what ben decided"
    refused_settlement(test_desk, case.ben, number, TicketKind.APPEAL)
    assert "ben" not in assignable(case.sam, number)
    assert decided_before(case.sam, number) == ("Decided by ben, outside any ticket.",)
    assign(case.ben, number, row_of(test_desk, number), "mei")  # mei decided other things
    end(test_desk, case.mei, number, settling(TicketKind.APPEAL))


# --- a complaint: those involved


def took_part(test_desk: TestDesk, case: Refused, who: str) -> None:
    """Do one thing with the ticket that the complaint will be about."""
    number, agent = case.number, person(test_desk, who, Role.AGENT, Role.VERIFIER, Role.SUPERVISOR)
    set_state(case.sam, number, row_of(test_desk, number), TicketState.VERIFIED)
    match who:
        case "handed":
            assign(case.mei, number, row_of(test_desk, number), who)
        case "claimed":
            release(case.mei, number, row_of(test_desk, number))
            claim(agent, number)
        case "proposed":
            assign(case.mei, number, row_of(test_desk, number), who)
            proposal = refusal("D2", test_desk.clock.now())
            decision_id = propose(agent, number, row_of(test_desk, number), proposal).decision_id
            approval.withdraw(agent, decision_id)
        case "returned":
            proposal = refusal("D2", test_desk.clock.now())
            decision_id = propose(case.mei, number, row_of(test_desk, number), proposal).decision_id
            approval.return_proposal(agent, decision_id, "Look again.")
        case "verified":
            verify_by_note(agent, number, VerificationMethod.WRITTEN, "A letter of the third of May, signed.")
        case "replied":
            assign(case.mei, number, row_of(test_desk, number), who)
            reply(agent, number, row_of(test_desk, number), case.requester[1][Field.EMAIL], "We are at it.")
        case "noted":
            add_note(agent, number, row_of(test_desk, number), "I saw this, too.")
            set_priority(agent, number, row_of(test_desk, number), Priority.HIGH)
    if ticket_of(test_desk, number).assignee_id == agent.agent.id:
        assign(agent, number, row_of(test_desk, number), "mei")  # the assignee is another agent now


@pytest.mark.parametrize("who", ["handed", "claimed", "proposed", "returned", "verified", "replied"])
def test_who_took_part_does_not_get_the_complaint(test_desk: TestDesk, who: str) -> None:
    case = refused(test_desk)
    took_part(test_desk, case, who)
    number = about(test_desk, case, TicketKind.COMPLAINT)
    with pytest.raises(NotIndependent):
        assign(case.sam, number, row_of(test_desk, number), who)
    assert who not in assignable(case.sam, number)
    appeal = about(test_desk, case, TicketKind.APPEAL)  # an appeal asks for less: that others decided
    assert who in assignable(case.sam, appeal)


@pytest.mark.parametrize("act", ["has it", "proposed", "replied", "settled"])
def test_an_act_counts_though_the_log_tells_of_no_hands(test_desk: TestDesk, act: str) -> None:
    """What is stored says it too: the ticket came to its agent without a word in the log."""
    case = refused(test_desk)
    kind = TicketKind.REPORT if act == "settled" else TicketKind.RIGHTS
    number = make_ticket(test_desk, kind=kind, assignee=case.ben, verified=True, requester=case.requester).number
    match act:
        case "proposed":
            propose(case.ben, number, 1, refusal("D2", test_desk.clock.now()))
        case "replied":
            reply(case.ben, number, 1, case.requester[1][Field.EMAIL], "We are at it.")
        case "settled":
            end(test_desk, case.ben, number, settling(kind))
    if act != "has it":
        with test_desk.desk.database.transaction() as db:
            db.connection().execute(update(Ticket).where(col(Ticket.number) == number).values(assignee_id=None))
    complaint = about(test_desk, case, TicketKind.COMPLAINT, number=number)
    assert "ben" not in assignable(case.sam, complaint)


def test_whoever_left_a_note_or_a_priority_took_no_part(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    took_part(test_desk, case, "noted")
    assert "noted" in assignable(case.sam, about(test_desk, case, TicketKind.COMPLAINT))


def test_a_complaint_about_a_refusal_is_settled_by_somebody_who_took_no_part(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    number = about(test_desk, case, TicketKind.COMPLAINT, case.sue)
    refused_settlement(test_desk, case.sue, number, TicketKind.COMPLAINT)
    assign(case.sue, number, row_of(test_desk, number), "pia")
    assert end(test_desk, case.pia, number, AGAIN).reopened == case.number


# --- naming


def test_naming_is_on_record_and_shown(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    number = make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=case.mei, requester=case.requester).number
    assert open_ticket(case.mei, number).about_words == "not named yet"
    named = name_matter(case.mei, number, about_number=case.number)
    assert (named.words, named.excluded_agents) == (f"#{case.number}", True)
    assert open_ticket(case.mei, number).about_words == f"#{case.number}"
    [entry] = recorded(test_desk.desk, Action.MATTER_NAMED)
    assert (entry.actor, entry.ticket, entry.reason) == ("mei", number, f"about #{case.number}")


def test_only_the_requesters_own_other_tickets_can_be_named(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    strangers = request(test_desk, case.mei).number
    number = make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=case.ben, requester=case.requester).number
    offered = matter_choices(case.ben, number)
    assert [(one.number, one.decided) for one in offered.tickets] == [(case.number, True)]
    assert "sue" in offered.accounts
    assert offered.now is None
    said = []
    for wrong in (strangers, number, 99_999):
        with pytest.raises(BadInput) as refusal:
            name_matter(case.ben, number, about_number=wrong)
        said.append(refusal.value.sentence.replace(str(wrong), "N"))
    assert len(set(said)) == 1  # another requester's ticket answers as one that does not exist
    with pytest.raises(BadInput, match="no account"):
        name_matter(case.ben, number, decider="absent")
    for both in ({}, {"about_number": case.number, "decider": "sue"}):
        with pytest.raises(BadInput, match="Name one"):
            name_matter(case.ben, number, **both)  # type: ignore[arg-type]


def test_what_was_named_is_offered_again_to_who_may_change_it_alone(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    number = about(test_desk, case, TicketKind.APPEAL, case.ben)
    with pytest.raises(NotAllowed, match="already"):
        matter_choices(case.ben, number)
    now = matter_choices(case.sam, number).now
    assert now is not None and now.about_number == case.number
    unnamed = make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=case.mei, requester=case.requester).number
    with pytest.raises(NotAssigned):
        matter_choices(case.ben, unnamed)


def test_nothing_is_about_itself_in_a_circle(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    first = about(test_desk, case, TicketKind.APPEAL)
    second = about(test_desk, case, TicketKind.APPEAL, number=first)
    with pytest.raises(BadInput, match="itself about"):
        name_matter(case.sam, first, about_number=second)


def test_who_may_name_it(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    own = make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=case.mei, requester=case.requester).number
    with pytest.raises(NotAssigned):
        name_matter(case.ben, own, about_number=case.number)
    rights = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=case.ben, requester=case.requester).number
    with pytest.raises(WrongState):
        name_matter(case.ben, rights, about_number=case.number)


def test_what_was_named_is_not_named_away(test_desk: TestDesk) -> None:
    """An excluded agent could otherwise name something else, or make it another kind, and continue."""
    case = refused(test_desk)
    other = make_ticket(test_desk, kind=TicketKind.INQUIRY, requester=case.requester).number
    number = about(test_desk, case, TicketKind.APPEAL, case.ben)
    steps: list[tuple[type[ConsoleError], Callable[[], object]]] = [
        (NotAllowed, lambda: name_matter(case.ben, number, about_number=other)),
        (NotIndependent, lambda: name_matter(case.mei, number, about_number=other)),
        (NotAllowed, lambda: set_kind(case.ben, number, row_of(test_desk, number), TicketKind.INQUIRY)),
    ]
    for error, step in steps:
        with pytest.raises(error):
            step()
    assert open_ticket(case.ben, number).about_words == f"#{case.number}"
    tried = [one for one in recorded(test_desk.desk, Action.MATTER_NAMED) if one.outcome == Result.REFUSED]
    assert [(one.actor, one.reason) for one in tried] == [("ben", "role_required"), ("mei", "not_independent")]
    name_matter(case.sam, number, about_number=other)
    last = recorded(test_desk.desk, Action.MATTER_NAMED)[-1]
    assert last.reason == f"about #{other}, was #{case.number}"


def test_what_was_decided_is_told_to_the_reviewer_by_whom_and_on_what(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    number = about(test_desk, case, TicketKind.APPEAL, case.ben)
    lines = decided_before(case.ben, number)
    assert lines[0].startswith(f"#{case.number}: refuse: Needs excessive technical measures")
    assert lines[1] == "Proposed by mei, approved by sue"
    assert any(line.startswith("  Evidence: The engineer") for line in lines)
    assert recorded(test_desk.desk, Action.TICKET_OPENED)[-1].ticket == case.number


def test_under_legal_review_the_reviewer_is_told_no_more_than_anybody(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    secret = make_ticket(
        test_desk, kind=TicketKind.RIGHTS, assignee=case.mei, verified=True, requester=case.requester
    ).number
    proposal = refusal("S3", test_desk.clock.now())
    decision_id = propose(case.mei, secret, 1, proposal).decision_id
    for session in (case.sue, case.pia):
        approval.approve(session, decision_id, PASSWORD)
    number = about(test_desk, case, TicketKind.APPEAL, case.ben, number=secret)
    lines = decided_before(case.ben, number)
    assert len(lines) == 2 and lines[0].startswith(f"#{secret}: legal review") and lines[1] == "Proposed by mei"
    assert any("Criminal investigation" in line for line in decided_before(case.pia, number))


# --- closing by hand


@pytest.mark.parametrize("kind", [TicketKind.APPEAL, TicketKind.REPORT, TicketKind.COMPLAINT])
def test_what_has_steps_of_its_own_is_not_closed_around_them(test_desk: TestDesk, kind: TicketKind) -> None:
    ben, sam = person(test_desk, "ben", Role.AGENT), person(test_desk, "sam", Role.SUPERVISOR)
    number = make_ticket(test_desk, kind=kind, assignee=ben).number
    with pytest.raises(WrongState, match="Settle it \\(d\\)"):
        set_state(ben, number, 1, TicketState.CLOSED, "I want to.")
    with pytest.raises(BadInput, match="needs a reason"):
        set_state(sam, number, 1, TicketState.CLOSED, "  ")
    if kind is TicketKind.REPORT:
        set_state(sam, number, 1, TicketState.CLOSED, "Sent twice: see the other one.")
    else:
        sol = person(test_desk, "sol", Role.SUPERVISOR)
        by_two(
            lambda: set_state(sam, number, 1, TicketState.CLOSED, "Sent twice."),
            lambda: set_state(sol, number, 1, TicketState.CLOSED, "Sent twice: see the other one."),
        )
    assert ticket_of(test_desk, number).state == TicketState.CLOSED
    assert "Sent twice: see the other one." in {line.text for line in open_ticket(sam, number).lines}


def test_an_inquiry_may_be_closed_by_hand(test_desk: TestDesk) -> None:
    ben = person(test_desk, "ben", Role.AGENT)
    number = make_ticket(test_desk, assignee=ben).number
    set_state(ben, number, 1, TicketState.CLOSED)
    assert ticket_of(test_desk, number).state == TicketState.CLOSED

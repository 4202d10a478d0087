"""The wait for a fee is left out of the clock, and nothing else: however the ticket goes back to work (policy V.4)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from cs_console.casework import conversation
from cs_console.casework.workflow import set_state
from cs_console.decisions import approval
from cs_console.decisions.review import reopen_due
from cs_console.desk import DeskSession
from cs_console.verification.methods import verify_by_note
from models.enums import TicketState, VerificationMethod
from models.roles import Role
from tests.decisions.cases import PASSWORD, fee, person, propose, refusal, request
from tests.decisions.test_review import back
from tests.support.answers import write
from tests.support.desk import TestDesk
from tests.support.rows import ticket_of

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

RESPOND = timedelta(days=30)
WAIT = timedelta(days=12)


def fee_asked(test_desk: TestDesk, mei: DeskSession, number: int, approver: str) -> None:
    """A fee is asked for, so that the ticket waits with its clock stopped."""
    version = ticket_of(test_desk, number).version
    decision_id = propose(mei, number, version, fee(test_desk.clock.now())).decision_id
    approval.approve(person(test_desk, approver, Role.SUPERVISOR), decision_id, PASSWORD)
    ticket = ticket_of(test_desk, number)
    assert (ticket.state, ticket.due_at) == (TicketState.WAITING, None)


def by_mail(test_desk: TestDesk, _mo: DeskSession, number: int) -> None:
    write(test_desk, number, "I have paid.")


def by_hand(test_desk: TestDesk, mo: DeskSession, number: int) -> None:
    test_desk.clock.forward(minutes=1)
    set_state(mo, number, ticket_of(test_desk, number).version, TicketState.VERIFIED)


def by_verifying_again(test_desk: TestDesk, _mo: DeskSession, number: int) -> None:
    test_desk.clock.forward(minutes=1)
    vera = person(test_desk, "vera-lin", Role.VERIFIER)
    verify_by_note(vera, number, VerificationMethod.WRITTEN, "A signed letter with the receipt.")


def by_a_proposal(test_desk: TestDesk, mo: DeskSession, number: int) -> None:
    test_desk.clock.forward(minutes=1)
    version = ticket_of(test_desk, number).version
    proposal = refusal("D2", test_desk.clock.now())
    approval.withdraw(mo, propose(mo, number, version, proposal).decision_id)


@pytest.mark.parametrize("ways_on", [by_mail, by_hand, by_verifying_again, by_a_proposal])
def test_the_days_that_were_left_are_left_again_when_work_goes_on(
    test_desk: TestDesk, ways_on: Callable[[TestDesk, DeskSession, int], None]
) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    due = ticket_of(test_desk, number).due_at
    assert due is not None
    test_desk.clock.forward(days=5)
    ben = back(test_desk, mei, "ben")
    fee_asked(test_desk, ben, number, "sue")
    test_desk.clock.at += WAIT
    mo = back(test_desk, ben, "mo")
    ways_on(test_desk, mo, number)
    ticket = ticket_of(test_desk, number)
    assert ticket.state == TicketState.VERIFIED
    assert ticket.due_at == due + WAIT + timedelta(minutes=1)
    assert ticket.next_due_at == (ticket.follow_up_due_at or ticket.due_at)  # a mail is to be answered before
    words = conversation.reload(mo, number).clock_words
    assert words.startswith("30 days from verification on 20 Nov, stopped 12 days for a fee: ")


def test_late_stays_late(test_desk: TestDesk) -> None:
    """The policy knows no extension: asking for a fee wins no time."""
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    test_desk.clock.forward(days=32)
    fee_asked(test_desk, back(test_desk, mei, "ben"), number, "sue")
    test_desk.clock.forward(days=3)
    write(test_desk, number)
    due = ticket_of(test_desk, number).due_at
    assert due is not None
    assert test_desk.clock.now() - due == timedelta(days=2)


def test_resting_again_does_not_stop_the_clock_again(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    fee_asked(test_desk, mei, number, "sue")
    write(test_desk, number)
    due = ticket_of(test_desk, number).due_at
    assert due is not None
    for state in (TicketState.WAITING, TicketState.OPEN):
        test_desk.clock.forward(minutes=5)
        set_state(mei, number, ticket_of(test_desk, number).version, state)
        assert ticket_of(test_desk, number).due_at == due


def test_closing_while_the_fee_is_waited_for_starts_nothing(test_desk: TestDesk) -> None:
    """The request ends unpaid; it has a due date again only if it is opened again."""
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    due = ticket_of(test_desk, number).due_at
    assert due is not None
    fee_asked(test_desk, mei, number, "sue")
    test_desk.clock.forward(minutes=9)
    version = set_state(mei, number, ticket_of(test_desk, number).version, TicketState.CLOSED)
    assert ticket_of(test_desk, number).due_at is None
    set_state(mei, number, version, TicketState.OPEN)
    assert ticket_of(test_desk, number).due_at == due + timedelta(minutes=9)


def test_after_a_review_the_days_count_from_the_review(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    decision_id = propose(mei, number, 1, refusal("S4", test_desk.clock.now())).decision_id
    for name, role in (("sue", Role.SUPERVISOR), ("pia", Role.PRIVACY_OFFICER)):
        approval.approve(person(test_desk, name, role), decision_id, PASSWORD)
    test_desk.clock.forward(days=180)
    assert reopen_due(test_desk.desk) == (number,)
    reviewed = test_desk.clock.now()
    test_desk.clock.forward(days=1)
    fee_asked(test_desk, back(test_desk, mei, "ben"), number, "sam")
    test_desk.clock.at += WAIT
    write(test_desk, number)
    assert ticket_of(test_desk, number).due_at == reviewed + RESPOND + WAIT + timedelta(minutes=1)

"""A fee is paid, and the request answered; or it is not paid in its time, and the request closed with a letter."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from cs_console.casework.workflow import set_state
from cs_console.decisions import approval
from cs_console.decisions.clock_view import ClockView, clock_view
from cs_console.decisions.fee_steps import fee_paid, fee_unpaid
from cs_console.desk import DeskSession
from cs_console.errors import BadInput, ChangedElsewhere, ContactNotOnFile, NotAllowed, NotAssigned, WrongState
from cs_console.local_time import day
from cs_console.policy.loader import SHIPPED, PackShelf
from cs_console.tickets.queue import page
from cs_console.tickets.queue_words import due_words
from models.contact import Contact
from models.enums import Action, ClockMove, DeliveryState, Result, TicketState
from models.roles import Role
from tests.deadlines.clocks import clock_events
from tests.decisions.cases import PASSWORD, fee, grant, person, propose, request
from tests.decisions.test_clock_steps import outcomes
from tests.decisions.test_fee_clock import fee_asked
from tests.decisions.test_review import back
from tests.support.answers import write
from tests.support.desk import TestDesk
from tests.support.rows import row_of, ticket_of
from tests.support.stored import opened_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

ASKED = date(2026, 11, 20)
LAST = date(2026, 12, 20)
"""30 days after the fee was asked for."""


def asked(test_desk: TestDesk) -> tuple[DeskSession, int]:
    """A request whose fee was asked for today, and the agent whose it is."""
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    fee_asked(test_desk, mei, number, "sue")
    return mei, number


def moves(test_desk: TestDesk, number: int) -> list[ClockMove]:
    return [ClockMove(event.move) for event in clock_events(test_desk, number)]


def whats(view: ClockView) -> list[str]:
    return [f"{line.when.strip()} {line.what}, {line.by}: {line.reason}" for line in view.lines]


def test_a_paid_fee_starts_the_clock_and_lets_the_request_be_granted(test_desk: TestDesk) -> None:
    mei, number = asked(test_desk)
    decided_at = test_desk.clock.now()
    test_desk.clock.forward(days=4)
    mo = back(test_desk, mei, "mo")
    fee_paid(mo, number, row_of(test_desk, number), ASKED + timedelta(days=4))
    ticket = ticket_of(test_desk, number)
    assert (ticket.state, ticket.due_at) == (TicketState.VERIFIED, decided_at + timedelta(days=34))
    assert moves(test_desk, number) == [ClockMove.FEE_ASKED, ClockMove.FEE_PAID]
    assert outcomes(test_desk, Action.FEE_PAID) == [(Result.DONE, "on 2026-11-24")]
    assert whats(clock_view(mo, number))[-1] == "24 Nov fee paid, mo: "
    assert propose(mo, number, ticket.version, grant()).still_needed == ()
    assert ticket_of(test_desk, number).state == TicketState.CLOSED


def test_the_queue_says_that_the_clock_stands_still_while_it_does(test_desk: TestDesk) -> None:
    mei, number = asked(test_desk)
    now = test_desk.clock.now()
    assert due_words(page(mei, "mine").rows[0], now) == "stopped"
    test_desk.clock.forward(minutes=1)
    fee_paid(mei, number, row_of(test_desk, number), ASKED)
    assert due_words(page(mei, "mine").rows[0], now) == day(now + timedelta(days=30))
    propose(mei, number, row_of(test_desk, number), grant())
    write(test_desk, number, "Thank you.")
    set_state(mei, number, row_of(test_desk, number), TicketState.WAITING)
    assert due_words(page(mei, "mine").rows[0], now) == ""  # answered: nothing is due, and nothing stands still


def test_the_wait_ends_when_it_was_paid_not_when_that_was_written_down(test_desk: TestDesk) -> None:
    """POLICY.md: the wait is left out, nothing else."""
    mei, number = asked(test_desk)
    test_desk.clock.forward(days=9)
    fee_paid(back(test_desk, mei, "mo"), number, row_of(test_desk, number), ASKED + timedelta(days=2))
    due = ticket_of(test_desk, number).due_at
    assert due is not None
    assert timedelta(days=32) <= due - test_desk.clock.now() + timedelta(days=9) < timedelta(days=33)


def test_a_question_about_the_fee_is_no_payment_and_the_clock_says_why_it_went_on(test_desk: TestDesk) -> None:
    mei, number = asked(test_desk)
    write(test_desk, number, "To which account?")
    view = clock_view(mei, number)
    assert whats(view)[-1].endswith("went on, : the requester wrote")
    assert view.fee is not None
    due = ticket_of(test_desk, number).due_at
    fee_paid(mei, number, row_of(test_desk, number), ASKED)
    assert ticket_of(test_desk, number).due_at == due
    assert moves(test_desk, number)[-1] is ClockMove.FEE_PAID
    assert clock_view(mei, number).fee is None


def test_work_that_an_agent_takes_up_is_named_too(test_desk: TestDesk) -> None:
    mei, number = asked(test_desk)
    test_desk.clock.forward(minutes=1)
    propose(mei, number, row_of(test_desk, number), fee(test_desk.clock.now()))
    assert whats(clock_view(mei, number))[-1].endswith("went on, mei: ")


@pytest.mark.parametrize("day", [ASKED - timedelta(days=1), ASKED + timedelta(days=1)])
def test_it_is_paid_neither_before_it_was_asked_for_nor_in_the_future(test_desk: TestDesk, day: date) -> None:
    mei, number = asked(test_desk)
    with pytest.raises(BadInput):
        fee_paid(mei, number, row_of(test_desk, number), day)
    assert moves(test_desk, number) == [ClockMove.FEE_ASKED]


def test_an_agent_says_so_of_their_own_ticket_a_supervisor_of_any(test_desk: TestDesk) -> None:
    mei, number = asked(test_desk)
    version = row_of(test_desk, number)
    with pytest.raises(NotAssigned):
        fee_paid(person(test_desk, "ben", Role.AGENT), number, version, ASKED)
    with pytest.raises(NotAllowed):
        fee_paid(person(test_desk, "vera-lin", Role.VERIFIER), number, version, ASKED)
    with pytest.raises(ChangedElsewhere):
        fee_paid(mei, number, version - 1, ASKED)
    assert moves(test_desk, number) == [ClockMove.FEE_ASKED]
    fee_paid(person(test_desk, "sam", Role.SUPERVISOR), number, version, ASKED)
    with pytest.raises(WrongState, match="not waiting for a fee"):
        fee_paid(mei, number, row_of(test_desk, number), ASKED)


def test_payment_makes_no_proposal_stale(test_desk: TestDesk) -> None:
    mei, number = asked(test_desk)
    test_desk.clock.forward(minutes=1)
    decision_id = propose(mei, number, row_of(test_desk, number), fee(test_desk.clock.now())).decision_id
    fee_paid(mei, number, row_of(test_desk, number), ASKED)
    assert approval.approve(person(test_desk, "sam", Role.SUPERVISOR), decision_id, PASSWORD).final


def test_until_the_packs_days_are_over_it_cannot_be_closed_unpaid(test_desk: TestDesk) -> None:
    mei, number = asked(test_desk)
    test_desk.clock.at = test_desk.clock.at.replace(month=12, day=20, hour=23, minute=59)
    mo = back(test_desk, mei, "mo")
    with pytest.raises(WrongState, match="can be paid until 20 Dec"):
        fee_unpaid(mo, number, row_of(test_desk, number))
    shown = clock_view(mo, number).fee
    assert shown is not None
    assert (shown.days[0], shown.days[-1], shown.letter) == (LAST, ASKED, "")
    assert "Close it as unpaid from 21 Dec on." in shown.why_not_unpaid
    assert ticket_of(test_desk, number).state == TicketState.WAITING


@pytest.mark.parametrize(
    ("language", "says"), [("en", "not paid within 30 days, so we have closed"), ("zh", "没有收到费用")]
)
def test_then_it_is_closed_with_the_packs_letter(test_desk: TestDesk, language: str, says: str) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei, language=language).number
    fee_asked(test_desk, mei, number, "sue")
    test_desk.clock.forward(days=31)
    mo = back(test_desk, mei, "mo")
    shown = clock_view(mo, number).fee
    assert shown is not None
    assert shown.why_not_unpaid == ""
    assert fee_unpaid(mo, number, row_of(test_desk, number)) is DeliveryState.SENT
    ticket = ticket_of(test_desk, number)
    assert (ticket.state, ticket.closed_at, ticket.due_at) == (TicketState.CLOSED, test_desk.clock.now(), None)
    sent = opened_ticket(test_desk.desk, number).texts[-1]
    assert sent == shown.letter
    assert says in sent
    rules = test_desk.desk.packs.current.notice
    assert (rules.complain_court in sent) is (language == "en")
    assert outcomes(test_desk, Action.FEE_UNPAID) == [(Result.DONE, "not paid in 30 days: closed")]
    assert moves(test_desk, number) == [ClockMove.FEE_ASKED, ClockMove.FEE_UNPAID]


def test_whoever_pays_late_is_answered_after_all(test_desk: TestDesk) -> None:
    mei, number = asked(test_desk)
    decided_at = test_desk.clock.now()
    test_desk.clock.forward(days=31)
    mo = back(test_desk, mei, "mo")
    fee_unpaid(mo, number, row_of(test_desk, number))
    with pytest.raises(WrongState, match="is closed"):
        fee_paid(mo, number, row_of(test_desk, number), LAST)
    write(test_desk, number, "I have paid now.")
    ticket = ticket_of(test_desk, number)
    assert ticket.state == TicketState.VERIFIED
    fee_paid(mo, number, ticket.version, LAST + timedelta(days=1))
    assert ticket_of(test_desk, number).due_at == decided_at + timedelta(days=61, minutes=1)
    assert clock_view(mo, number).fee is None


def test_a_proposal_is_not_closed_around(test_desk: TestDesk) -> None:
    mei, number = asked(test_desk)
    test_desk.clock.forward(days=31)
    mo = back(test_desk, mei, "mo")
    propose(mo, number, row_of(test_desk, number), fee(test_desk.clock.now()))
    with pytest.raises(WrongState, match="in approval"):
        fee_unpaid(mo, number, row_of(test_desk, number))


def test_nothing_is_closed_that_the_requester_cannot_be_told(test_desk: TestDesk) -> None:
    mei, number = asked(test_desk)
    test_desk.clock.forward(days=31)
    mo = back(test_desk, mei, "mo")
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Contact).values(replaced_at=test_desk.clock.now()))
    with pytest.raises(ContactNotOnFile):
        fee_unpaid(mo, number, row_of(test_desk, number))
    assert ticket_of(test_desk, number).state == TicketState.WAITING
    assert moves(test_desk, number) == [ClockMove.FEE_ASKED]


def test_where_the_clock_runs_through_the_wait_the_fee_is_still_waited_for(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    text = (SHIPPED / "hauthome-2023-08.toml").read_text("utf-8")
    text = text.replace('id = "hauthome"', 'id = "running"').replace("fee_stops = true", "fee_stops = false")
    (desk.settings.home / "packs").mkdir()
    (desk.settings.home / "packs" / "running-2023-08.toml").write_text(text, "utf-8")
    desk.settings = desk.settings.model_copy(update={"pack": "running-2023-08"})
    desk.packs = PackShelf(desk.settings)
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    due = ticket_of(test_desk, number).due_at
    decision_id = propose(mei, number, row_of(test_desk, number), fee(test_desk.clock.now())).decision_id
    approval.approve(person(test_desk, "sue", Role.SUPERVISOR), decision_id, PASSWORD)
    assert (ticket_of(test_desk, number).state, ticket_of(test_desk, number).due_at) == (TicketState.WAITING, due)
    fee_paid(mei, number, row_of(test_desk, number), ASKED)
    ticket = ticket_of(test_desk, number)
    assert (ticket.state, ticket.due_at) == (TicketState.VERIFIED, due)

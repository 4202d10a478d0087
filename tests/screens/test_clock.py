"""The clock by keyboard: what the date is made of, an extension with its reason, asking for proof of identity."""

import time

import pytest

from cs_console.desk import DeskSession
from models.contact_fields import Field
from models.enums import Action, ClockMove, Result, TicketKind, TicketState
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.frame.text_dialog import WordsDialog
from screens.ticket.clock_dialogs import ClockDialog, LetterDialog, zone_words
from screens.ticket.ticket import TicketScreen
from tests.deadlines.clocks import clock_events, use_month_pack
from tests.decisions.cases import person, request
from tests.decisions.test_fee_clock import fee_asked
from tests.decisions.test_review import back
from tests.support.consoles import NARROW, WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.tickets import make_ticket


@pytest.mark.parametrize("size", [NARROW])
async def test_a_term_is_extended_with_its_reason(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    use_month_pack(sqlite_desk)
    mei, sue = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sue", Role.SUPERVISOR)
    number = request(sqlite_desk, mei).number
    async with console(sqlite_desk, sue, size) as shown:
        await shown.open(TicketScreen(number))
        await shown.until_words("A question")
        await shown.press("o")
        await shown.until_on(ClockDialog)
        await shown.until_words(
            "1 month from receipt on 20 Nov", "requester verified, vera", "Extend the term by 2 months", "was verified"
        )
        assert "in Europe/Berlin" in shown.drawn()
        assert "esc back" in shown.drawn()
        await shown.press("enter")
        await shown.until_on(WordsDialog)
        await shown.until_words("Why does the answer take 2 months longer?")
        await shown.type("Two archives have to be searched")
        await shown.press("ctrl+s")
        await shown.until(lambda: shown.notice == "The requester has been informed.", "the word to the requester")
        await shown.press("o")
        await shown.until_words("extended by 2 months (told 20 Nov)", "extended, sue: Two archives have to be searched")
        await shown.until_words("The term was already extended.")
    assert [event.move for event in clock_events(sqlite_desk, number)] == [ClockMove.EXTENDED]


@pytest.mark.parametrize(
    ("here", "words"),
    [
        ("Europe/Berlin", "Dates in Europe/Berlin"),
        ("Asia/Tokyo", "Times in Europe/Berlin, not in JST as on other screens"),
    ],
)
def test_the_clocks_own_time_zone_is_named_where_it_differs(
    monkeypatch: pytest.MonkeyPatch, here: str, words: str
) -> None:
    with monkeypatch.context() as changed:
        changed.setenv("TZ", here)
        time.tzset()
        assert zone_words("Europe/Berlin") == words
    time.tzset()


@pytest.mark.parametrize("size", [WIDE])
async def test_proof_of_identity_is_asked_for(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = person(sqlite_desk, "mei", Role.AGENT)
    contacts = {Field.EMAIL: "alice@example.org"}
    number = make_ticket(sqlite_desk, kind=TicketKind.RIGHTS, assignee=mei, contacts=contacts).number
    async with console(sqlite_desk, mei, size) as shown:
        await shown.open(TicketScreen(number))
        await shown.until_words("A question")
        await shown.press("o")
        await shown.until_on(ClockDialog)
        await shown.until_words("starts when the requester is verified")
        await shown.until_words(
            "HautHome Privacy Policy allows no extension (Your rights, section 4).", "Ask for proof of identity"
        )
        await shown.press("enter")
        await shown.until_on(LetterDialog)
        await shown.until_words("we have to know that it comes from you", "Do not send", "Send it")
        await shown.press("enter")  # the cursor stands on no
        await shown.until_on(TicketScreen)
        assert clock_events(sqlite_desk, number) == []
        await shown.press("o")
        await shown.until_on(ClockDialog)
        await shown.press("enter")
        await shown.until_on(LetterDialog)
        await shown.press("down", "enter")
        await shown.until(lambda: shown.notice == "The requester has been informed.", "the word to the requester")
        await shown.press("o")
        await shown.until_words("identity asked for, mei", "The requester has already been asked.")
        await shown.press("escape")
        await shown.until_on(TicketScreen)
    (entry,) = recorded(sqlite_desk.desk, Action.CLOCK_STOPPED)
    assert (entry.ticket, entry.actor, entry.outcome) == (number, "mei", Result.DONE)


def waiting_for_a_fee(test_desk: TestDesk, *, days: int) -> tuple[int, DeskSession]:
    """A ticket for which a fee was asked so many days ago, and whose it is by now."""
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    fee_asked(test_desk, mei, number, "sue")
    test_desk.clock.forward(days=days)
    return number, back(test_desk, mei, "mo")


async def clock_of(shown: Console, number: int) -> None:
    await shown.open(TicketScreen(number))
    await shown.until_words("A question")
    await shown.press("o")
    await shown.until_on(ClockDialog)


@pytest.mark.parametrize("size", [NARROW])
async def test_a_fee_is_put_on_record_as_paid(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    number, mo = waiting_for_a_fee(sqlite_desk, days=2)
    async with console(sqlite_desk, mo, size) as shown:
        await clock_of(shown, number)
        await shown.until_words("stopped since 20 Nov for a fee", "The fee was paid", "can be paid until 20 Dec")
        await shown.until_words("from 21 Dec on.")
        await shown.press("enter")
        await shown.until_on(ChoiceDialog)
        await shown.until_words("Sun 22 Nov 2026", "yesterday", "Fri 20 Nov 2026")
        await shown.press("down", "enter")
        await shown.until(lambda: shown.notice.startswith("The fee is recorded as paid"), "the payment")
        await shown.press("o")
        await shown.until_words("21 Nov        fee paid, mo")
    assert [event.move for event in clock_events(sqlite_desk, number)] == [ClockMove.FEE_ASKED, ClockMove.FEE_PAID]


@pytest.mark.parametrize("size", [WIDE])
async def test_a_request_is_closed_unpaid_after_its_letter_was_seen(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    number, mo = waiting_for_a_fee(sqlite_desk, days=31)
    async with console(sqlite_desk, mo, size) as shown:
        await clock_of(shown, number)
        await shown.press("down", "enter")
        await shown.until_on(LetterDialog)
        await shown.until_words("because the fee was not paid?", "It was not paid within 30 days")
        await shown.press("down", "enter")
        await shown.until(lambda: shown.notice == "The requester has been informed.", "the letter")
        await shown.until_words("closed")
    assert ticket_of(sqlite_desk, number).state == TicketState.CLOSED


async def test_what_cannot_be_done_says_why_and_cannot_be_chosen(sqlite_desk: TestDesk) -> None:
    mei = person(sqlite_desk, "mei", Role.AGENT)
    number = request(sqlite_desk, mei).number
    async with console(sqlite_desk, mei) as shown:
        await shown.open(TicketScreen(number))
        await shown.until_words("A question")
        await shown.press("o")
        await shown.until_words("30 days from verification on 20 Nov", "allows no extension", "was verified")
        await shown.press("enter", "enter")
        assert isinstance(shown.app.screen, ClockDialog)
        await shown.press("escape")
        await shown.until_on(TicketScreen)
    assert clock_events(sqlite_desk, number) == []


async def test_a_reason_that_was_not_used_is_kept_as_a_draft(sqlite_desk: TestDesk) -> None:
    use_month_pack(sqlite_desk)
    sue = person(sqlite_desk, "sue", Role.SUPERVISOR)
    number = request(sqlite_desk, sue).number
    async with console(sqlite_desk, sue) as shown:
        await shown.open(TicketScreen(number))
        await shown.until_words("A question")
        await shown.press("o")
        await shown.until_on(ClockDialog)
        await shown.press("enter")
        await shown.until_on(WordsDialog)
        await shown.type("Two archives")
        await shown.press("escape")
        await shown.until_on(TicketScreen)
        await shown.press("o")
        await shown.until_on(ClockDialog)
        await shown.press("enter")
        await shown.until_typed("Two archives")
    assert clock_events(sqlite_desk, number) == []

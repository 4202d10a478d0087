"""The clock by keyboard: what the date is made of, an extension with its reason, asking for proof of identity."""

import pytest

from models.enums import Action, ClockMove, Field, Result, Role, TicketKind
from screens.asking_text import WordsDialog
from screens.clock import ClockDialog
from screens.ticket import TicketScreen
from tests.decisions.cases import person, request
from tests.decisions.clocks import clock_events, use_month_pack
from tests.support.consoles import SIZES, console
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket


@pytest.mark.parametrize("size", SIZES)
async def test_a_term_is_extended_with_its_reason(sqlite_office: TestOffice, size: tuple[int, int]) -> None:
    use_month_pack(sqlite_office)
    mei, sue = person(sqlite_office, "mei", Role.AGENT), person(sqlite_office, "sue", Role.SUPERVISOR)
    number = request(sqlite_office, mei).number
    async with console(sqlite_office, sue, size) as shown:
        await shown.open(TicketScreen(number))
        await shown.until_words("A question")
        await shown.press("o")
        await shown.until_on(ClockDialog)
        await shown.until_words(
            "1 month from receipt on 20 Nov", "requester verified, vera", "Extend the term by 2 months", "was verified"
        )
        assert "esc back" in shown.drawn()
        await shown.press("enter")
        await shown.until_on(WordsDialog)
        await shown.until_words("Why does the answer take 2 months longer?")
        await shown.type("Two archives have to be searched")
        await shown.press("ctrl+s")
        await shown.until(lambda: shown.notice == "The requester was told.", "the word to the requester")
        await shown.press("o")
        await shown.until_words("extended by 2 months (told 20 Nov)", "extended, sue: Two archives have to be searched")
        await shown.until_words("The term was extended already.")
    assert [event.move for event in clock_events(sqlite_office, number)] == [ClockMove.EXTENDED]


@pytest.mark.parametrize("size", SIZES)
async def test_proof_of_identity_is_asked_for(sqlite_office: TestOffice, size: tuple[int, int]) -> None:
    mei = person(sqlite_office, "mei", Role.AGENT)
    contacts = {Field.EMAIL: "alice@example.org"}
    number = make_ticket(sqlite_office, kind=TicketKind.RIGHTS, assignee=mei, contacts=contacts).number
    async with console(sqlite_office, mei, size) as shown:
        await shown.open(TicketScreen(number))
        await shown.until_words("A question")
        await shown.press("o")
        await shown.until_on(ClockDialog)
        await shown.until_words("starts when the requester is verified")
        await shown.until_words("HautHome Privacy Policy knows no extension (V.4).", "Ask for proof of identity")
        await shown.press("enter")
        await shown.until(lambda: shown.notice == "The requester was told.", "the word to the requester")
        await shown.press("o")
        await shown.until_words("identity asked for, mei", "The requester was asked already.")
        await shown.press("escape")
        await shown.until_on(TicketScreen)
    (entry,) = recorded(sqlite_office.office, Action.CLOCK_STOPPED)
    assert (entry.ticket, entry.actor, entry.outcome) == (number, "mei", Result.DONE)


async def test_what_cannot_be_done_says_why_and_cannot_be_chosen(sqlite_office: TestOffice) -> None:
    mei = person(sqlite_office, "mei", Role.AGENT)
    number = request(sqlite_office, mei).number
    async with console(sqlite_office, mei) as shown:
        await shown.open(TicketScreen(number))
        await shown.until_words("A question")
        await shown.press("o")
        await shown.until_words("30 days from verification on 20 Nov", "knows no extension", "was verified")
        await shown.press("enter", "enter")
        assert isinstance(shown.app.screen, ClockDialog)
        await shown.press("escape")
        await shown.until_on(TicketScreen)
    assert clock_events(sqlite_office, number) == []


async def test_a_reason_that_was_not_used_is_kept_as_a_draft(sqlite_office: TestOffice) -> None:
    use_month_pack(sqlite_office)
    sue = person(sqlite_office, "sue", Role.SUPERVISOR)
    number = request(sqlite_office, sue).number
    async with console(sqlite_office, sue) as shown:
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
    assert clock_events(sqlite_office, number) == []

"""Verifying on the screen: the code goes out, comes back by the requester's voice, and is never shown here."""

import re
from pathlib import Path

import pytest
from textual.widgets import Input

from cs_console.verification.codes import send_code
from models.enums import Action, Field, Role, TicketState
from screens.asking_text import WordsDialog
from screens.ticket import TicketScreen
from screens.verify import VerifyScreen
from screens.widgets.choice_list import ChoiceList
from tests.support.consoles import SIZES, Console, console
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import MadeTicket, make_requester, make_ticket

PHONE = "+8613800138000"


def unverified(test_office: TestOffice) -> MadeTicket:
    return make_ticket(test_office, contacts={Field.MOBILE: PHONE})


async def verifying(shown: Console, number: int) -> VerifyScreen:
    screen = VerifyScreen(number)
    await shown.open(screen)
    await shown.until(lambda: screen._status is not None and screen._view is not None, "the ways")
    await shown.until_words("Written request")
    return screen


def code_in(outbox: Path | None) -> str:
    assert outbox is not None
    newest = max(outbox.iterdir())
    found = re.search(r"\b[0-9]{8}\b", newest.read_text("utf-8").partition("\n\n")[2])
    assert found is not None
    return found[0]


@pytest.mark.parametrize("size", SIZES)
async def test_a_code_is_sent_by_mask_and_typed_back(sqlite_office: TestOffice, size: tuple[int, int]) -> None:
    vera = sqlite_office.desk("vera", Role.VERIFIER)
    made = unverified(sqlite_office)
    async with console(sqlite_office, vera, size) as shown:
        ticket = TicketScreen(made.number)
        await shown.open(ticket)
        await shown.until(lambda: ticket.view is not None)
        await shown.press("v")
        await shown.until_on(VerifyScreen)
        await shown.until_words("Send a code to the mobile number", "on file", "no code is on its way")
        await shown.press("enter")
        await shown.until_words("3 tries left · expires in")
        code = code_in(sqlite_office.office.settings.outbox)
        assert code not in shown.drawn() and PHONE not in shown.drawn()
        await shown.type(code)
        await shown.press("enter")
        await shown.until_on(TicketScreen)
        await shown.until(lambda: "Verified until" in shown.notice)
        await shown.until(lambda: ticket.view is not None and ticket.view.state is TicketState.VERIFIED)
    assert len(recorded(sqlite_office.office, Action.VERIFIED)) == 1


async def test_a_wrong_code_says_how_many_tries_are_left(sqlite_office: TestOffice) -> None:
    vera = sqlite_office.desk("vera", Role.VERIFIER)
    made = unverified(sqlite_office)
    send_code(vera, made.number, made.contact_ids[Field.MOBILE])
    wrong = f"{(int(code_in(sqlite_office.office.settings.outbox)) + 1) % 10**8:08d}"
    async with console(sqlite_office, vera) as shown:
        screen = await verifying(shown, made.number)
        await shown.press("tab")
        await shown.type(wrong)
        await shown.press("enter")
        await shown.until(lambda: "The code is wrong; 2 tries are left." in shown.notice)
        assert screen.query_one("#code", Input).value == ""
        await shown.until_words("2 tries left")


@pytest.mark.parametrize("typed", ["1234567", "12 34-5"])
async def test_an_incomplete_code_stays_and_costs_no_try(sqlite_office: TestOffice, typed: str) -> None:
    vera = sqlite_office.desk("vera", Role.VERIFIER)
    made = unverified(sqlite_office)
    send_code(vera, made.number, made.contact_ids[Field.MOBILE])
    async with console(sqlite_office, vera) as shown:
        screen = await verifying(shown, made.number)
        field = screen.query_one("#code", Input)
        field.value = typed
        field.focus()
        await shown.press("enter")
        await shown.until(lambda: "A code has 8 digits." in shown.notice)
        assert field.value == typed
        await shown.until_words("3 tries left")
    assert recorded(sqlite_office.office, Action.CODE_CHECKED) == []


async def test_an_expired_code_says_so_while_one_looks(sqlite_office: TestOffice) -> None:
    vera = sqlite_office.desk("vera", Role.VERIFIER)
    made = unverified(sqlite_office)
    async with console(sqlite_office, vera) as shown:
        await verifying(shown, made.number)
        await shown.press("enter")
        await shown.until_words("expires in 10:00")
        sqlite_office.clock.forward(minutes=9, seconds=30)
        await shown.until_words("expires in 0:30")
        sqlite_office.clock.forward(minutes=1)
        await shown.until_words("expired; send a new one")


async def test_the_lock_is_shown_and_a_supervisor_lifts_it(sqlite_office: TestOffice) -> None:
    vera = sqlite_office.desk("vera", Role.VERIFIER)
    sara = sqlite_office.desk("sara", Role.SUPERVISOR)
    made = unverified(sqlite_office)
    send_code(vera, made.number, made.contact_ids[Field.MOBILE])
    wrong = f"{(int(code_in(sqlite_office.office.settings.outbox)) + 1) % 10**8:08d}"
    async with console(sqlite_office, vera) as shown:
        await verifying(shown, made.number)
        await shown.press("tab")
        for left in ("2 tries", "1 try"):
            await shown.type(wrong)
            await shown.press("enter")
            await shown.until_words(f"{left} left")
        await shown.type(wrong)
        await shown.press("enter")
        await shown.until_words("Locked until", "Lift the lock", "a supervisor can")
    async with console(sqlite_office, sara) as shown:
        screen = await verifying(shown, made.number)
        await shown.until_words("Lift the lock", "fresh budget")
        ways = screen.query_one(ChoiceList)
        ways.highlighted = ways.get_option_index("lift")
        await shown.press("enter")
        await shown.until(lambda: "The lock is lifted." in shown.notice)
        await shown.until(lambda: "Locked until" not in shown.words())


async def test_a_contact_changed_lately_is_shown_with_its_reason(sqlite_office: TestOffice) -> None:
    vera = sqlite_office.desk("vera", Role.VERIFIER)
    requester = make_requester(sqlite_office, {Field.MOBILE: PHONE}, changed_at=sqlite_office.clock.now())
    made = make_ticket(sqlite_office, requester=requester)
    async with console(sqlite_office, vera) as shown:
        screen = await verifying(shown, made.number)
        await shown.until_words("changed lately, usable from")
        assert screen.query_one(ChoiceList).get_option(made.contact_ids[Field.MOBILE]).disabled


@pytest.mark.parametrize("size", SIZES)
async def test_another_way_needs_a_note_of_what_was_seen(sqlite_office: TestOffice, size: tuple[int, int]) -> None:
    vera = sqlite_office.desk("vera", Role.VERIFIER)
    made = unverified(sqlite_office)
    async with console(sqlite_office, vera, size) as shown:
        screen = await verifying(shown, made.number)
        ways = screen.query_one(ChoiceList)
        ways.highlighted = ways.get_option_index("documents seen")
        await shown.press("enter")
        await shown.until_on(WordsDialog)
        await shown.press("ctrl+s")
        await shown.until_words("Nothing is written yet.")
        assert isinstance(shown.app.screen, WordsDialog)
        await shown.type("a passport over video")
        await shown.until(lambda: "Nothing is written yet." not in shown.words())
        await shown.press("escape")
        await shown.until_on(VerifyScreen)
        await shown.press("enter")
        await shown.until_typed("a passport over video")
        await shown.press("ctrl+s")
        await shown.until(lambda: bool(recorded(sqlite_office.office, Action.VERIFIED)), "the verification")


async def test_an_agent_who_is_no_verifier_asks_for_a_verification(sqlite_office: TestOffice) -> None:
    mei = sqlite_office.desk("mei", Role.AGENT)
    made = make_ticket(sqlite_office, assignee=mei)
    async with console(sqlite_office, mei) as shown:
        ticket = TicketScreen(made.number)
        await shown.open(ticket)
        await shown.until(lambda: ticket.view is not None)
        await shown.press("v")
        await shown.until(lambda: ticket.view is not None and ticket.view.state is TicketState.TO_VERIFY)
        assert "waits for a verifier" in shown.notice


async def test_hostile_words_are_only_letters(sqlite_office: TestOffice) -> None:
    """ASVS 1.2.4, 1.3.3."""
    vera = sqlite_office.desk("vera", Role.VERIFIER)
    made = make_ticket(
        sqlite_office, subject="[/x][@click=app.quit]go[/]\x1b[2J\u202e", contacts={Field.EMAIL: "[/x]\x1b[1m@a.org"}
    )
    async with console(sqlite_office, vera) as shown:
        await verifying(shown, made.number)
        await shown.until_words("[/x][@click=app.quit]go[/]")
        assert not {"\x1b", "\u202e"} & set(shown.drawn())
        for x in range(0, 80, 4):
            await shown.pilot.click(offset=(x, 2))
        assert shown.app.is_running

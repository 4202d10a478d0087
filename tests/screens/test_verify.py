"""Verifying on the screen: the code goes out, comes back by the requester's voice, and is never shown here."""

import re
from pathlib import Path

import pytest
from textual.widgets import Input

from cs_console.verification.authority import see_authority
from cs_console.verification.codes import send_code
from models.contact_fields import Field
from models.enums import Action, AuthoritySort, TicketKind, TicketState
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.frame.text_dialog import WordsDialog
from screens.queue.queue import QueueScreen
from screens.ticket.ticket import TicketScreen
from screens.verification.caller import CallerDialog
from screens.verification.verify import VerifyScreen
from screens.widgets.choice_list import ChoiceList
from tests.support.consoles import NARROW, WIDE, Console, console, words_of
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import MadeTicket, make_requester, make_ticket

PHONE = "+8613800138000"


def unverified(test_desk: TestDesk) -> MadeTicket:
    return make_ticket(test_desk, contacts={Field.MOBILE: PHONE})


async def verifying(shown: Console, number: int) -> VerifyScreen:
    screen = VerifyScreen(number)
    await shown.open(screen)
    await shown.until(lambda: screen._status is not None, "the ways")
    await shown.until_words("Written request")
    await shown.until(lambda: bool(words_of(screen.query_one("#about"))), "the subject")
    return screen


def code_in(outbox: Path | None) -> str:
    assert outbox is not None
    newest = max(outbox.iterdir())
    found = re.search(r"\b[0-9]{8}\b", newest.read_text("utf-8").partition("\n\n")[2])
    assert found is not None
    return found[0]


@pytest.mark.parametrize("size", [NARROW])
async def test_a_code_is_sent_by_mask_and_typed_back(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = unverified(sqlite_desk)
    async with console(sqlite_desk, vera, size) as shown:
        ticket = TicketScreen(made.number)
        await shown.open(ticket)
        await shown.until(lambda: ticket.view is not None)
        await shown.press("v")
        await shown.until_on(VerifyScreen)
        await shown.until_words("Send a code to the mobile number", "on file", "no code was sent")
        await shown.press("enter")
        await shown.until_words("3 attempts left; expires in")
        code = code_in(sqlite_desk.desk.settings.outbox)
        assert code not in shown.drawn() and PHONE not in shown.drawn()
        await shown.type(code)
        await shown.press("enter")
        await shown.until_on(TicketScreen)
        await shown.until(lambda: "Verified until" in shown.notice)
        await shown.until(lambda: ticket.view is not None and ticket.view.state is TicketState.VERIFIED)
    assert len(recorded(sqlite_desk.desk, Action.VERIFIED)) == 1


async def test_a_wrong_code_says_how_many_tries_are_left(sqlite_desk: TestDesk) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = unverified(sqlite_desk)
    send_code(vera, made.number, made.contact_ids[Field.MOBILE])
    wrong = f"{(int(code_in(sqlite_desk.desk.settings.outbox)) + 1) % 10**8:08d}"
    async with console(sqlite_desk, vera) as shown:
        screen = await verifying(shown, made.number)
        await shown.press("tab")
        await shown.type(wrong)
        await shown.press("enter")
        await shown.until(lambda: "The code is wrong; 2 attempts are left." in shown.notice)
        assert screen.query_one("#code", Input).value == ""
        await shown.until_words("2 attempts left")


@pytest.mark.parametrize("typed", ["1234567", "12 34-5"])
async def test_an_incomplete_code_stays_and_costs_no_try(sqlite_desk: TestDesk, typed: str) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = unverified(sqlite_desk)
    send_code(vera, made.number, made.contact_ids[Field.MOBILE])
    async with console(sqlite_desk, vera) as shown:
        screen = await verifying(shown, made.number)
        field = screen.query_one("#code", Input)
        field.value = typed
        field.focus()
        await shown.press("enter")
        await shown.until(lambda: "A code has 8 digits." in shown.notice)
        assert field.value == typed
        await shown.until_words("3 attempts left")
    assert recorded(sqlite_desk.desk, Action.CODE_CHECKED) == []


async def test_an_expired_code_says_so_while_one_looks(sqlite_desk: TestDesk) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = unverified(sqlite_desk)
    async with console(sqlite_desk, vera) as shown:
        await verifying(shown, made.number)
        await shown.press("enter")
        await shown.until_words("expires in 10:00")
        sqlite_desk.clock.forward(minutes=9, seconds=30)
        await shown.until_words("expires in 0:30")
        sqlite_desk.clock.forward(minutes=1)
        await shown.until_words("expired; send a new code")


async def test_the_lock_is_shown_and_a_supervisor_lifts_it(sqlite_desk: TestDesk) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    sara = sqlite_desk.session("sara", Role.SUPERVISOR)
    made = unverified(sqlite_desk)
    send_code(vera, made.number, made.contact_ids[Field.MOBILE])
    wrong = f"{(int(code_in(sqlite_desk.desk.settings.outbox)) + 1) % 10**8:08d}"
    async with console(sqlite_desk, vera) as shown:
        await verifying(shown, made.number)
        await shown.press("tab")
        for left in ("2 attempts", "1 attempt"):
            await shown.type(wrong)
            await shown.press("enter")
            await shown.until_words(f"{left} left")
        await shown.type(wrong)
        await shown.press("enter")
        await shown.until_words("Locked until", "Lift the lock", "a supervisor can")
    async with console(sqlite_desk, sara) as shown:
        screen = await verifying(shown, made.number)
        await shown.until_words("Lift the lock", "new attempts")
        ways = screen.query_one(ChoiceList)
        ways.highlighted = ways.get_option_index("lift")
        await shown.press("enter")
        await shown.until(lambda: "The lock was lifted." in shown.notice)
        await shown.until(lambda: "Locked until" not in shown.words())


async def test_a_contact_changed_lately_is_shown_with_its_reason(sqlite_desk: TestDesk) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    requester = make_requester(sqlite_desk, {Field.MOBILE: PHONE}, changed_at=sqlite_desk.clock.now())
    made = make_ticket(sqlite_desk, requester=requester)
    async with console(sqlite_desk, vera) as shown:
        screen = await verifying(shown, made.number)
        await shown.until_words("changed recently, usable from")
        assert screen.query_one(ChoiceList).get_option(made.contact_ids[Field.MOBILE]).disabled


@pytest.mark.parametrize("size", [WIDE])
async def test_another_way_needs_a_note_of_what_was_seen(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = unverified(sqlite_desk)
    async with console(sqlite_desk, vera, size) as shown:
        screen = await verifying(shown, made.number)
        ways = screen.query_one(ChoiceList)
        ways.highlighted = ways.get_option_index("documents seen")
        await shown.press("enter")
        await shown.until_on(WordsDialog)
        await shown.press("ctrl+s")
        await shown.until_words("The field is empty.")
        assert isinstance(shown.app.screen, WordsDialog)
        await shown.type("a passport over video")
        await shown.until(lambda: "The field is empty." not in shown.words())
        await shown.press("escape")
        await shown.until_on(VerifyScreen)
        await shown.press("enter")
        await shown.until_typed("a passport over video")
        await shown.press("ctrl+s")
        await shown.until(lambda: bool(recorded(sqlite_desk.desk, Action.VERIFIED)), "the verification")


async def choose(shown: Console, way: str) -> None:
    """Put the cursor on a way and take it."""
    screen = shown.app.screen
    assert isinstance(screen, VerifyScreen)
    found = screen.query_one(ChoiceList)
    await shown.until(lambda: any(one.id == way and not one.disabled for one in found.options), way)
    found.highlighted = found.get_option_index(way)
    found.focus()
    await shown.press("enter")


@pytest.mark.parametrize("size", [NARROW])
async def test_a_verifier_alone_goes_from_the_lane_to_a_right_code(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    """A verifier lands where their work is; every step is one key."""
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = make_ticket(sqlite_desk, kind=TicketKind.RIGHTS, contacts={Field.MOBILE: PHONE})
    async with console(sqlite_desk, vera, size) as shown:
        await shown.until(lambda: str(made.number) in shown.drawn(), "the lane")
        await shown.press("v")
        await shown.until_on(VerifyScreen)
        await shown.until_words("Send a code to the mobile number")
        await shown.press("enter")
        await shown.until_words("expires in")
        assert "code read back" in shown.drawn()
        await shown.type(code_in(sqlite_desk.desk.settings.outbox))
        await shown.press("enter")
        await shown.until_on(QueueScreen)
        await shown.until(lambda: "Verified until" in shown.notice)
        await shown.until(lambda: str(made.number) not in shown.drawn(), "an empty lane")


@pytest.mark.parametrize("size", [WIDE])
async def test_a_caller_is_checked_without_showing_anything(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = unverified(sqlite_desk)
    async with console(sqlite_desk, vera, size) as shown:
        await verifying(shown, made.number)
        for said, answer in (("13800138000", "Match: mobile number."), ("13800138001", "No match: mobile number.")):
            await choose(shown, "caller")
            await shown.until_on(ChoiceDialog)
            await shown.press("enter")
            await shown.until_on(CallerDialog)
            await shown.until_words("A match proves nothing by itself")
            await shown.type(said)
            await shown.press("enter")
            await shown.until_on(VerifyScreen)
            await shown.until(lambda answer=answer: answer in shown.notice)  # type: ignore[misc]
            assert "This does not verify the requester" in shown.notice
        await shown.until_words("4 left today", "Not verified yet")


async def test_what_cannot_be_checked_is_said_in_the_dialog_and_can_be_typed_again(sqlite_desk: TestDesk) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = unverified(sqlite_desk)
    async with console(sqlite_desk, vera) as shown:
        await verifying(shown, made.number)
        await choose(shown, "caller")
        await shown.until_on(ChoiceDialog)
        await shown.press("enter")
        await shown.until_on(CallerDialog)
        await shown.type("13")
        await shown.press("enter")
        await shown.until_words("That is not a whole mobile.")
        assert isinstance(shown.app.screen, CallerDialog)
    assert recorded(sqlite_desk.desk, Action.CALLER_CHECKED) == []


@pytest.mark.parametrize("size", [NARROW])
async def test_a_childs_guardian_is_recorded_by_keyboard(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = unverified(sqlite_desk)
    async with console(sqlite_desk, vera, size) as shown:
        ticket = TicketScreen(made.number)
        await shown.open(ticket)
        await shown.until(lambda: ticket.view is not None)
        await shown.press("v")
        await shown.until_on(VerifyScreen)
        await choose(shown, "age")
        await shown.until_on(ChoiceDialog)
        await shown.press("enter")
        await shown.until_on(VerifyScreen)
        await shown.until_words("minor, under 14: needs a guardian's consent", "a guardian first")
        await choose(shown, "guardian")
        await shown.until_on(WordsDialog)
        await shown.until_words("What proved the relation")
        await shown.type("a birth certificate")
        await shown.press("ctrl+s")
        await shown.until_on(VerifyScreen)
        await shown.until_words("minor, under 14 · asked by a guardian", "Send a code to the mobile number")
        await shown.press("escape")
        await shown.until_on(TicketScreen)
        await shown.until(lambda: "by a guardian" in shown.drawn() and "minor, under 14" in shown.drawn(), "the flags")
        await shown.press("v")
        await shown.until_on(VerifyScreen)
        await choose(shown, "end")
        await shown.until_words("minor, under 14: needs a guardian's consent")
    assert len(recorded(sqlite_desk.desk, Action.AUTHORITY_SEEN, Action.AUTHORITY_ENDED)) == 2


async def test_for_a_representative_the_other_routes_are_closed(sqlite_desk: TestDesk) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = unverified(sqlite_desk)
    see_authority(vera, made.number, AuthoritySort.REPRESENTATIVE, "A signed letter.")
    async with console(sqlite_desk, vera) as shown:
        screen = await verifying(shown, made.number)
        await shown.until_words("asked by a representative", "only a code to the requester")
        ways = screen.query_one(ChoiceList)
        assert ways.get_option("written request").disabled
        assert ways.get_option("documents seen").disabled
        assert not ways.get_option(made.contact_ids[Field.MOBILE]).disabled


async def test_an_agent_who_is_no_verifier_asks_for_a_verification(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        ticket = TicketScreen(made.number)
        await shown.open(ticket)
        await shown.until(lambda: ticket.view is not None)
        await shown.press("v")
        await shown.until(lambda: ticket.view is not None and ticket.view.state is TicketState.TO_VERIFY)
        assert "waiting for a verifier" in shown.notice


async def test_hostile_words_are_only_letters(sqlite_desk: TestDesk) -> None:
    """ASVS 1.2.4, 1.3.3."""
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = make_ticket(
        sqlite_desk, subject="[/x][@click=app.quit]go[/]\x1b[2J\u202e", contacts={Field.EMAIL: "[/x]\x1b[1m@a.org"}
    )
    async with console(sqlite_desk, vera) as shown:
        await verifying(shown, made.number)
        await shown.until_words("[/x][@click=app.quit]go[/]")
        assert not {"\x1b", "\u202e"} & set(shown.drawn())
        for x in range(0, 80, 4):
            await shown.pilot.click(offset=(x, 2))
        assert shown.app.is_running


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_what_holds_of_a_way_has_room_beside_it(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = make_ticket(sqlite_desk, contacts={Field.MOBILE: "+8613800138000"})
    async with console(sqlite_desk, vera, size) as shown:
        await shown.open(VerifyScreen(made.number))
        await shown.until_words("Documents seen")
        row = next(line for line in shown.drawn().splitlines() if "Documents seen" in line)
        assert "with a note of what was" in row

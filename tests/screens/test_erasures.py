"""Erasing and keeping by keyboard: proposed on the ticket, confirmed by another person, held by a privacy officer."""

import pytest

from cs_console.casework.conversation import open_ticket
from cs_console.erasure.erasure import open_erasures, propose_erasure
from cs_console.erasure.holds import holds_of
from models.enums import Action
from models.roles import Role
from screens.erasure.erasures import ErasuresScreen
from screens.frame.choice import ChoiceDialog
from screens.frame.text_dialog import PasswordDialog, WordsDialog
from screens.ticket.ticket import TicketScreen
from tests.decisions.cases import person
from tests.erasure.erasures import PASSWORD, granted, people, proposed
from tests.support.consoles import NARROW, WIDE, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded


@pytest.mark.parametrize("size", [NARROW])
async def test_it_is_proposed_on_the_ticket_and_confirmed_with_a_password(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    who = people(sqlite_desk)
    ticket = granted(sqlite_desk, who.mei)
    async with console(sqlite_desk, who.mei, size) as shown:
        await shown.open(TicketScreen(ticket.number))
        await shown.until_words("closed")
        await shown.press("E")
        await shown.until_on(ChoiceDialog)
        await shown.press("j", "enter")
        await shown.until(lambda: "was proposed" in shown.notice, "the proposal")
    async with console(sqlite_desk, who.omar, size) as shown:
        await shown.press("g", "e")
        await shown.until_on(ErasuresScreen)
        await shown.until_words("1 to be confirmed by a second person")
        assert all(word in shown.drawn() for word in (f"#{ticket.number}", "mei", "to confirm", "was granted"))
        await shown.press("enter")
        await shown.until_on(TicketScreen)
        await shown.until_words("closed")
        await shown.press("escape")
        await shown.until_on(ErasuresScreen)
        await shown.press("y")
        await shown.until_on(PasswordDialog)
        await shown.type(PASSWORD)
        await shown.press("enter")
        await shown.until(lambda: "was erased" in shown.notice, "the erasure")
        await shown.until_words("No erasures are pending.")
    assert open_ticket(who.mei, ticket.number).erased


async def test_a_wrong_password_erases_nothing_and_is_asked_again(sqlite_desk: TestDesk) -> None:
    who = people(sqlite_desk)
    ticket, _ = proposed(sqlite_desk, who)
    async with console(sqlite_desk, who.omar) as shown:
        await shown.press("g", "e")
        await shown.until_words("1 to be confirmed")
        await shown.press("y")
        await shown.until_on(PasswordDialog)
        await shown.type("not my password")
        await shown.press("enter")
        await shown.until_words("Wrong password.")
        await shown.until_on(PasswordDialog)
        await shown.press("escape")
        await shown.until_words("1 to be confirmed")
    assert not open_ticket(who.mei, ticket.number).erased


async def test_one_s_own_proposal_is_refused_and_can_be_withdrawn(sqlite_desk: TestDesk) -> None:
    who = people(sqlite_desk)
    ticket = granted(sqlite_desk, who.mei)
    propose_erasure(who.omar, ticket.number)
    async with console(sqlite_desk, who.omar) as shown:
        await shown.press("g", "e")
        await shown.until_words("1 to be confirmed")
        await shown.press("y")
        await shown.until(lambda: "You proposed this erasure" in shown.notice)
        await shown.press("w")
        await shown.until(lambda: "withdrawn" in shown.notice)
        await shown.until_words("No erasures are pending.")
    assert open_erasures(who.omar) == ()


async def test_another_agent_is_not_offered_to_withdraw_it(sqlite_desk: TestDesk) -> None:
    who = people(sqlite_desk)
    proposed(sqlite_desk, who)
    ben = person(sqlite_desk, "ben", Role.AGENT)
    for session, offered in ((who.mei, True), (who.omar, True), (ben, False)):
        async with console(sqlite_desk, session) as shown:
            await shown.press("g", "e")
            await shown.until_words("1 to be confirmed")
            assert ("Withdraw" in shown.offered()) is offered


async def test_what_cannot_be_erased_is_said_on_the_ticket(sqlite_desk: TestDesk) -> None:
    who = people(sqlite_desk)
    ticket, _ = proposed(sqlite_desk, who)
    async with console(sqlite_desk, who.mei) as shown:
        await shown.open(TicketScreen(ticket.number))
        await shown.until_words("closed")
        await shown.press("E")
        await shown.until_on(ChoiceDialog)
        await shown.press("j", "enter")
        await shown.until(lambda: "already proposed" in shown.notice)
    assert len(recorded(sqlite_desk.desk, Action.ERASURE_REFUSED)) == 1


@pytest.mark.parametrize("size", [WIDE])
async def test_a_privacy_officer_keeps_the_data_and_lets_it_go(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    who = people(sqlite_desk)
    ticket, _ = proposed(sqlite_desk, who)
    async with console(sqlite_desk, who.ines, size) as shown:
        await shown.open(TicketScreen(ticket.number))
        await shown.until_words("closed")
        await shown.press("h")
        await shown.until_words("Keep the data", "court")
        await shown.press("j", "enter")
        await shown.until_words("Until when?", "30 days")
        await shown.press("enter")
        await shown.until_on(WordsDialog)
        await shown.type("order seventeen")
        await shown.press("ctrl+s")
        await shown.until(lambda: "is kept until" in shown.notice, "the hold")
        assert [one.note for one in holds_of(who.ines, ticket.number)] == ["order seventeen"]
        await shown.press("g", "e")
        await shown.until_words("1 to be confirmed")
        await shown.press("y")
        await shown.until_on(PasswordDialog)
        await shown.type(PASSWORD)
        await shown.press("enter")
        await shown.until(lambda: "A hold keeps the data" in shown.notice, "the restriction")
        await shown.until(lambda: "kept:" in shown.drawn(), "the list")
        await shown.press("g", "q")
        await shown.open(TicketScreen(ticket.number))
        await shown.until_words("closed")
        await shown.press("h")
        await shown.until_words("Lift:", "order seventeen")
        await shown.press("enter")
        await shown.until(lambda: "The hold was lifted." in shown.notice)
    assert holds_of(who.ines, ticket.number) == ()


async def test_an_agent_is_offered_no_hold(sqlite_desk: TestDesk) -> None:
    who = people(sqlite_desk)
    ticket = granted(sqlite_desk, who.mei)
    async with console(sqlite_desk, who.mei) as shown:
        await shown.open(TicketScreen(ticket.number))
        await shown.until_words("closed")
        await shown.press("h")
        await shown.pilot.pause()
        assert isinstance(shown.app.screen, TicketScreen)
    assert Role.PRIVACY_OFFICER not in who.mei.agent.roles


@pytest.mark.parametrize("size", [(60, 16), NARROW, WIDE])
async def test_the_line_under_the_cursor_is_told_whole_below_the_list(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    who = people(sqlite_desk)
    ticket, _ = proposed(sqlite_desk, who)
    for session, follows in (
        (who.omar, "A person other than the proposer confirms it."),
        (who.mei, "You can withdraw"),
    ):
        async with console(sqlite_desk, session, size) as shown:
            await shown.press("g", "e")
            await shown.until_words("1 to be confirmed", follows)
            drawn = shown.drawn()
            [row] = [line for line in drawn.splitlines() if f"#{ticket.number}" in line]
            assert row.rstrip().endswith("to confirm")  # nothing of it is cut off
            assert follows in " ".join(drawn.split())


async def test_without_erasures_there_is_no_empty_table(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, people(sqlite_desk).omar) as shown:
        await shown.press("g", "e")
        await shown.until_words("No erasures are pending.")
        assert "because" not in shown.drawn()
        assert shown.offered()[0] != "Open" and "Confirm" not in shown.offered()

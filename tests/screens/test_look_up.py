"""Finding tickets by an exact contact, on record."""

import pytest
from textual.widgets import Input

from models.contact_fields import Field
from models.enums import Action
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.queue.look_up import LookUpScreen
from screens.ticket.ticket import TicketScreen
from tests.support.consoles import SIZES, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket


@pytest.mark.parametrize("size", SIZES)
async def test_an_exact_contact_leads_to_the_ticket(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(
        sqlite_desk,
        subject="Where is Alice Example's parcel?",
        contacts={Field.EMAIL: "alice@example.org", Field.NAME: "Alice Example"},
    )
    async with console(sqlite_desk, mei, size) as shown:
        await shown.press("l")
        await shown.until_on(LookUpScreen)
        await shown.until_words("The look-up is recorded")
        await shown.type("Alice@example.org")
        await shown.press("enter")
        await shown.until_on(ChoiceDialog)
        await shown.until_words("Why do you need it?", "Correct the record")
        assert recorded(sqlite_desk.desk, Action.CONTACT_LOOKED_UP) == []
        await shown.press("j", "enter")
        await shown.until_words(f"#{made.number} Where is [name]'s parcel?", "open, 20 Nov 2026", "1 ticket.")
        await shown.press("enter")
        await shown.until_on(TicketScreen)
    [entry] = recorded(sqlite_desk.desk, Action.CONTACT_LOOKED_UP)
    assert (entry.fields, entry.purpose) == ("e-mail", "correct")


async def test_without_a_purpose_nothing_is_looked_up(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        await shown.press("l")
        await shown.until_on(LookUpScreen)
        await shown.type("alice@example.org")
        await shown.press("enter")
        await shown.until_on(ChoiceDialog)
        await shown.press("escape")
        await shown.until_on(LookUpScreen)
        assert shown.app.screen.query_one("#contact", Input).value == "alice@example.org"
    assert recorded(sqlite_desk.desk, Action.CONTACT_LOOKED_UP) == []


async def test_nobody_and_half_a_contact_each_have_a_sentence(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        await shown.press("l")
        await shown.until_on(LookUpScreen)
        await shown.type("138")
        await shown.press("enter")
        await shown.until(lambda: "Only a whole phone number" in shown.notice)
        await shown.press("ctrl+u")
        await shown.type("unknown@example.org")
        await shown.press("enter")
        await shown.until_on(ChoiceDialog)
        await shown.press("enter")
        await shown.until(lambda: "No requester with exactly this contact" in shown.notice)
    assert len(recorded(sqlite_desk.desk, Action.CONTACT_LOOKED_UP)) == 1

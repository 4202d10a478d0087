"""Finding tickets by an exact contact, on record."""

import pytest

from models.contact_fields import Field
from models.enums import Action, Role
from screens.queue.look_up import LookUpScreen
from screens.ticket.ticket import TicketScreen
from tests.support.consoles import WIDE, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket


@pytest.mark.parametrize("size", [WIDE])
async def test_an_exact_contact_leads_to_the_ticket(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, contacts={Field.EMAIL: "alice@example.org"})
    async with console(sqlite_desk, mei, size) as shown:
        await shown.press("l")
        await shown.until_on(LookUpScreen)
        await shown.until_words("The look-up is recorded")
        await shown.type("Alice@example.org")
        await shown.press("enter")
        await shown.until_words(f"#{made.number}", "1 ticket.")
        await shown.press("enter")
        await shown.until_on(TicketScreen)
    assert [one.fields for one in recorded(sqlite_desk.desk, Action.CONTACT_LOOKED_UP)] == ["e-mail"]


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
        await shown.until(lambda: "No requester with exactly this contact" in shown.notice)
    assert len(recorded(sqlite_desk.desk, Action.CONTACT_LOOKED_UP)) == 1

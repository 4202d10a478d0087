"""On the ticket: saying whose it is with w, by masks and with a reason, and taking it back."""

import pytest

from models.contact_fields import Field
from models.enums import Action, Link
from models.roles import Role
from models.ticket import Ticket
from screens.frame.text_dialog import WordsDialog
from screens.ticket.ticket import TicketScreen
from screens.ticket.whose import WhoseDialog
from tests.decisions.cases import person
from tests.support.consoles import NARROW, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_requester, make_ticket

ANNA = "anna@mail.example.org"


@pytest.mark.parametrize("size", [NARROW])
async def test_a_verifier_links_a_ticket_and_takes_it_back(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    vera = person(sqlite_desk, "vera", Role.VERIFIER)
    anna, _ = make_requester(sqlite_desk, {Field.EMAIL: ANNA})
    number = make_ticket(sqlite_desk, contacts={Field.EMAIL: "x@mail.example.net"}, on_file=False).number

    def ticket() -> Ticket:
        with sqlite_desk.desk.database.reading() as db:
            return db.get_one(Ticket, number)

    async with console(sqlite_desk, vera, size) as shown:
        await shown.open(TicketScreen(number))
        await shown.until_words("A question")
        await shown.press("w")
        await shown.until_on(WhoseDialog)
        await shown.until_words("is not linked to anyone on file")
        await shown.type(ANNA)
        await shown.press("enter")
        await shown.until_words("on file with this e-mail", "1 person.")
        assert ANNA not in shown.drawn().replace(f" {ANNA}", "", 1)  # but for what was typed
        await shown.press("enter")
        await shown.until_on(WordsDialog)
        await shown.type("She knew the order.")
        await shown.until_typed("She knew the order.")
        await shown.press("ctrl+s")
        await shown.until(lambda: "was linked" in shown.notice, "the link")
        assert (ticket().requester_id, ticket().link) == (anna, Link.PROVEN)
        await shown.press("w")
        await shown.until_words("is linked to a person on file", "She knew the order.", "Undo the link")
        await shown.press("enter")
        await shown.until_on(WordsDialog)
        await shown.type("That was Boris.")
        await shown.until_typed("That was Boris.")
        await shown.press("ctrl+s")
        await shown.until(lambda: "no longer linked to a person on file" in shown.notice, "the link taken back")
    assert ticket().link == Link.NONE
    assert len(recorded(sqlite_desk.desk, Action.TICKET_LINKED, Action.TICKET_UNLINKED)) == 2

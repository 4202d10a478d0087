"""The picker of what to reveal: fields by what can be shown now, then purposes by number."""

import pytest

from cs_console.casework import workflow
from cs_console.desk import DeskSession
from models.contact_fields import Field
from models.enums import Action, TicketKind
from models.roles import Role
from screens.ticket.reveal_dialog import RevealDialog
from screens.ticket.ticket import TicketScreen
from screens.widgets.choice_list import ChoiceList
from tests.screens.test_ticket import entries
from tests.support.consoles import Console, console
from tests.support.desk import TestDesk
from tests.support.tickets import MadeTicket, make_ticket

CONTACTS = {
    Field.NAME: "Alice Example",
    Field.MOBILE: "+8613800138000",
    Field.EMAIL: "alice@example.org",
    Field.ADDRESS: "1 High Street, Leeds",
}


def of(
    mei: DeskSession, test_desk: TestDesk, kind: TicketKind = TicketKind.APPEAL, *, verified: bool = True
) -> MadeTicket:
    return make_ticket(test_desk, kind=kind, assignee=mei, contacts=CONTACTS, verified=verified, text="Call me.")


async def picker(shown: Console, number: int) -> RevealDialog:
    await shown.open_ticket(number)
    await shown.press("r")
    await shown.until_on(RevealDialog)
    await shown.until_words("Why do you need it?")
    assert isinstance(shown.app.screen, RevealDialog)
    return shown.app.screen


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 34)])
async def test_fields_and_purposes_are_seen_whole(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = of(mei, sqlite_desk)
    async with console(sqlite_desk, mei, size) as shown:
        await picker(shown, made.number)
        await shown.press("home")
        lines = [line.strip() for line in shown.drawn().splitlines()]
        row = next(line for line in lines if "Name" in line)
        assert "A•••e" in row and "can be shown" in row
        assert any("esc back" in line for line in lines)
        titles = [line for line in lines if "1 Reply to the requester" in line]
        assert len(titles) == 1
        assert not any("V.4" in line or "I.(1)" in line for line in lines)


async def test_what_cannot_be_shown_says_why_and_is_not_chosen(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = of(mei, sqlite_desk, TicketKind.REPORT)
    async with console(sqlite_desk, mei, (120, 34)) as shown:
        dialog = await picker(shown, made.number)
        fields = dialog.query_one("#fields", ChoiceList)
        address = f"field:{Field.ADDRESS.value}:{made.contact_ids[Field.ADDRESS]}"
        assert fields.get_option(address).disabled
        assert "× not for: report" in shown.drawn().replace("\u00a0", " ")
        await shown.press("end")
        assert fields.current != address
    assert entries(sqlite_desk, Action.REVEAL_REFUSED) == []


async def test_the_purposes_are_those_of_the_field_and_a_number_chooses(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = of(mei, sqlite_desk)
    async with console(sqlite_desk, mei, (120, 34)) as shown:
        dialog = await picker(shown, made.number)
        await shown.until_words("Read what the redaction hides")  # the cursor is on the newest message
        fields = dialog.query_one("#fields", ChoiceList)
        fields.highlighted = fields.get_option_index(f"field:{Field.MOBILE.value}:{made.contact_ids[Field.MOBILE]}")
        await shown.until_words("2 Verify a call")
        assert "Read what the redaction hides" not in shown.words()
        await shown.press("9", "2", "enter")
        await shown.until_words("138 0013 8000", "hidden in")
    shown_entry = entries(sqlite_desk, Action.FIELD_REVEALED)[0]
    assert (shown_entry.fields, shown_entry.purpose) == ("mobile", "verify-call")


async def test_where_nothing_can_be_shown_no_question_is_asked(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = of(mei, sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        screen = await shown.open_ticket(made.number)
        assert screen.view is not None
        workflow.release(mei, made.number, screen.view.version)
        await shown.press("f5")
        await shown.until(lambda: screen.view is not None and not screen.view.mine)
        await shown.press("r")
        await shown.until(lambda: "Nothing of this ticket can be shown now: claim first." in shown.notice)
        assert isinstance(shown.app.screen, TicketScreen)


async def test_a_field_that_waits_for_verification_is_refused_for_that_reason(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = of(mei, sqlite_desk, verified=False)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        await shown.press("tab")
        await shown.until_words("Mobile number", "verify first")
        await shown.press("r")
        await shown.until(lambda: "verif" in shown.notice.lower())
        assert isinstance(shown.app.screen, TicketScreen)
    assert [one.reason for one in entries(sqlite_desk, Action.REVEAL_REFUSED)] == ["not_verified"]

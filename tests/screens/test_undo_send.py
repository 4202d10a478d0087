"""A reply on screen between ctrl+s and its going: seen, counted down, taken back, sent later."""

import pytest
from textual.widgets import Input, TextArea

from cs_console.casework.conversation import reply
from cs_console.casework.workflow import assign
from cs_console.upkeep import keep_up
from models.contact_fields import Field
from models.enums import Action, DeliveryState
from models.roles import Role
from screens.ticket.compose import ComposeScreen
from screens.ticket.send_later import SendLaterDialog
from screens.ticket.ticket import TicketScreen
from tests.support.consoles import NARROW, SIZES, WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import MadeTicket, make_ticket

WORDS = "Your parcel is on its way."


def holding(test_desk: TestDesk, seconds: int) -> None:
    test_desk.desk.settings = test_desk.desk.settings.model_copy(update={"send_delay": seconds})


async def write(shown: Console, words: str, *keys: str) -> None:
    await shown.press("m")
    await shown.until_on(ComposeScreen)
    screen = shown.app.screen
    assert isinstance(screen, ComposeScreen)
    await shown.until(lambda: bool(screen.typed()) and screen._view is not None, "the draft")
    await shown.type(words)
    await shown.press(*keys)


def mails(test_desk: TestDesk) -> int:
    outbox = test_desk.desk.settings.outbox
    assert outbox is not None
    return len(list(outbox.glob("*.eml")))


@pytest.mark.parametrize("size", SIZES)
async def test_u_brings_a_held_reply_back_into_the_form(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    holding(sqlite_desk, 10)
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei, size) as shown:
        await shown.open_ticket(made.number)
        await write(shown, WORDS, "ctrl+s")
        await shown.until_on(TicketScreen)
        await shown.until_words("It goes out in 10 s. u takes it back until then.", "! goes out in 10 s", WORDS)
        sqlite_desk.clock.forward(seconds=3)
        await shown.until_words("! goes out in 7 s   u takes it back")
        await shown.press("u")
        await shown.until_on(ComposeScreen)
        await shown.until_typed(WORDS)
        await shown.press("escape")
        await shown.until_on(TicketScreen)
        await shown.until(lambda: "! goes out" not in shown.words(), "the line to go")
        assert "goes out" not in shown.notice
        await shown.press("u")
        await shown.until(lambda: "There is no message of yours" in shown.notice, "the reason")
    assert mails(sqlite_desk) == 0
    assert len(recorded(sqlite_desk.desk, Action.MESSAGE_TAKEN_BACK)) == 1


async def test_a_reply_that_no_one_takes_back_goes_out_and_the_ticket_shows_it(sqlite_desk: TestDesk) -> None:
    holding(sqlite_desk, 1)
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei, NARROW) as shown:
        await shown.open_ticket(made.number)
        await write(shown, WORDS, "ctrl+s")
        await shown.until_words("! goes out in 1 s")
        sqlite_desk.clock.forward(seconds=1)
        await shown.until(lambda: mails(sqlite_desk) == 1, "the mail")
        await shown.until(lambda: "! goes out" not in shown.words(), "the ticket as it is now")
        await shown.until_words("waiting")


async def test_it_goes_out_while_the_agent_is_elsewhere(sqlite_desk: TestDesk) -> None:
    holding(sqlite_desk, 1)
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei, NARROW) as shown:
        await shown.open_ticket(made.number)
        await write(shown, WORDS, "ctrl+s")
        await shown.until_on(TicketScreen)
        await shown.press("escape")
        sqlite_desk.clock.forward(seconds=1)
        await shown.until(lambda: mails(sqlite_desk) == 1, "the mail")


async def open_later(shown: Console, made: MadeTicket) -> SendLaterDialog:
    await shown.open_ticket(made.number)
    await write(shown, WORDS, "ctrl+t")
    await shown.until_on(SendLaterDialog)
    assert isinstance(shown.app.screen, SendLaterDialog)
    return shown.app.screen


@pytest.mark.parametrize("size", [*SIZES, (60, 16)])
async def test_a_reply_is_sent_at_an_offered_time(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei, size) as shown:
        await open_later(shown, made)
        await shown.until_words("In 1 hour", "Tomorrow morning", "tomorrow at 08:00")
        await shown.press("down", "enter")
        await shown.until_on(TicketScreen)
        await shown.until(lambda: "It goes out today at" in shown.notice or "tomorrow at" in shown.notice, "the time")
        await shown.until_words("! goes out", "u takes it back", *(["Goes out"] if size == WIDE else []))
    (entry,) = recorded(sqlite_desk.desk, Action.MESSAGE_HELD)
    assert entry.ticket == made.number
    assert mails(sqlite_desk) == 0


async def test_a_typed_time_is_read_back_before_it_is_taken(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei, NARROW) as shown:
        dialog = await open_later(shown, made)
        await shown.press("tab")
        await shown.until(lambda: isinstance(dialog.focused, Input), "the field")
        await shown.type("next purple")
        await shown.until_words("For example: tomorrow 9:00")
        await shown.press("enter")
        await shown.until(lambda: "That time cannot be read." in shown.notice, "what is wrong")
        await shown.press(*["backspace"] * len("next purple"))
        await shown.type("tomorrow 9:15")
        await shown.until_words("Tomorrow at 09:15")
        await shown.press("enter")
        await shown.until_on(TicketScreen)
        await shown.until_words("! goes out tomorrow at 09:15")


async def test_escape_sends_nothing_and_keeps_the_words(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei, NARROW) as shown:
        await open_later(shown, made)
        await shown.press("escape")
        await shown.until_on(ComposeScreen)
        assert shown.app.screen.query_one(TextArea).text == WORDS
    assert recorded(sqlite_desk.desk, Action.MESSAGE_HELD) == []
    assert mails(sqlite_desk) == 0


async def test_a_note_has_no_time_to_go_out_at(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk)
    async with console(sqlite_desk, mei, NARROW) as shown:
        await shown.open_ticket(made.number)
        await shown.press("i")
        await shown.until_on(ComposeScreen)
        await shown.type("A note")
        await shown.press("ctrl+t")
        assert isinstance(shown.app.screen, ComposeScreen)
        assert "Later" not in shown.drawn()


async def test_the_ticket_says_why_a_held_reply_did_not_go_out(sqlite_desk: TestDesk) -> None:
    holding(sqlite_desk, 10)
    mei = sqlite_desk.session("mei", Role.AGENT)
    sqlite_desk.session("ravi", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    assert reply(mei, made.number, 1, made.contact_ids[Field.EMAIL], WORDS) is DeliveryState.HELD
    async with console(sqlite_desk, mei, NARROW) as shown:
        await shown.open_ticket(made.number)
        assign(mei, made.number, 2, "ravi")
        sqlite_desk.clock.forward(seconds=10)
        keep_up(sqlite_desk.desk)
        await shown.press("f5")
        await shown.until_words("! not delivered: the ticket changed hands")

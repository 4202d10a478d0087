"""Where a reply is written: below the conversation, which stays in sight and can be scrolled meanwhile."""

import pytest
from textual._context import visible_screen_stack
from textual.widgets import TextArea

from models.contact_fields import Field
from models.enums import MessageSort, TicketKind
from models.roles import Role
from screens.sign_in.lock import LockScreen
from screens.ticket.compose import ROWS, ComposeScreen
from screens.ticket.conversation import Conversation
from screens.ticket.ticket import TicketScreen
from tests.support.answers import write
from tests.support.consoles import NARROW, SIZES, WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket

LONG = "\n".join(f"line {number} of my letter" for number in range(40))
NEWEST = "line 39 of my letter"
MASK = "a•••@e•••.org"


def in_sight(shown: Console) -> list[str]:
    """Every line that the terminal shows, also of the screens behind the one on top."""
    visible_screen_stack.set(shown.app._background_screens)  # as when it is drawn
    return shown.drawn().splitlines()


async def until_in_sight(shown: Console, *words: str) -> None:
    await shown.until(lambda: all(any(word in line for line in in_sight(shown)) for word in words), " and ".join(words))


async def writing(shown: Console, test_desk: TestDesk, text: str = LONG, key: str = "m") -> TicketScreen:
    mei = shown.app.session
    ticket = await shown.open_ticket(make_ticket(test_desk, assignee=mei, text=text).number)
    await shown.press("end")
    await shown.press(key)
    await shown.until_on(ComposeScreen)
    compose = shown.app.screen
    assert isinstance(compose, ComposeScreen)
    await shown.until(lambda: bool(compose.typed()) and compose._view is not None, "the draft")
    return ticket


@pytest.mark.parametrize("size", SIZES)
async def test_the_newest_message_stays_in_sight_above_what_is_written(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei, size) as shown:
        await writing(shown, sqlite_desk)
        await shown.type("I am writing.")
        await until_in_sight(shown, NEWEST, "I am writing.", MASK)
        lines = in_sight(shown)
        at = next(number for number, line in enumerate(lines) if line.lstrip().startswith("Reply"))
        assert len(lines) - at == ROWS + 1  # and the keys
        assert NEWEST in "".join(lines[:at])
        assert any("Contacts" in line for line in lines) is (size == WIDE)
        assert not any("alice@example.org" in line for line in lines)


async def test_ctrl_up_scrolls_the_conversation_and_the_cursor_stays_in_the_text(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei, NARROW) as shown:
        await writing(shown, sqlite_desk)
        await shown.type("one ")
        await until_in_sight(shown, NEWEST)
        await shown.press(*["ctrl+up"] * 20)
        await until_in_sight(shown, "line 0 of my letter", "one ")
        await shown.type("two")
        await shown.until_typed("one two")
        await shown.press(*["ctrl+down"] * 20)
        await until_in_sight(shown, NEWEST)


async def test_it_grows_with_the_text_up_to_half_of_the_screen(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei, WIDE) as shown:
        ticket = await writing(shown, sqlite_desk)
        area = shown.app.screen.query_one(TextArea)
        body = shown.app.screen.query_one("#body")
        for lines, rows in ((2, ROWS), (9, 12), (60, 17), (1, ROWS)):
            area.load_text("\n".join(["word"] * lines))
            await shown.until(lambda rows=rows: body.size.height == rows, f"{rows} rows")  # type: ignore[misc]
            room = ticket.query_one(Conversation).styles.margin.bottom
            assert room == rows
        await until_in_sight(shown, NEWEST)


async def test_a_message_that_comes_in_meanwhile_is_shown_above(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei, NARROW) as shown:
        ticket = await writing(shown, sqlite_desk)
        await shown.type("I am writing.")
        write(sqlite_desk, ticket.ticket.number, "One thing more.")
        shown.app._refresh()  # what runs every ten seconds
        await until_in_sight(shown, "One thing more.", "I am writing.")


@pytest.mark.parametrize("end", ["escape", "ctrl+s"])
async def test_the_conversation_has_its_rows_back_afterwards(sqlite_desk: TestDesk, end: str) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei, NARROW) as shown:
        ticket = await writing(shown, sqlite_desk, key="i")
        before = ticket.query_one(Conversation).size.height
        await shown.type("A note.")
        await shown.press(end)
        await shown.until_on(TicketScreen)
        await shown.until(lambda: ticket.query_one(Conversation).size.height > before, "the rows")
        assert ticket.query_one("#strip").display


@pytest.mark.parametrize("size", [(60, 16), NARROW])
async def test_a_terminal_too_low_for_both_shows_what_is_written_alone(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei, size) as shown:
        await writing(shown, sqlite_desk)
        await until_in_sight(shown, MASK, "send")
        alone = size != NARROW
        assert any("of my letter" in line for line in in_sight(shown)) is not alone
        assert any("conversation" in line for line in in_sight(shown)) is not alone  # a key of no use


async def test_the_lock_hides_the_conversation_behind_a_reply_too(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei, NARROW) as shown:
        await writing(shown, sqlite_desk)
        await until_in_sight(shown, NEWEST)
        await shown.press("ctrl+l")
        await shown.until_on(LockScreen)
        await until_in_sight(shown, "Locked")
        assert not any("of my letter" in line or MASK in line for line in in_sight(shown))


async def test_a_value_is_hidden_before_a_reply_is_written(sqlite_desk: TestDesk) -> None:
    """What is behind is seen now: it must not be a value."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    contacts = {Field.MOBILE: "+8613800138000", Field.EMAIL: "alice@example.org"}
    made = make_ticket(sqlite_desk, kind=TicketKind.APPEAL, assignee=mei, contacts=contacts, verified=True)
    async with console(sqlite_desk, mei, WIDE) as shown:
        ticket = await shown.open_ticket(made.number)
        await shown.press("tab", "r")
        await shown.until_words("Why do you need it?")
        await shown.press("enter")
        await shown.until(lambda: ticket.shows_value, "the value")
        await shown.press("i")
        await shown.until_on(ComposeScreen)
        assert not ticket.shows_value


async def test_a_reply_says_when_it_goes_out_and_a_note_that_it_does_not(sqlite_desk: TestDesk) -> None:
    sqlite_desk.desk.settings = sqlite_desk.desk.settings.model_copy(update={"send_delay": 10})
    mei = sqlite_desk.session("mei", Role.AGENT)
    number = make_ticket(sqlite_desk, assignee=mei).number
    async with console(sqlite_desk, mei, NARROW) as shown:
        for sort, words in ((MessageSort.REPLY, "after 10 s"), (MessageSort.NOTE, "nothing is sent")):
            await shown.open(ComposeScreen(number, sort))
            await shown.until_words(words)
            await shown.press("escape")

"""A ticket by hand: for calls and letters, with or without a contact, nothing lost on a refusal."""

import json

import pytest
from textual.events import Paste
from textual.widgets import Input, Select, TextArea

from cs_console.casework.conversation import open_ticket
from cs_console.custody.drafts import save_draft
from models.contact_fields import Field
from models.enums import Channel, TicketKind
from models.roles import Role
from screens.queue.new_ticket import PLACE, NewTicketScreen
from screens.queue.queue import QueueScreen
from screens.ticket.ticket import TicketScreen
from tests.support.consoles import SIZES, WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.drafts import load_draft


async def filling(shown: Console) -> NewTicketScreen:
    await shown.press("n")
    await shown.until_on(NewTicketScreen)
    screen = shown.app.screen
    assert isinstance(screen, NewTicketScreen)
    await shown.until(lambda: bool(screen.typed()))
    return screen


async def write(shown: Console, screen: NewTicketScreen, **lines: str) -> None:
    for name, words in lines.items():
        field = screen.query_one("#text", TextArea) if name == "text" else screen.query_one(f"#{name}", Input)
        field.focus()
        await shown.pilot.pause()
        await shown.type(words)


@pytest.mark.parametrize("size", [WIDE])
async def test_a_call_becomes_a_ticket_of_one_s_own(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei, size) as shown:
        screen = await filling(shown)
        screen.query_one("#kind", Select).value = TicketKind.COMPLAINT.value
        await write(shown, screen, subject="Parcel lost", text="It never came")
        screen._contact(Field.MOBILE).value = "+86 138 0013 8000"
        await shown.press("ctrl+s")
        await shown.until_on(TicketScreen)
        ticket = shown.app.screen
        assert isinstance(ticket, TicketScreen)
        await shown.until(lambda: ticket.view is not None)
        view = ticket.view
        assert view is not None and view.mine
        assert (view.kind, view.channel, view.subject) == (TicketKind.COMPLAINT, Channel.CALL, "Parcel lost")
        assert [one.field for one in view.contacts] == [Field.MOBILE]
        assert shown.notice == f"#{view.number} was opened and assigned to you.", "it is said where it can be seen"
    assert load_draft(mei, PLACE) == ""


async def test_nobody_has_to_leave_a_contact(sqlite_desk: TestDesk) -> None:
    """Policy I.(1)3: then feedback may be delayed."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        screen = await filling(shown)
        await write(shown, screen, subject="A word")
        await shown.press("ctrl+s")
        await shown.until_on(TicketScreen)
        ticket = shown.app.screen
        assert isinstance(ticket, TicketScreen)
        await shown.until(lambda: ticket.view is not None)
        await shown.until_words(sqlite_desk.desk.packs.current.texts.feedback_delayed)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("line", "typed", "words"),
    [
        ("contact-mobile", "12", "not a usable phone number"),
        ("contact-email", "alice@", "not a usable address"),
        ("received", "soon", "not a day"),
    ],
)
async def test_a_contact_that_cannot_be_used_is_named_at_its_line(
    sqlite_desk: TestDesk, size: tuple[int, int], line: str, typed: str, words: str
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei, size) as shown:
        screen = await filling(shown)
        await write(shown, screen, subject="Parcel lost", text="It never came", **{line: typed})
        await shown.press("ctrl+s")
        await shown.until_words(words)
        assert screen.focused is screen.query_one(f"#{line}")
        assert screen.query_one("#subject", Input).value == "Parcel lost"
        assert screen.query_one(TextArea).text == "It never came"
        await shown.until(lambda: words in shown.drawn().replace("\n", " ") or words[:20] in shown.drawn())


async def test_what_was_typed_comes_back(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        screen = await filling(shown)
        screen.query_one("#channel", Select).value = Channel.LETTER.value
        await write(shown, screen, subject="Parcel lost", text="It never")
        await shown.press("escape")
        await shown.until_on(QueueScreen)
        again = await filling(shown)
        await shown.until(lambda: again.query_one("#subject", Input).value == "Parcel lost")
        assert again.query_one(TextArea).text == "It never"
        assert again.query_one("#channel", Select).value == Channel.LETTER.value


async def test_an_empty_form_says_so(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        await filling(shown)
        await shown.press("ctrl+s")
        await shown.until(lambda: "Subject and text are both empty." in shown.notice)


@pytest.mark.parametrize("draft", ["{", "[]", '{"lines": 1}', "null"])
async def test_a_draft_that_cannot_be_read_is_left_out(sqlite_desk: TestDesk, draft: str) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    save_draft(mei, PLACE, draft)
    async with console(sqlite_desk, mei) as shown:
        screen = await filling(shown)
        await shown.until(lambda: "could not be read" in shown.notice)
        assert screen.query_one("#kind", Select).value == TicketKind.INQUIRY.value


async def test_a_hostile_paste_is_only_letters(sqlite_desk: TestDesk) -> None:
    """ASVS 1.2.4, 1.3.3."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        screen = await filling(shown)
        for field in (screen.query_one("#subject", Input), screen.query_one(TextArea)):
            field.focus()
            await shown.pilot.pause()
            shown.app.post_message(Paste("[/x]\x1b]52;c;aGk=\x07[@click=app.quit]\u202e"))
            await shown.until(lambda: "[@click=app.quit]" in json.dumps(screen.draft()))
        assert not {"\x1b", "\x07", "\u202e"} & set(screen.draft() + shown.drawn())
        await shown.press("ctrl+s")
        await shown.until_on(TicketScreen)
        await shown.until_words("[@click=app.quit]")
        assert not {"\x1b", "\x07", "\u202e"} & set(shown.drawn())
        ticket = shown.app.screen
        assert isinstance(ticket, TicketScreen)
        assert open_ticket(mei, ticket.ticket.number).mine


async def test_what_was_wrong_is_not_said_of_what_is_typed_now(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        screen = await filling(shown)
        await shown.press("ctrl+s")
        await shown.until_words("Subject and text are both empty")
        await write(shown, screen, subject="Parcel lost")
        await shown.until(lambda: "Subject and text are both empty" not in shown.words())
        screen._contact(Field.MOBILE).value = "12"
        await shown.press("ctrl+s")
        await shown.until_words("not a usable phone number")
        screen._contact(Field.MOBILE).value = "+86 138 0013 8000"
        await shown.until(lambda: "not a usable phone number" not in shown.words())


async def test_pasted_lines_stay_lines(sqlite_desk: TestDesk) -> None:
    """A terminal sends the end of a pasted line as Enter does."""
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        screen = await filling(shown)
        screen.query_one(TextArea).focus()
        await shown.pilot.pause()
        shown.app.post_message(Paste("one\rtwo\r\nthree\n"))
        await shown.until(lambda: "three" in screen.query_one(TextArea).text)
        assert screen.query_one(TextArea).text == "one\ntwo\nthree\n"

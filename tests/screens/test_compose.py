"""Writing replies and notes: the address never shown, the draft never lost."""

import pytest
from sqlalchemy import select
from textual.events import Paste
from textual.widgets import Select, TextArea

from cs_console.casework import workflow
from cs_console.decisions.approval import withdraw
from models.contact_fields import Field
from models.draft import Draft
from models.enums import Action, MessageSort, TicketKind, TicketState
from models.roles import Role
from screens.ticket.compose import ComposeScreen
from screens.ticket.ticket import TicketScreen
from tests.decisions.cases import person, propose, refusal, request
from tests.support.consoles import WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.drafts import load_draft
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket

ADDRESS = "alice@example.org"
WORDS = "Your account is open again."


async def writing(shown: Console, key: str) -> TextArea:
    await shown.press(key)
    await shown.until_on(ComposeScreen)
    screen = shown.app.screen
    assert isinstance(screen, ComposeScreen)
    await shown.until(lambda: bool(screen.typed()) and screen._view is not None, "the draft")
    return screen.query_one(TextArea)


def drafts(test_desk: TestDesk) -> int:
    with test_desk.desk.database.reading() as db:
        return len(db.scalars(select(Draft)).all())


@pytest.mark.parametrize("size", [WIDE])
async def test_a_reply_goes_out_to_an_address_that_is_never_shown(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei, size) as shown:
        await shown.open_ticket(made.number)
        await writing(shown, "m")
        await shown.type(WORDS)
        assert ADDRESS not in shown.drawn()
        await shown.press("ctrl+s")
        await shown.until(lambda: "Sent." in shown.notice)
        await shown.until_words(WORDS)
        assert ADDRESS not in shown.drawn()
    outbox = sqlite_desk.desk.settings.outbox
    assert outbox is not None
    assert [file.suffix for file in outbox.iterdir()] == [".eml"]
    assert len(recorded(sqlite_desk.desk, Action.MESSAGE_SENT)) == 1


async def test_a_reply_prefers_the_channel_the_requester_came_by(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    contacts = {Field.MOBILE: "+8613800138000", Field.EMAIL: ADDRESS, Field.NAME: "Li Na"}
    made = make_ticket(sqlite_desk, assignee=mei, contacts=contacts)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        await writing(shown, "m")
        assert shown.app.screen.query_one("#contact", Select).value == made.contact_ids[Field.EMAIL]


async def test_a_note_stays_on_the_desk(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        await writing(shown, "i")
        await shown.type("call after six")
        await shown.press("ctrl+s")
        await shown.until_words("you, note", "call after six")
    assert not recorded(sqlite_desk.desk, Action.MESSAGE_SENT)
    assert len(recorded(sqlite_desk.desk, Action.NOTE_ADDED)) == 1
    assert drafts(sqlite_desk) == 0


@pytest.mark.parametrize("key", ["m", "i"])
async def test_a_draft_survives_leaving_and_is_gone_after_sending(sqlite_desk: TestDesk, key: str) -> None:
    """Invariant 9; ASVS 14.2.6."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        await writing(shown, key)
        await shown.type("half a sentence")
        await shown.press("escape")
        await shown.until_on(TicketScreen)
        area = await writing(shown, key)
        await shown.until(lambda: area.text == "half a sentence")
        await shown.press("ctrl+s")
        await shown.until_on(TicketScreen)
        await shown.until(lambda: drafts(sqlite_desk) == 0, "the draft to go")


async def test_typing_is_saved_without_a_key_being_pressed(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        await writing(shown, "m")
        await shown.type("no one presses save")
        place = f"{MessageSort.REPLY.value}:{made.number}"
        await shown.until(lambda: load_draft(mei, place, made.number) == "no one presses save", "the draft")


async def test_a_reply_on_somebody_elses_ticket_is_refused_and_kept(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        area = await writing(shown, "m")
        await shown.type("hello")
        await shown.press("ctrl+s")
        await shown.until(lambda: "This ticket is not assigned to you." in shown.notice)
        assert area.text == "hello"


async def test_a_change_elsewhere_keeps_the_words_and_the_second_try_sends_them(sqlite_desk: TestDesk) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        screen = await shown.open_ticket(made.number)
        area = await writing(shown, "m")
        await shown.type("hello")
        assert screen.view is not None
        workflow.set_kind(sara, made.number, screen.view.version, TicketKind.COMPLAINT)
        await shown.press("ctrl+s")
        await shown.until(lambda: "Someone else changed" in shown.notice)
        assert area.text == "hello"
        compose = shown.app.screen
        assert isinstance(compose, ComposeScreen)
        await shown.until(lambda: compose._view is not None and compose._view.kind is TicketKind.COMPLAINT)
        await shown.press("ctrl+s")
        await shown.until_on(TicketScreen)


async def test_hostile_masks_and_pastes_are_only_letters(sqlite_desk: TestDesk) -> None:
    """ASVS 1.2.4, 1.3.3."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(
        sqlite_desk, assignee=mei, subject="[/x][@click=app.quit]go[/] \x1b[2J", contacts={Field.EMAIL: "[/x]@[bell]"}
    )
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        area = await writing(shown, "m")
        shown.app.post_message(Paste("\x1b]52;c;aGk=\x07[@click=app.quit]\u202e"))
        await shown.until(lambda: "[@click=app.quit]" in area.text)
        assert not {"\x1b", "\x07", "\u202e"} & set(area.text)
        await shown.press("shift+tab", "enter")
        await shown.pilot.pause()
        assert not {"\x1b", "\x07", "\u202e"} & set(shown.drawn())


async def test_m_says_at_once_that_a_proposal_must_be_withdrawn_first(sqlite_desk: TestDesk) -> None:
    mei = person(sqlite_desk, "mei", Role.AGENT)
    made = request(sqlite_desk, mei)
    decision_id = propose(mei, made.number, 1, refusal("D2", sqlite_desk.clock.now())).decision_id
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        await shown.press("m")
        await shown.until(lambda: "Withdraw the proposal before you write" in shown.notice)
        ticket = shown.app.screen
        assert isinstance(ticket, TicketScreen)
        withdraw(mei, decision_id)
        await shown.press("m")  # what is on screen may be old: it is read again, and the next key knows
        await shown.until(lambda: ticket.view is not None and ticket.view.state is TicketState.VERIFIED, "it as it is")
        await writing(shown, "m")

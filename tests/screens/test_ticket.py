"""The ticket screen: opened on record, redacted, revealed for a moment, changed by others meanwhile."""

import re

import pytest
from rich.cells import cell_len
from sqlalchemy import select
from sqlmodel import col
from textual.widgets import TextArea

from cs_console.casework import workflow
from cs_console.desk import DeskSession
from models.contact_fields import Field
from models.enums import Action, TicketKind
from models.log import LogEntry
from models.roles import Role
from screens.frame.text_dialog import WordsDialog
from screens.ticket.conversation import Conversation
from screens.ticket.facts import Facts
from screens.ticket.ticket import TicketScreen
from screens.widgets.choice_list import ChoiceList
from tests.support.consoles import NARROW, SIZES, Console, console, words_of
from tests.support.desk import TestDesk
from tests.support.tickets import MadeTicket, make_ticket

HOSTILE = "[/x] [@click=app.quit]press[/] \x1b]52;c;aGk=\x07\x1b[2J \u202egnp.exe [ @click=app.quit]"
PHONE = "+8613800138000"
SPOKEN = "+86 138 0013 8000"
"""How it stands on the screen."""


def entries(test_desk: TestDesk, action: Action) -> list[LogEntry]:
    with test_desk.desk.database.reading() as db:
        return list(db.scalars(select(LogEntry).where(col(LogEntry.action) == action.value)))


def appeal(
    test_desk: TestDesk, mei: DeskSession, *, verified: bool = True, text: str = "Please unlock it."
) -> MadeTicket:
    return make_ticket(
        test_desk,
        kind=TicketKind.APPEAL,
        assignee=mei,
        text=text,
        contacts={Field.MOBILE: PHONE, Field.EMAIL: "alice@example.org"},
        verified=verified,
    )


async def opened(shown: Console, number: int) -> TicketScreen:
    screen = await shown.open_ticket(number)
    await shown.pilot.pause()
    return screen


@pytest.mark.parametrize("size", SIZES)
async def test_opening_a_ticket_is_recorded_once_and_shows_it_redacted(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = appeal(sqlite_desk, mei, text=f"Call me at {PHONE} please.")
    async with console(sqlite_desk, mei, size) as shown:
        screen = await opened(shown, made.number)
        screen.refresh_now()
        await shown.until_words("Call me at", "[mobile]")
        assert PHONE not in shown.words()
    assert [entry.ticket for entry in entries(sqlite_desk, Action.TICKET_OPENED)] == [made.number]


async def test_at_80_columns_one_side_shows_at_a_time_and_tab_switches(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = appeal(sqlite_desk, mei)
    async with console(sqlite_desk, mei, (80, 24)) as shown:
        await opened(shown, made.number)
        await shown.until_words("Please unlock it.")
        assert "Verified" not in shown.words()
        await shown.press("tab")
        await shown.until_words("Verified", "Clock", "Settled")
        assert "Please unlock it." not in shown.words()
        await shown.press("tab")
        await shown.until_words("Please unlock it.")


async def test_at_120_columns_both_sides_stand_beside_each_other(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = appeal(sqlite_desk, mei)
    async with console(sqlite_desk, mei, (120, 34)) as shown:
        await opened(shown, made.number)
        await shown.until_words("Please unlock it.", "Verified", "Clock", "Settled")


@pytest.mark.parametrize("size", [NARROW])
async def test_hostile_words_are_only_letters(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    """ASVS 1.2.4, 1.3.3."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(
        sqlite_desk,
        assignee=mei,
        subject=HOSTILE,
        text=HOSTILE * 3,
        contacts={
            Field.EMAIL: "alice@example.org",
            Field.NAME: "[/b] \x1b[2JEve",
            Field.NICKNAME: "[@click=app.bell]\x9b1m",
        },
    )
    async with console(sqlite_desk, mei, size) as shown:
        await opened(shown, made.number)
        await shown.press("tab")
        await shown.press("r")
        await shown.pilot.pause()
        assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(shown.drawn())
        await shown.press("escape", "tab")
        await shown.until_words("[@click=app.quit]")
        clicked = 0
        for at, line in enumerate(shown.drawn().splitlines()):
            for token in re.finditer(r"@click|press", line):
                await shown.pilot.click(offset=(cell_len(line[: token.start()]), at))
                clicked += 1
        assert clicked
        assert shown.app.is_running
        assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(shown.drawn())


# --- revealing


async def reveal_mobile(shown: Console) -> None:
    await shown.press("tab")
    await shown.until_words("Mobile number")
    await shown.press("r")
    await shown.until_words("Why do you need it?")
    await shown.press("enter")


@pytest.mark.parametrize("size", SIZES)
async def test_a_value_stands_in_its_place_and_is_gone_after_escape(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = appeal(sqlite_desk, mei)
    async with console(sqlite_desk, mei, size) as shown:
        screen = await opened(shown, made.number)
        await reveal_mobile(shown)
        await shown.until_words(SPOKEN, "hidden in")
        assert len(entries(sqlite_desk, Action.FIELD_REVEALED)) == 1
        await shown.press("escape")
        await shown.until(lambda: not screen.shows_value)
        await shown.until(lambda: bool(entries(sqlite_desk, Action.VIEW_ENDED)), "the end of the view")
        assert SPOKEN not in shown.words()
        assert SPOKEN not in shown.drawn()
        assert screen.query_one(Facts).value is None
        assert SPOKEN not in repr(vars(screen))
        assert isinstance(shown.app.screen, TicketScreen)  # the first Escape only hides
    ended = entries(sqlite_desk, Action.VIEW_ENDED)[0]
    assert ended.seconds is not None and 0 <= ended.seconds <= 30


async def test_a_value_hides_by_itself_when_its_time_is_over(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = appeal(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        screen = await opened(shown, made.number)
        await reveal_mobile(shown)
        await shown.until_words(SPOKEN)
        sqlite_desk.clock.forward(seconds=29)
        await shown.until_words("hidden in 1 s")
        sqlite_desk.clock.forward(seconds=2)
        await shown.until(lambda: not screen.shows_value)
        assert SPOKEN not in shown.words()
        await shown.until(lambda: bool(entries(sqlite_desk, Action.VIEW_ENDED)))
    assert entries(sqlite_desk, Action.VIEW_ENDED)[0].seconds == 30


@pytest.mark.parametrize("key", ["ctrl+l", "f1", "m", "g", "ctrl+o"])
async def test_a_value_hides_when_anything_comes_on_top(sqlite_desk: TestDesk, key: str) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = appeal(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        screen = await opened(shown, made.number)
        await reveal_mobile(shown)
        await shown.until_words(SPOKEN)
        await shown.press(key)
        await shown.until(lambda: bool(entries(sqlite_desk, Action.VIEW_ENDED)), "the end of the view")
        assert not screen.shows_value
        assert all(SPOKEN not in words_of(widget) for one in shown.app.screen_stack for widget in one.query("*"))
        assert SPOKEN not in shown.drawn()
    ended = entries(sqlite_desk, Action.VIEW_ENDED)
    assert len(ended) == 1 and ended[0].seconds is not None and ended[0].seconds < 30  # not its own time's end


async def test_quitting_ends_the_view_on_record(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = appeal(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        await opened(shown, made.number)
        await reveal_mobile(shown)
        await shown.until_words(SPOKEN)
        await shown.press("ctrl+q")
        await shown.until(lambda: bool(entries(sqlite_desk, Action.VIEW_ENDED)))


async def test_a_message_is_revealed_in_the_conversation(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = appeal(sqlite_desk, mei, text=f"Call me at {PHONE} please.")
    async with console(sqlite_desk, mei) as shown:
        await opened(shown, made.number)
        await shown.press("r")
        await shown.until_words("Why do you need it?")
        await shown.press("enter")
        await shown.until_words(f"Call me at {PHONE} please.")
        assert entries(sqlite_desk, Action.FIELD_REVEALED)[0].fields == "message"


async def test_a_reveal_without_claim_is_refused_in_the_services_words(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, kind=TicketKind.APPEAL, contacts={Field.MOBILE: PHONE}, verified=True)
    async with console(sqlite_desk, mei) as shown:
        await opened(shown, made.number)
        await shown.press("tab")
        await shown.until_words("Mobile number")
        await shown.press("r")  # and is asked nothing first
        await shown.until(lambda: "This ticket is not assigned to you." in shown.notice)
        assert SPOKEN not in shown.words()
        assert PHONE not in shown.words()
    refused = entries(sqlite_desk, Action.REVEAL_REFUSED)
    assert [one.reason for one in refused] == ["not_assigned"]


async def test_a_field_that_is_not_needed_is_refused_and_recorded(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    contacts = {Field.ADDRESS: "1 High Street, Leeds", Field.EMAIL: "alice@example.org"}
    made = make_ticket(sqlite_desk, kind=TicketKind.REPORT, assignee=mei, verified=True, contacts=contacts)
    async with console(sqlite_desk, mei) as shown:
        screen = await opened(shown, made.number)
        await shown.press("tab")
        await shown.until_words("Postal address", "not needed here")
        key = f"field:{Field.ADDRESS.value}:{made.contact_ids[Field.ADDRESS]}"
        facts = screen.query_one(Facts)
        await shown.until(lambda: facts.current is not None)
        while facts.current is not None and facts.current.key != key:
            await shown.press("down")
        await shown.press("r")
        await shown.until(lambda: "not needed for this kind of ticket" in shown.notice)
    assert [one.reason for one in entries(sqlite_desk, Action.REVEAL_REFUSED)] == ["field_not_allowed"]


# --- changing


@pytest.mark.core
async def test_a_ticket_is_claimed_by_its_key(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        screen = await opened(shown, made.number)
        await shown.press("c")
        await shown.until(lambda: screen.view is not None and screen.view.mine)
        assert f"#{made.number} is assigned to you." in shown.notice


async def test_a_second_console_that_was_faster_is_named(sqlite_desk: TestDesk) -> None:
    mei, ravi = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("ravi", Role.AGENT)
    made = make_ticket(sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        await opened(shown, made.number)
        workflow.claim(ravi, made.number)
        await shown.press("c")
        await shown.until(lambda: "ravi has just claimed" in shown.notice)


async def test_a_change_elsewhere_is_said_and_the_ticket_read_again(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    sara = sqlite_desk.session("sara", Role.SUPERVISOR)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        screen = await opened(shown, made.number)
        assert screen.view is not None
        kind_before, version = screen.view.kind, screen.view.version
        await shown.press("s")
        await shown.until_words(f"Move #{made.number} to which state?")
        workflow.set_kind(sara, made.number, version, TicketKind.COMPLAINT)
        await shown.press("enter")
        await shown.until(lambda: "Someone else changed" in shown.notice)
        await shown.until(lambda: screen.view is not None and screen.view.kind is TicketKind.COMPLAINT)
        assert kind_before is not TicketKind.COMPLAINT


async def test_state_priority_and_kind_are_chosen_from_lists(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        screen = await opened(shown, made.number)
        await shown.press("p")
        await shown.until_words("How urgent is")
        await shown.press("enter")
        await shown.until(lambda: screen.view is not None and screen.view.priority.name == "URGENT")
        await shown.press("s")
        await shown.until_words("to which state?")
        await shown.press("escape")
        await shown.until_on(TicketScreen)
        await shown.press("t")
        await shown.until_words("What kind of ticket is #")
        await shown.press("j", "enter")
        await shown.until(lambda: screen.view is not None and screen.view.kind is not TicketKind.INQUIRY)


async def test_a_contact_is_added_without_becoming_one_on_file(sqlite_desk: TestDesk) -> None:
    """Policy V.1; a bad one is refused in the service's words and can be corrected."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei, verified=True)
    async with console(sqlite_desk, mei) as shown:
        screen = await opened(shown, made.number)
        for typed, done in (("12", False), ("+86 138 0013 8000", True)):
            await shown.press("e")
            await shown.until_words("Add: mobile")
            choices = shown.app.screen.query_one(ChoiceList)
            choices.highlighted = choices.get_option_index("add:mobile")
            await shown.press("enter")
            await shown.until_on(WordsDialog)
            area = shown.app.screen.query_one(TextArea)
            await shown.until_typed("12" if done else "")  # what was refused is still there
            area.clear()
            await shown.type(typed)
            await shown.press("ctrl+s")
            await shown.until_on(TicketScreen)
            await shown.until_words("The contact was saved" if done else "not a usable mobile")
        await shown.until(lambda: screen.view is not None and len(screen.view.fields) == 2)
        await shown.press("tab")
        await shown.until_words("unconfirmed")
    assert len(entries(sqlite_desk, Action.CONTACT_CHANGED)) == 1


async def test_a_ticket_is_handed_on_and_given_back(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    sqlite_desk.session("ravi", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        screen = await opened(shown, made.number)
        await shown.press("U")
        await shown.until(lambda: screen.view is not None and screen.view.assignee is None)
        await shown.press("c")
        await shown.until(lambda: screen.view is not None and screen.view.mine)
        await shown.press("a")
        await shown.until_words("Who takes")
        await shown.press("enter")
        await shown.until(lambda: screen.view is not None and screen.view.assignee == "ravi")
        await shown.press("a")
        await shown.until_words("Who takes")
        await shown.press("enter")
        await shown.until(lambda: "This ticket is not assigned to you." in shown.notice)


async def test_leaving_while_a_ticket_is_being_built_is_no_crash(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MountError ended the console with a report: ctrl+q came between two steps of drawing a ticket."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:

        def left(_conversation: Conversation, *_lines: object, **_names: object) -> None:
            shown.app.exit()

        monkeypatch.setattr(Conversation, "show", left)
        shown.app.push_screen(TicketScreen(made.number))
        await shown.until(lambda: shown.app._exit, "the end")
    assert not shown.app.return_code
    assert list(sqlite_desk.desk.settings.home.glob("crash-*")) == []


@pytest.mark.parametrize("verified", [True, False])
async def test_a_reveal_is_offered_where_something_can_be_shown(sqlite_desk: TestDesk, *, verified: bool) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    contacts = {Field.MOBILE: "+8613800000001"}
    made = make_ticket(sqlite_desk, assignee=mei, contacts=contacts, kind=TicketKind.RIGHTS, verified=verified)
    async with console(sqlite_desk, mei) as shown:
        await opened(shown, made.number)
        await shown.until(lambda: ("Reveal" in shown.offered()) is verified)
        assert "Reply" in shown.offered()

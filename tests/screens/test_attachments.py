"""Files on the screens: opened with a purpose, gone with their screen, attached to replies."""

import asyncio
from pathlib import Path
from threading import Event

import pytest
from textual.widgets import DataTable, TextArea

from cs_console.casework.attachments import OpenedFile
from cs_console.casework.attachments import open_attachment as really_open
from cs_console.desk import DeskSession
from cs_console.errors import NotVerified
from models.enums import Action, TicketKind
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.frame.help import HelpScreen
from screens.sign_in.lock import LockScreen
from screens.ticket import attachment
from screens.ticket.attach_file import PathDialog
from screens.ticket.attachment import AttachmentScreen
from screens.ticket.compose import ComposeScreen
from screens.ticket.ticket import TicketScreen
from screens.verification.verify import VerifyScreen
from tests.support.consoles import NARROW, SIZES, WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.stored import entries
from tests.support.tickets import MadeTicket, attach, make_ticket

SECRET = "The canary sings at noon."
SMALL = (60, 16)
HOSTILE_TABLE = b"name,note\n[@click=app.quit]press[/],\x1b[2J\x1b]52;c;eA==\x07\n[/b],\xe2\x80\xaeevil\n"


def with_file(
    test_desk: TestDesk, content: bytes = SECRET.encode(), name: str = "letter.txt", *, verified: bool = True
) -> tuple[DeskSession, MadeTicket]:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei, verified=verified)
    attach(test_desk, made, name, "text/plain", content, len(content))
    return mei, made


async def chosen(shown: Console, number: int) -> None:
    """Open the ticket and choose its first file."""
    await shown.open_ticket(number)
    await shown.press("f")
    await shown.until_words("Which file do you need to see?")
    await shown.press("enter")


async def opened(shown: Console, number: int, words: str = SECRET) -> AttachmentScreen:
    await chosen(shown, number)
    await shown.until_words("Why do you need it?")
    await shown.press("enter")
    await shown.until_on(AttachmentScreen)
    await shown.until_words(words)
    screen = shown.app.screen
    assert isinstance(screen, AttachmentScreen)
    return screen


def is_nowhere(shown: Console, words: str = SECRET) -> bool:
    return words not in shown.drawn() and words not in shown.words()


@pytest.mark.parametrize("size", [*SIZES, SMALL])
async def test_a_file_is_shown_after_its_record_and_gone_after_escape(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei, made = with_file(sqlite_desk)
    async with console(sqlite_desk, mei, size) as shown:
        await opened(shown, made.number)
        assert SECRET in shown.drawn()
        assert "this view is recorded" in shown.drawn()
        assert len(recorded(sqlite_desk.desk, Action.ATTACHMENT_OPENED)) == 1
        sqlite_desk.clock.forward(seconds=90)
        await shown.press("escape")
        await shown.until_on(TicketScreen)
        await shown.until(lambda: bool(recorded(sqlite_desk.desk, Action.VIEW_ENDED)), "the end of the view")
        assert is_nowhere(shown)
    [ended] = entries(sqlite_desk.desk, Action.VIEW_ENDED)
    assert ended.seconds is not None and 90 <= ended.seconds < 130


async def test_the_lock_closes_a_file_and_unlocking_does_not_bring_it_back(sqlite_desk: TestDesk) -> None:
    mei, made = with_file(sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        screen = await opened(shown, made.number)
        await shown.press("ctrl+l")
        await shown.until_on(LockScreen)
        await shown.until(lambda: bool(recorded(sqlite_desk.desk, Action.VIEW_ENDED)), "the end of the view")
        assert not screen.shows_value
        assert SECRET not in repr(vars(screen))
        shown.app.unlocked()
        await shown.until_on(TicketScreen)
        await shown.until(lambda: "The file was closed." in shown.notice)
        assert is_nowhere(shown)
    assert len(recorded(sqlite_desk.desk, Action.ATTACHMENT_OPENED)) == 1


@pytest.mark.parametrize("key", ["g", "ctrl+o", "ctrl+q"])
async def test_leaving_ends_the_view(sqlite_desk: TestDesk, key: str) -> None:
    mei, made = with_file(sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        await opened(shown, made.number)
        await shown.press(key)
        if key == "g":
            await shown.press("q")
        await shown.until(lambda: bool(recorded(sqlite_desk.desk, Action.VIEW_ENDED)), "the end of the view")


async def test_a_screen_that_is_taken_away_ends_the_view(sqlite_desk: TestDesk) -> None:
    mei, made = with_file(sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        await opened(shown, made.number)
        shown.app.pop_screen()
        await shown.until_on(TicketScreen)
        await shown.until(lambda: bool(recorded(sqlite_desk.desk, Action.VIEW_ENDED)), "the end of the view")


async def test_help_lies_on_top_and_the_file_is_still_there(sqlite_desk: TestDesk) -> None:
    mei, made = with_file(sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        await opened(shown, made.number)
        await shown.press("question_mark")
        await shown.until_on(HelpScreen)
        assert SECRET not in shown.drawn()
        await shown.press("escape")
        await shown.until_on(AttachmentScreen)
        await shown.until_words(SECRET)
    assert len(recorded(sqlite_desk.desk, Action.ATTACHMENT_OPENED)) == 1


async def test_a_file_that_comes_after_the_lock_is_never_shown(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei, made = with_file(sqlite_desk)
    asked, may_answer = Event(), Event()

    def slowly(session: DeskSession, number: int, file: str, purpose: str) -> OpenedFile:
        asked.set()
        may_answer.wait(20)
        return really_open(session, number, file, purpose)

    monkeypatch.setattr(attachment, "open_attachment", slowly)
    async with console(sqlite_desk, mei) as shown:
        await chosen(shown, made.number)
        await shown.until_words("Why do you need it?")
        await shown.press("enter")
        await asyncio.to_thread(asked.wait, 20)
        await shown.press("ctrl+l")
        await shown.until_on(LockScreen)
        may_answer.set()
        await shown.until(lambda: bool(recorded(sqlite_desk.desk, Action.VIEW_ENDED)), "the end of the view")
        shown.app.unlocked()
        await shown.until_on(TicketScreen)
        assert is_nowhere(shown)
    assert entries(sqlite_desk.desk, Action.VIEW_ENDED)[0].seconds == 0


async def test_what_is_refused_is_said_on_the_ticket_and_recorded(sqlite_desk: TestDesk) -> None:
    mei, made = with_file(sqlite_desk, verified=False)
    async with console(sqlite_desk, mei) as shown:
        await chosen(shown, made.number)  # nothing is asked that would be refused
        await shown.until(lambda: NotVerified().sentence in shown.notice, "the refusal")
    assert [one.reason for one in recorded(sqlite_desk.desk, Action.REVEAL_REFUSED)] == [NotVerified.code]


async def test_a_ticket_without_files_says_so(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        await shown.press("f")
        await shown.until(lambda: "This ticket has no files." in shown.notice)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_hostile_table_is_a_table_of_literal_cells(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei, made = with_file(sqlite_desk, HOSTILE_TABLE, "[@click=app.quit].csv")
    async with console(sqlite_desk, mei, size) as shown:
        screen = await opened(shown, made.number, "table (CSV)")
        await shown.until(lambda: bool(screen.query(DataTable)))
        await shown.until(lambda: "[@click=app.quit]press[/]" in shown.drawn(), "the cell")
        assert not {"\x1b", "\x07", "\u202e"} & set(shown.drawn())
        for line, words in enumerate(shown.drawn().splitlines()):
            if "press" in words:
                await shown.pilot.click(offset=(words.index("press"), line))
        assert shown.app.is_running
        assert isinstance(shown.app.screen, AttachmentScreen)


async def test_saving_says_why_it_is_off_and_where_it_saved(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    mei, made = with_file(sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        await opened(shown, made.number)
        await shown.press("s")
        await shown.until(lambda: "Saving attachments is switched off here." in shown.notice)
        await shown.press("p")
        await shown.until(lambda: "attachment_command" in shown.notice)
        sqlite_desk.desk.settings = sqlite_desk.desk.settings.model_copy(update={"download": tmp_path})
        await shown.press("s")
        await shown.until(lambda: f"{made.number}-letter.txt" in shown.notice)
        assert SECRET in shown.drawn()  # it stays open
    assert (tmp_path / f"{made.number}-letter.txt").read_text() == SECRET


async def test_a_verifier_looks_at_a_document_and_keeps_no_copy(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    vera = sqlite_desk.session("vera-lin", Role.VERIFIER)
    made = make_ticket(sqlite_desk, kind=TicketKind.RIGHTS)
    attach(sqlite_desk, made, "passport.txt", "text/plain", SECRET.encode())
    sqlite_desk.desk.settings = sqlite_desk.desk.settings.model_copy(update={"download": tmp_path / "saved"})
    async with console(sqlite_desk, vera) as shown:
        await shown.open(VerifyScreen(made.number))
        await shown.until_words("Written request")
        await shown.press("f")
        await shown.until_words("Which document did the requester send", "passport.txt")
        await shown.press("enter")
        await shown.until_on(AttachmentScreen)
        await shown.until_words(SECRET)
        await shown.press("s")
        await shown.until(lambda: "No copy of it is kept." in shown.notice)
        await shown.press("p")
        await shown.press("escape")
        await shown.until_on(VerifyScreen)
        await shown.until(lambda: bool(recorded(sqlite_desk.desk, Action.VIEW_ENDED)))
    [entry] = entries(sqlite_desk.desk, Action.ATTACHMENT_OPENED)
    assert entry.purpose == "verification"
    assert recorded(sqlite_desk.desk, Action.ATTACHMENT_SAVED, Action.ATTACHMENT_PASSED_ON) == []


async def test_a_verifier_is_told_where_nothing_was_sent(sqlite_desk: TestDesk) -> None:
    vera = sqlite_desk.session("vera-lin", Role.VERIFIER)
    made = make_ticket(sqlite_desk, kind=TicketKind.RIGHTS)
    async with console(sqlite_desk, vera) as shown:
        await shown.open(VerifyScreen(made.number))
        await shown.until_words("Written request")
        await shown.press("f")
        await shown.until(lambda: "The requester sent no files." in shown.notice)


# --- attached to a reply


async def test_a_file_is_attached_taken_off_and_sent_and_the_text_is_kept(
    sqlite_desk: TestDesk, tmp_path: Path
) -> None:
    folder = tmp_path / "to attach"
    folder.mkdir()
    (folder / "prices.csv").write_bytes(b"lamp;49\n")
    sqlite_desk.desk.settings = sqlite_desk.desk.settings.model_copy(update={"attach_from": folder})
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        await shown.press("m")
        await shown.until_on(ComposeScreen)
        screen = shown.app.screen
        await shown.until(lambda: isinstance(screen, ComposeScreen) and bool(screen.typed()) and bool(screen._view))
        await shown.type("Here are the prices.")
        for typed, words in (("missing.csv", "no file of that name"), ("..", "one folder")):
            await shown.press("f3")
            await shown.until_on(PathDialog)
            await shown.press("ctrl+u")
            await shown.type(typed)
            await shown.press("enter")
            await shown.until(lambda words=words: words in shown.notice)  # type: ignore[misc]  # bound at once
            assert screen.query_one(TextArea).text == "Here are the prices."
        await attach_by_key(shown, "prices.csv")
        await shown.press("f3")
        await shown.until_on(ChoiceDialog)
        await shown.press("down", "enter")
        await shown.until(lambda: "▤" not in shown.drawn() and shown.app.screen is screen)
        await attach_by_key(shown, "prices.csv")
        await shown.press("ctrl+s")
        await shown.until_on(TicketScreen)
        await shown.until_words("Here are the prices.", "▤ prices.csv, CSV, 8 B")


async def attach_by_key(shown: Console, name: str) -> None:
    await shown.press("f3")
    await shown.until_on(PathDialog)
    await shown.press("ctrl+u")
    await shown.type(name)
    await shown.press("enter")
    await shown.until_words(f"▤ {name}")


async def test_attaching_is_off_where_no_folder_is_named_and_a_note_takes_none(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        await shown.press("m")
        await shown.until_on(ComposeScreen)
        await shown.press("f3")
        await shown.until(lambda: "attach_from" in shown.notice)
        await shown.press("escape")
        await shown.until_on(TicketScreen)
        await shown.press("i")
        await shown.until_on(ComposeScreen)
        assert "Attach" not in shown.drawn()
        await shown.press("f3")
        assert shown.notice == ""

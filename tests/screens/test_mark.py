"""Marking words by keyboard: what is marked is seen, enter hides it on the ticket, a wrong mark can be removed."""

import pytest

from cs_console.casework.marking import marks_on
from cs_console.desk import DeskSession
from models.enums import Action
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.ticket.mark import MarkScreen
from screens.ticket.ticket import TicketScreen
from screens.ticket.word_cursor import cursor_in
from tests.support.consoles import SIZES, Console, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import MadeTicket, make_ticket

SMALL = (60, 16)
TEXT = "Ask for Zanzibarina on the left.\n\nThanks for [name] and Zanzibarina Quimbyella."


def with_ticket(test_desk: TestDesk) -> tuple[DeskSession, MadeTicket]:
    mei = test_desk.session("mei", Role.AGENT)
    return mei, make_ticket(test_desk, assignee=mei, text=TEXT)


async def marking(shown: Console, number: int) -> MarkScreen:
    await shown.open_ticket(number)
    await shown.press("R")
    await shown.until_on(MarkScreen)
    await shown.until_words("Ask for")
    screen = shown.app.screen
    assert isinstance(screen, MarkScreen)
    return screen


@pytest.mark.parametrize("size", [*SIZES, SMALL])
async def test_words_are_chosen_by_keys_and_hidden_on_the_ticket(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei, made = with_ticket(sqlite_desk)
    async with console(sqlite_desk, mei, size) as shown:
        screen = await marking(shown, made.number)
        await shown.press("right", "right")
        assert screen.marked == "Zanzibarina"
        await shown.press("enter")
        await shown.until_words("It is recorded.")
        await shown.until(lambda: "Zanzibarina" not in shown.drawn(), "the words are gone")
        assert "Ask for [hidden] on the left." in shown.drawn()
        await shown.press("escape")
        await shown.until_on(TicketScreen)
        await shown.until_words("[hidden] Quimbyella")
    assert len(recorded(sqlite_desk.desk, Action.WORDS_MARKED)) == 1


async def test_several_words_are_marked_together_and_a_common_word_is_not_hidden(sqlite_desk: TestDesk) -> None:
    mei, made = with_ticket(sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        screen = await marking(shown, made.number)
        await shown.press("enter")
        await shown.until(lambda: "too common" in shown.notice, "the reason")
        await shown.press("down", "right", "right", "right")
        await shown.press("shift+right")
        assert screen.marked == "Zanzibarina Quimbyella"
        await shown.press("shift+left")
        assert screen.marked == "Zanzibarina"
        await shown.press("space")
        assert screen.marked == "Zanzibarina Quimbyella"
        await shown.press("enter")
        await shown.until_words("and [hidden].")
        assert "Ask for Zanzibarina on the left." in shown.drawn()
        await shown.press("tab")
        await shown.until_words("Subject   1 of 2")
        assert screen.marked == "A"


async def test_a_wrong_mark_is_removed(sqlite_desk: TestDesk) -> None:
    mei, made = with_ticket(sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        await marking(shown, made.number)
        await shown.press("x")
        await shown.until(lambda: "Nothing is marked" in shown.notice, "that there is none")
        await shown.press("right", "right", "enter")
        await shown.until_words("Ask for [hidden]")
        await shown.press("x")
        await shown.until_on(ChoiceDialog)
        assert "Zanzibarina" not in shown.drawn()
        assert "1 word" in shown.drawn()
        await shown.press("enter")
        await shown.until_words("Ask for Zanzibarina")
    assert marks_on(mei, made.number) == ()


def test_the_cursor_passes_over_what_is_hidden_and_stays_in_its_text() -> None:
    cursor = cursor_in("\n[name] met (Anna), 王明.\n\nbye")
    assert cursor.text == "met"
    assert cursor.by_word(1).text == "Anna"
    assert cursor.by_word(2).by_word(1, extends=True).text == "王明"
    assert cursor.by_word(9).text == "明"
    assert cursor.by_word(-3).text == "met"
    assert cursor.by_line(1).text == "bye"
    assert cursor.by_line(5).by_line(-1).text == "met"
    assert cursor_in("[name]").text == ""
    assert cursor_in("[name]").by_word(1).by_line(1).text == ""

"""F1 and `?` on every screen, the palette, and the places of `g`."""

import pytest
from textual.widgets import Input

from models.roles import Role
from screens.decisions.approvals import ApprovalsScreen
from screens.decisions.decision import DecisionScreen
from screens.frame.go_dialog import GoTo
from screens.frame.help import HelpScreen
from screens.frame.palette import Palette
from screens.queue.queue import QueueScreen
from screens.sign_in.sign_in import SignInScreen
from tests.support.consoles import SIZES, console
from tests.support.desk import TestDesk
from tests.support.doors import at_the_door


@pytest.mark.parametrize("key", ["f1", "question_mark"])
@pytest.mark.parametrize("size", SIZES)
async def test_help_names_the_keys_of_the_screen(sqlite_desk: TestDesk, key: str, size: tuple[int, int]) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT), size) as shown:
        await shown.until_on(QueueScreen)
        await shown.press(key)
        await shown.until_on(HelpScreen)
        await shown.until_words("The queue", "Claim", "Assign the ticket to yourself.", "Everywhere", "Lock")
        assert "Phone" not in shown.words()
        await shown.press("escape")
        await shown.until_on(QueueScreen)


async def test_help_works_before_signing_in(sqlite_desk: TestDesk) -> None:
    async with at_the_door(sqlite_desk) as shown:
        await shown.press("f1")
        await shown.until_on(HelpScreen)
        await shown.until_words("Signing in")
        await shown.press("f1")
        await shown.until_on(SignInScreen)


async def test_g_shows_where_one_can_go_and_the_second_key_goes(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_on(QueueScreen)
        await shown.press("g")
        await shown.until_on(GoTo)
        await shown.until_words("Queue", "Approvals")
        assert "Access log" not in shown.words()
        await shown.press("a")
        await shown.until_on(ApprovalsScreen)
        await shown.press("g", "q")
        await shown.until_on(QueueScreen)
        await shown.press("g", "z")
        await shown.until_on(QueueScreen)


async def test_the_palette_runs_a_command_of_the_screen(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_on(QueueScreen)
        await shown.press("ctrl+p")
        await shown.until_on(Palette)
        await shown.type("filter")
        await shown.until_words("Filter the list")
        await shown.press("enter")
        await shown.until_on(QueueScreen)
        await shown.until(lambda: isinstance(shown.app.focused, Input), "the filter")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (200, 50)])
async def test_what_a_key_does_is_under_its_own_column_at_every_width(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT), size) as shown:
        await shown.until_on(QueueScreen)
        await shown.press("f1")
        await shown.until_on(HelpScreen)
        await shown.until_words("Most used", "Also here", "Everywhere", "1 … 9", "^q")
        rows: list[str] = []
        for _ in range(12):
            rows += [line for line in shown.drawn().splitlines()[1:-1] if line not in rows]
            await shown.press("pagedown")
        text = "\n".join(rows)
        assert "Quit" in text and "Views" in text  # the last row of a group is in it too
        verify = next(at for at, row in enumerate(rows) if "Verify  " in row)
        column = rows[verify].index("Verify the requester")
        assert ("Everywhere" in next(row for row in rows if "Most used" in row)) is (size[0] >= 190)
        if len(rows[verify].rstrip()) < column + 60:  # it wraps
            assert rows[verify + 1][:column].strip() == "" and rows[verify + 1][column] != " "


async def test_steps_are_told_once_and_no_key_twice(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_on(QueueScreen)
        shown.app.show_help(DecisionScreen)
        await shown.until_on(HelpScreen)
        await shown.until_words("Turn to the step of that number.", "J ", "K ")
        assert "Turn to step 2." not in shown.words() and "shift+j" not in shown.words()

"""F1 and `?` on every screen, the palette, and the places of `g`."""

import pytest
from textual.widgets import Input

from models.roles import Role
from screens.decisions.approvals import ApprovalsScreen
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

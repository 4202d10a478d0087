"""The palette finds commands by name; the theme can be changed without leaving."""

import pytest
from textual.widgets import Input, OptionList

from models.roles import Role
from screens.frame.help import HelpScreen
from screens.frame.palette import Palette
from screens.queue.queue import QueueScreen
from tests.support.consoles import console
from tests.support.desk import TestDesk


@pytest.mark.parametrize("by_palette", [True, False])
async def test_the_theme_is_changed_from_the_palette_and_by_its_key(sqlite_desk: TestDesk, by_palette: bool) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_words("Mine: no tickets.")
        if by_palette:
            await shown.press("ctrl+p")
            await shown.until_on(Palette)
            await shown.type("theme")
            await shown.until_words("Switch between dark, light")
            await shown.press("enter")
        else:
            await shown.press("f8")
        await shown.until(
            lambda: isinstance(shown.app.screen, Palette) and shown.app.screen.query_one(Input).placeholder == "Theme"
        )
        await shown.type("light")
        await shown.until_words("Light")
        await shown.press("enter")
        await shown.until(lambda: shown.app.theme == "cs-light")


@pytest.mark.parametrize("then", ["escape", "enter"])
async def test_keys_that_come_while_the_palette_closes_take_nothing_else_away(sqlite_desk: TestDesk, then: str) -> None:
    """ScreenStackError ended the console: what was chosen and Escape both closed it."""
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_on(QueueScreen)
        palette = await shown.open_palette()
        await shown.until(lambda: palette.query_one(OptionList).option_count > 3)
        palette.query_one(OptionList).highlighted = 0
        palette._action_command_list("select")
        if then == "enter":
            palette._action_command_list("select")
        else:
            palette._action_escape()
        palette.query_one(Input).post_message(Input.Submitted(palette.query_one(Input), ""))
        await shown.until(lambda: not palette.is_attached)
        await shown.pilot.pause()
        assert [type(one) for one in shown.app.screen_stack] == [QueueScreen]
        palette.dismiss()
        await shown.pilot.pause()
        assert [type(one) for one in shown.app.screen_stack] == [QueueScreen]


async def test_a_palette_under_another_screen_closes_itself_alone(sqlite_desk: TestDesk) -> None:
    """InvalidStateError ended the console: it took the screen above away, and was then closed a second time."""
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_on(QueueScreen)
        palette = await shown.open_palette()
        await shown.open(HelpScreen(QueueScreen))
        palette.dismiss()
        palette.dismiss()
        assert isinstance(shown.app.screen, HelpScreen)
        await shown.press("escape")
        await shown.until_on(QueueScreen)
        assert not palette.is_attached


@pytest.mark.parametrize("key", ["f8", "ctrl+p", "f1", "f7", "f9", "n", "g", "slash"])
async def test_a_key_that_is_held_down_opens_one_thing_at_most(sqlite_desk: TestDesk, key: str) -> None:
    """F8 put one palette on another until the console ended with a RecursionError."""
    sqlite_desk.desk.sample = True
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_on(QueueScreen)
        for _ in range(30):
            await shown.press(key)
            assert len(shown.app.screen_stack) <= 2
        if not isinstance(shown.app.screen, QueueScreen):
            await shown.press("escape")
        await shown.until(lambda: [type(one) for one in shown.app.screen_stack] == [QueueScreen])

"""The real application in tests: opened signed in, driven by keys, waited for by conditions."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from textual import events
from textual.content import Content
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import OptionList, Static, TextArea

from cs_console.app import ConsoleApp
from cs_console.desk import DeskSession
from screens.frame.palette import Palette
from screens.ticket.ticket import TicketScreen
from screens.widgets.drawn_lines import DrawnLines
from screens.widgets.hanging import Hanging
from screens.widgets.key_bar import KeyBar
from screens.widgets.notice_bar import NoticeBar
from tests.support.at_rest import until_at_rest
from tests.support.desk import TestDesk

NARROW = (80, 24)
WIDE = (120, 34)
SIZES = (NARROW, WIDE)
"""Both, for tests of what is drawn where. What keys lead to is shown at one of them, so that each screen has both."""
PATIENCE_SECONDS = 25.0
STEP_SECONDS = 0.02


@dataclass
class Console:
    """A running console and what a person sees of it."""

    app: ConsoleApp
    pilot: Pilot[None]

    async def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Let the console work until the condition holds; a test fails with what is on screen if it never does."""
        give_up = monotonic() + PATIENCE_SECONDS
        while monotonic() < give_up:
            await self.pilot.pause()
            if condition():
                return
            await asyncio.sleep(STEP_SECONDS)
        raise AssertionError(f"waited in vain{f' for {what}' if what else ''}; on screen:\n{self.words()}")

    async def until_on(self, kind: type[Screen[Any]]) -> None:
        """Wait until such a screen is on top."""
        await self.until(lambda: isinstance(self.app.screen, kind), kind.__name__)

    async def until_words(self, *words: str) -> None:
        """Wait until all of these words stand on the screen."""
        await self.until(lambda: all(word in self.words() for word in words), " and ".join(map(repr, words)))

    async def until_typed(self, words: str) -> None:
        """Wait until an area to write in holds these words."""
        await self.until(lambda: any(area.text == words for area in self.app.screen.query(TextArea)), repr(words))

    async def open(self, screen: Screen[Any]) -> None:
        """Put a screen on top of the queue."""
        self.app.push_screen(screen)
        await self.until_on(type(screen))

    async def open_ticket(self, number: int) -> TicketScreen:
        """Put a ticket on top of the queue, read."""
        screen = TicketScreen(number)
        await self.open(screen)
        await self.until(lambda: screen.view is not None, "the ticket")
        return screen

    async def open_palette(self) -> Palette:
        """Open the palette by its key."""
        await self.press("ctrl+p")
        await self.until_on(Palette)
        assert isinstance(self.app.screen, Palette)
        return self.app.screen

    async def press(self, *keys: str) -> None:
        """Type keys, letting the console settle after each."""
        for key in keys:
            await self.pilot.press(key)

    async def type(self, text: str) -> None:
        """Type the letters of a text, one right after the other, and let the console settle."""
        driver = self.app._driver
        assert driver is not None  # the application runs
        for letter in text:
            key = events.Key(letter if letter.isalnum() else _character_to_key(letter), letter)
            key.set_sender(self.app)
            driver.send_message(key)
        await until_at_rest(0)
        await self.pilot.pause()

    def words(self) -> str:
        """Every word on the screen, as its widgets hold it."""
        return "\n".join(filter(None, (words_of(widget) for widget in visible(self.app.screen))))

    def offered(self) -> list[str]:
        """The titles of the commands in the key bar."""
        return [title for _sign, title, _key in self.app.screen.query_one(KeyBar).shown()]

    def drawn(self) -> str:
        """The characters that the terminal was given."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join(line.text for line in lines)

    @property
    def notice(self) -> str:
        """What the notice bar says."""
        return self.app.screen.query_one(NoticeBar).words


@asynccontextmanager
async def console(
    test_desk: TestDesk, session: DeskSession, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Console]:
    """The console with that agent signed in, on its queue."""
    app = ConsoleApp(test_desk.desk.settings, session=session, desk=test_desk.desk)
    async with app.run_test(size=size) as pilot:
        yield Console(app, pilot)


def visible(screen: Screen[Any]) -> list[Widget]:
    """The widgets that are displayed, in document order."""
    return [
        widget
        for widget in screen.query("*")
        if all(one.display for one in widget.ancestors_with_self if isinstance(one, Widget))
    ]


def words_of(widget: Widget) -> str:
    """The words that one widget shows by itself."""
    if isinstance(widget, Static):
        return str(widget.visual) if isinstance(widget.visual, Content | Hanging) else ""
    if isinstance(widget, DrawnLines):
        return widget.words
    if isinstance(widget, OptionList):
        return "\n".join(str(option.prompt) for option in widget.options)
    return ""

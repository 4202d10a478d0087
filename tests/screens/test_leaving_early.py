"""A screen that is left while it is still being built, or while a step of its own is under way, ends no console."""

import asyncio
import gc

import pytest
from textual._styles_cache import StylesCache
from textual.app import ComposeResult, ScreenStackError
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Label

from models.roles import Role
from screens.frame.quiet_app import QuietApp
from screens.queue.queue import QueueScreen
from tests.support.consoles import console
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket


class Queue(Screen[None]):
    """What is underneath."""

    def compose(self) -> ComposeResult:
        yield Label("queue")


class Sheet(Vertical):
    def compose(self) -> ComposeResult:
        yield Label("", id="preview")


class Letter(Screen[None]):
    """Takes a step that lasts, and asks for its own widgets after it: as it is mounted, or later."""

    def __init__(self, *, at_once: bool) -> None:
        super().__init__()
        self.began, self.go_on, self._at_once = asyncio.Event(), asyncio.Event(), at_once

    def compose(self) -> ComposeResult:
        yield Vertical(id="pane")

    async def on_mount(self) -> None:
        if self._at_once:
            await self._put_sheet()
        else:
            self.call_next(self._put_sheet)

    async def _put_sheet(self) -> None:
        self.began.set()
        await self.go_on.wait()
        sheet = Sheet()
        await self.query_one("#pane", Vertical).mount(sheet)
        sheet.query_one("#preview", Label).update("Dear all")


class Missing(Screen[None]):
    """Has a fault of its own."""

    def on_mount(self) -> None:
        self.query_one("#nothing", Label)


@pytest.mark.parametrize("at_once", [True, False], ids=["as it is mounted", "later"])
async def test_left_in_the_middle_of_a_step(at_once: bool) -> None:
    app, letter = QuietApp(), Letter(at_once=at_once)
    async with app.run_test() as pilot:
        await app.push_screen(Queue())
        app.push_screen(letter)
        await letter.began.wait()
        gone = app.pop_screen()
        letter.go_on.set()
        await gone
        await pilot.pause()
        assert isinstance(app.screen, Queue)
        assert app._exception is None


async def test_what_a_left_screen_still_had_to_do_is_dropped() -> None:
    """Textual runs it on the screen that is there then."""
    app = QuietApp()
    async with app.run_test() as pilot:
        await app.push_screen(Queue())
        letter = Letter(at_once=False)
        letter.go_on.set()
        await app.push_screen(letter)
        await pilot.pause()
        await app.pop_screen()
        app.screen.call_after_refresh(lambda: letter.query_one("#pane", Vertical).focus())
        await pilot.pause()
        await pilot.pause()
        assert app._exception is None


async def test_an_answer_that_comes_after_the_person_left_is_no_fault() -> None:
    app = QuietApp()
    with pytest.raises(ScreenStackError):
        async with app.run_test():
            app._handle_exception(ScreenStackError("No screens on stack"))
    app = QuietApp()
    async with app.run_test():
        await app.push_screen(Queue())
        app.exit()
        app._handle_exception(ScreenStackError("No screens on stack"))
        assert app._exception is None


async def test_a_fault_on_a_screen_that_stays_still_ends_the_console() -> None:
    app = QuietApp()
    with pytest.raises(Exception, match="nothing"):
        async with app.run_test():
            await app.push_screen(Missing())


async def test_tickets_that_were_closed_keep_no_lines(sqlite_desk: TestDesk) -> None:
    """Textual kept what their widgets drew for the next hundred tickets: half a megabyte for each that was opened."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)

    def kept() -> int:
        gc.collect()
        return sum(isinstance(one, StylesCache) for one in gc.get_objects())

    async with console(sqlite_desk, mei) as shown:
        before = kept()
        for _ in range(4):
            await shown.open_ticket(made.number)
            await shown.press("escape")
            await shown.until_on(QueueScreen)
        at_most_one_screen = 20
        await shown.until(lambda: kept() < before + at_most_one_screen, "the lines to go")

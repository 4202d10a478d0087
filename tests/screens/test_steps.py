"""A key as one async function: its steps follow their answers at once, and a dropped answer ends it (invariant 9)."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from threading import Event
from typing import ClassVar

import pytest
from textual.app import ComposeResult
from textual.widgets import Input

from cs_console.errors import BadInput, StoreUnreachable
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.frame.console_screen import ConsoleScreen
from screens.frame.help import HelpScreen
from screens.frame.steps import in_steps
from screens.queue.queue import QueueScreen
from screens.widgets.choice_list import Choice
from screens.widgets.notice_bar import Said
from tests.support.consoles import Console, console
from tests.support.desk import TestDesk


class Stepping(ConsoleScreen[str]):
    """Has keys that wait for a dialog, a service and a change."""

    HEADING: ClassVar[str] = "A screen"

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    def body(self) -> ComposeResult:
        yield Input()

    @in_steps
    async def choose_and_change(self, work: Callable[[str], str]) -> None:
        chosen = await self.ask(ChoiceDialog("Which?", [Choice("one", "One"), Choice("two", "Two")]))
        if chosen is None:
            self.done.append("no")
            return
        self.done.append(await self.change(lambda: work(chosen), late=lambda answer: Said(f"It is {answer}.")))

    @in_steps
    async def read(self, work: Callable[[], str]) -> None:
        try:
            self.done.append(await self.call(work, group="read"))
        except BadInput as problem:
            self.done.append(problem.sentence)

    @in_steps
    async def read_and_tell(self, work: Callable[[], str]) -> None:
        self.done.append(await self.call(work))

    @in_steps
    async def leave(self, work: Callable[[], str]) -> None:
        self.dismiss(await self.change(work))

    @in_steps
    async def wait_for_something_else(self) -> None:
        await asyncio.get_running_loop().create_future()


async def stepping(shown: Console) -> Stepping:
    await shown.until_on(QueueScreen)
    screen = Stepping()
    await shown.open(screen)
    await shown.until(lambda: screen.is_mounted)
    return screen


async def test_a_key_goes_from_its_dialog_to_its_change(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        screen = await stepping(shown)
        screen.choose_and_change(lambda chosen: f"changed to {chosen}")
        assert isinstance(shown.app.screen, ChoiceDialog), "the next key already belongs to the dialog"
        await shown.press("down", "enter")
        await shown.until(lambda: screen.done == ["changed to two"])
        screen.choose_and_change(str.upper)
        await shown.press("escape")
        await shown.until(lambda: screen.done == ["changed to two", "no"])


async def test_a_key_pressed_twice_changes_once_and_nothing_comes_between_the_answer_and_what_follows(
    sqlite_desk: TestDesk,
) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        screen, answers, calls = await stepping(shown), Event(), []

        def work() -> str:
            calls.append(1)
            assert answers.wait(20)
            return "done"

        screen.leave(work)
        screen.leave(work)
        assert "still being saved" in shown.notice
        shown.app.call_later(answers.set)
        while screen._changing:
            await asyncio.sleep(0)
        assert screen._going, "it was still possible to begin again"
        await shown.until_on(QueueScreen)
        assert calls == [1]


async def test_a_refusal_can_be_caught_and_is_shown_where_it_is_not(sqlite_desk: TestDesk) -> None:
    def refuse() -> str:
        raise BadInput("That is too long.", "Shorten it.")

    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        screen = await stepping(shown)
        screen.read(refuse)
        await shown.until(lambda: screen.done == ["That is too long."])
        assert shown.notice == ""
        screen.read_and_tell(refuse)
        await shown.until(lambda: shown.notice == "That is too long. Shorten it.")
        assert screen.done == ["That is too long."]


async def test_of_a_group_only_the_newest_goes_on(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        screen, gate = await stepping(shown), Event()
        screen.read(lambda: str(gate.wait(20)))
        screen.read(lambda: "new")
        await shown.until(lambda: screen.done == ["new"])
        gate.set()
        await shown.app.workers.wait_for_complete()
        await shown.pilot.pause()
        assert screen.done == ["new"]


@pytest.mark.parametrize("changes", [True, False])
async def test_a_key_whose_screen_is_gone_ends_there_and_what_it_changed_is_said(
    sqlite_desk: TestDesk, changes: bool
) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        screen, answers = await stepping(shown), Event()

        def work() -> str:
            assert answers.wait(20)
            return "kept"

        if changes:
            screen.choose_and_change(lambda _chosen: work())
            await shown.press("enter")
            await shown.until(lambda: screen._changing)
        else:
            screen.read_and_tell(work)
        shown.app.go_to("queue")
        await shown.until_on(QueueScreen)
        answers.set()
        await shown.app.workers.wait_for_complete()
        await shown.pilot.pause()
        assert screen.done == []
        assert shown.notice == ("A screen: It is kept." if changes else "")


async def test_a_change_that_is_answered_under_another_screen_goes_on_when_that_closes(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        screen, answers = await stepping(shown), Event()
        screen.leave(lambda: str(answers.wait(20)))
        await shown.open(HelpScreen(QueueScreen))
        answers.set()
        await shown.until(lambda: bool(screen._held))
        assert isinstance(shown.app.screen, HelpScreen)
        await shown.press("escape")
        await shown.until_on(QueueScreen)


async def test_a_reading_waits_for_the_store_and_a_change_does_not(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        screen, away = await stepping(shown), [True]

        def work() -> str:
            if away:
                away.clear()
                raise StoreUnreachable("The database cannot be reached.")
            return "here"

        screen.read_and_tell(work)
        await shown.until(lambda: screen.done == ["here"])
        away.append(True)
        screen.leave(work)
        await shown.until(lambda: "cannot be reached" in shown.notice)
        assert shown.app.screen is screen


async def test_a_dropped_key_is_held_by_nothing(sqlite_desk: TestDesk) -> None:
    class Held:
        """Something that the function has in its frame."""

    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        screen, gate = await stepping(shown), Event()

        def work() -> str:
            return str(gate.wait(20))

        work.held = held = Held()  # type: ignore[attr-defined]
        seen = weakref.ref(held)
        del held
        screen.read(work)
        screen.read(lambda: "new")
        del work
        await shown.until(lambda: screen.done == ["new"])
        gate.set()
        await shown.app.workers.wait_for_complete()
        await shown.pilot.pause()
        gc.collect()
        assert seen() is None


async def test_a_key_cannot_wait_for_anything_else(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        screen = await stepping(shown)
        with pytest.raises(TypeError, match="not Future"):
            screen.wait_for_something_else()

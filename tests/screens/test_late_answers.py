"""An answer that comes late acts on its own screen only, and what it says is not lost (invariant 9)."""

from threading import Event
from typing import ClassVar

import pytest
from sqlalchemy import select
from textual.app import ComposeResult
from textual.widgets import Input, TextArea

from cs_console.casework import conversation
from cs_console.errors import BadInput, SessionEnded
from models.enums import Action, DeliveryState, MessageSort
from models.message import Message
from models.roles import Role
from screens.frame.background import Reported
from screens.frame.console_screen import ConsoleScreen
from screens.frame.dialog import Dialog
from screens.frame.go_dialog import GoTo
from screens.frame.help import HelpScreen
from screens.queue.queue import QueueScreen
from screens.ticket import compose
from screens.ticket.compose import ComposeScreen
from screens.widgets.notice_bar import NoticeBar, Said
from tests.support.consoles import Console, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket

WORDS = "Your account is open again."


class Slow(ConsoleScreen[str]):
    """Asks a service that answers when the test lets it."""

    HEADING: ClassVar[str] = "A slow one"

    def __init__(self, fails: BadInput | None) -> None:
        super().__init__()
        self.answers = Event()
        self.calls = 0
        self._fails = fails

    def body(self) -> ComposeResult:
        yield Input()

    def work(self) -> str:
        self.calls += 1
        assert self.answers.wait(20)
        if self._fails is not None:
            raise self._fails
        return "kept"

    def begin(self) -> bool:
        return self.change_then(self.work, self.dismiss, late=lambda words: Said(f"It is {words}."))


class Asked(Dialog[str]):
    """A question on top."""


async def slow_one(shown: Console, answers: list[str | None], fails: BadInput | None = None) -> Slow:
    await shown.until_on(QueueScreen)
    screen = Slow(fails)
    shown.app.push_screen(screen, answers.append)
    await shown.until(lambda: shown.app.screen is screen and screen.is_mounted)
    assert screen.begin()
    return screen


def replies(test_desk: TestDesk) -> int:
    with test_desk.desk.database.reading() as db:
        return len(db.scalars(select(Message).where(Message.sort == MessageSort.REPLY)).all())  # type: ignore[arg-type]


async def test_a_letter_whose_answer_comes_while_help_is_open_goes_out_once(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Event()

    def slow_reply(*args: object, **options: object) -> DeliveryState:
        assert answers.wait(20)
        return conversation.reply(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(compose, "reply", slow_reply)
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        ticket = await shown.open_ticket(made.number)
        await shown.press("m")
        await shown.until_on(ComposeScreen)
        writing = shown.app.screen
        assert isinstance(writing, ComposeScreen)
        await shown.until(lambda: bool(writing.typed()) and writing._view is not None)
        writing.query_one(TextArea).load_text(WORDS)
        await shown.press("ctrl+s", "ctrl+s", "f1")
        await shown.until_on(HelpScreen)
        answers.set()
        await shown.until(lambda: bool(recorded(sqlite_desk.desk, Action.MESSAGE_SENT)))
        await shown.until(lambda: bool(writing._held), "the answer that waits")
        assert isinstance(shown.app.screen, HelpScreen)
        await shown.press("escape")
        await shown.until(lambda: shown.app.screen is ticket and ticket.query_one(NoticeBar).words == "Sent.")
        assert len(shown.app.screen_stack) == 2
    assert replies(sqlite_desk) == 1
    assert len(recorded(sqlite_desk.desk, Action.MESSAGE_SENT)) == 1


async def test_an_answer_waits_while_anything_is_on_top_and_then_acts_on_its_own_screen(
    sqlite_desk: TestDesk,
) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        for on_top in (HelpScreen(QueueScreen), Asked(), GoTo()):
            answers: list[str | None] = []
            slow = await slow_one(shown, answers)
            assert not slow.begin()  # the same key again
            await shown.open(on_top)
            slow.answers.set()
            await shown.until(lambda slow=slow: bool(slow._held))  # type: ignore[misc]
            assert shown.app.screen is on_top and answers == []
            slow.go_on(Asked())  # a question of its own does not come up over what the person looks at
            assert shown.app.screen is on_top
            await shown.press("escape")
            await shown.until_on(QueueScreen)
            await shown.until(lambda: answers == ["kept"])  # noqa: B023 - called in this very round
            assert slow.calls == 1


async def test_an_answer_that_finds_its_screen_gone_is_said_on_the_screen_that_is_there(
    sqlite_desk: TestDesk,
) -> None:
    async with console(sqlite_desk, sqlite_desk.session("lead", Role.SUPERVISOR)) as shown:
        answers: list[str | None] = []
        slow = await slow_one(shown, answers)
        shown.app.go_to("log")
        await shown.until(lambda: shown.app.current_mode == "log" and not slow.is_attached)
        slow.answers.set()
        await shown.until(lambda: "A slow one: It is kept." in shown.notice)
        assert not slow.begin() and slow.calls == 1  # nothing is done from a screen that is gone
        slow.dismiss("again")
        await shown.pilot.pause()
        assert [len(stack) for stack in shown.app._screen_stacks.values() if len(stack) > 1] == []
        assert answers == []


async def test_a_late_refusal_is_said_as_the_problem_that_it_is(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        slow = await slow_one(shown, [], fails=BadInput("That is too long.", "Shorten it."))
        shown.app.go_to("queue")
        slow.answers.set()
        await shown.until(lambda: "A slow one: That is too long." in shown.notice)
        assert shown.app.screen.query_one(NoticeBar).has_class("-warning")


async def test_an_answer_to_somebody_who_left_reaches_nobody(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        answers: list[str | None] = []
        slow = await slow_one(shown, answers)
        shown.app.session_over(SessionEnded("an end"))
        await shown.until(lambda: not slow.is_attached)
        shown.app.session = sqlite_desk.session("zoe", Role.AGENT)
        slow.answers.set()
        await shown.until(lambda: not [one for one in shown.app.workers if one.name == "ask" and not one.is_finished])
        await shown.pilot.pause()
        assert answers == [] and "It is kept" not in shown.words()


async def test_a_screen_that_is_dismissed_twice_or_under_another_takes_nothing_else_away(
    sqlite_desk: TestDesk,
) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_on(QueueScreen)
        answers: list[str | None] = []
        below, above = Asked(), Asked()
        shown.app.push_screen(below, answers.append)
        shown.app.push_screen(above)
        below.dismiss("no")
        below.dismiss("never")
        assert shown.app.screen is above
        above.dismiss(None)
        above.dismiss(None)
        await shown.until_on(QueueScreen)
        await shown.until(lambda: len(answers) == 1)
        shown.app.screen.dismiss(None)  # the first screen of a mode stays
        await shown.pilot.pause()
        assert isinstance(shown.app.screen, QueueScreen)


async def test_words_typed_in_the_last_second_are_kept_when_one_goes_elsewhere(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        writing = ComposeScreen(made.number, MessageSort.NOTE)
        await shown.open(writing)
        await shown.until(lambda: bool(writing.typed()))
        writing.query_one(TextArea).load_text(WORDS)
        shown.app.go_to("queue")
        await shown.until(lambda: writing._saved.get((f"note:{made.number}", made.number)) == WORDS)


async def test_an_answer_that_comes_while_the_console_closes_reaches_no_screen(sqlite_desk: TestDesk) -> None:
    """The widgets of its screen have gone by then; one that was not there ended the console with a crash report."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    told: list[str] = []
    async with console(sqlite_desk, mei) as shown:
        await shown.until_on(QueueScreen)
        shown.app._reported(Reported(lambda: told.append("while it runs")))
        shown.app._running = False  # as Textual does first, before it takes the screens apart
        shown.app._reported(Reported(lambda: told.append("while it closes")))
        shown.app._running = True
    assert told == ["while it runs"]

"""The lock and idleness: nothing stays on an unattended screen."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select
from sqlmodel import col
from textual import events
from textual.widgets import Input

from models.agent_session import AgentSession
from models.roles import Role
from screens.frame.go_dialog import GoTo
from screens.frame.help import HelpScreen
from screens.queue.queue import QueueScreen
from screens.sign_in.lock import LockScreen
from screens.sign_in.sign_in import SignInScreen
from tests.support.consoles import SIZES, Console
from tests.support.desk import TestDesk
from tests.support.doors import PASSWORD, Stopwatch, at_the_door, make_account, sign_in_as
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.usefixtures("cheap_passwords")

SUBJECT = "No one else should read this"


@asynccontextmanager
async def at_work(test_desk: TestDesk, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Console, Stopwatch]]:
    make_account(test_desk, "mei", Role.AGENT)
    make_ticket(test_desk, subject=SUBJECT)
    watch = Stopwatch()
    async with at_the_door(test_desk, size, watch) as shown:
        await sign_in_as(shown, "mei")
        await shown.until_on(QueueScreen)
        await shown.press("8")
        await shown.until(lambda: SUBJECT[:20] in shown.drawn(), "the ticket")
        yield shown, watch


@pytest.mark.parametrize("size", SIZES)
async def test_the_lock_takes_everything_off_the_screen(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    """ASVS 14.2.7, 14.2.8."""
    async with at_work(sqlite_desk, size) as (shown, _):
        await shown.press("ctrl+l")
        await shown.until_on(LockScreen)
        assert SUBJECT[:20] not in shown.drawn()


async def test_only_the_password_leads_back_to_where_one_was(sqlite_desk: TestDesk) -> None:
    async with at_work(sqlite_desk) as (shown, _):
        await shown.press("ctrl+l")
        await shown.until_on(LockScreen)
        await shown.press("escape", "ctrl+p", "ctrl+o", "f9", "f1")
        assert isinstance(shown.app.screen, LockScreen)
        shown.app.go_to("approvals")
        assert isinstance(shown.app.screen, LockScreen)
        await shown.type("wrong")
        await shown.press("enter")
        await shown.until_words("Wrong password")
        assert shown.app.screen.query_one(Input).value == ""
        await shown.type(PASSWORD)
        await shown.press("enter")
        await shown.until_on(QueueScreen)
        assert SUBJECT[:20] in shown.drawn()
        assert not shown.app.locked


async def test_the_lock_works_inside_dialogs_and_fields(sqlite_desk: TestDesk) -> None:
    async with at_work(sqlite_desk) as (shown, _):
        await shown.press("g")
        await shown.until_on(GoTo)
        await shown.press("ctrl+l")
        await shown.until_on(LockScreen)
        assert SUBJECT[:20] not in shown.drawn()
        await shown.type(PASSWORD)
        await shown.press("enter")
        await shown.until_on(GoTo)


async def test_an_answer_that_comes_late_waits_behind_the_lock(sqlite_desk: TestDesk) -> None:
    async with at_work(sqlite_desk) as (shown, _):
        screen = shown.app.screen
        assert isinstance(screen, QueueScreen)
        gate = threading.Event()
        screen.call(lambda: gate.wait(10)).begin(lambda _answer: screen.action_help(), screen.say)
        await shown.press("ctrl+l")
        await shown.until_on(LockScreen)
        gate.set()
        await shown.app.workers.wait_for_complete()
        await shown.pilot.pause()
        assert isinstance(shown.app.screen, LockScreen)
        await shown.type(PASSWORD)
        await shown.press("enter")
        await shown.until_on(HelpScreen)


async def test_five_idle_minutes_hide_the_screen_and_fifteen_end_the_session(sqlite_desk: TestDesk) -> None:
    """ASVS 7.3.1."""
    async with at_work(sqlite_desk) as (shown, watch):
        watch.at += 299
        shown.app._tick()
        assert isinstance(shown.app.screen, QueueScreen)
        watch.at += 2
        shown.app._tick()
        await shown.until_on(LockScreen)
        assert SUBJECT[:20] not in shown.drawn()
        watch.at += 600
        shown.app._tick()
        await shown.until_on(SignInScreen)
        await shown.until_words("you were inactive for 15 minutes")
        assert SUBJECT[:20] not in shown.drawn()
    with sqlite_desk.desk.database.reading() as db:
        assert None not in db.scalars(select(col(AgentSession.ended_at))).all()


async def test_a_key_or_a_click_shows_that_somebody_is_there(sqlite_desk: TestDesk) -> None:
    async with at_work(sqlite_desk) as (shown, watch):
        for event in (events.Key("j", "j"), events.Paste("x"), _click_at(5, 5)):
            watch.at += 200
            shown.app.post_message(event)
            await shown.pilot.pause()
            watch.at += 150
            shown.app._tick()
            assert isinstance(shown.app.screen, QueueScreen)
            await shown.press("k")


def _click_at(x: int, y: int) -> events.MouseDown:
    return events.MouseDown(None, x, y, 0, 0, 1, False, False, False, x, y)


async def test_work_keeps_the_session_awake_in_the_store(sqlite_desk: TestDesk) -> None:
    async with at_work(sqlite_desk) as (shown, watch):
        sqlite_desk.clock.forward(minutes=10)
        watch.at += 60
        await shown.press("j")
        await shown.until(lambda: _last_active(sqlite_desk) == sqlite_desk.clock.now(), "the touch")


def _last_active(test_desk: TestDesk) -> object:
    with test_desk.desk.database.reading() as db:
        return db.scalars(select(col(AgentSession.last_active_at)).where(col(AgentSession.ended_at).is_(None))).first()


async def test_cut_text_is_forgotten_when_the_console_locks(sqlite_desk: TestDesk) -> None:
    async with at_work(sqlite_desk) as (shown, _):
        await shown.press("slash")
        await shown.type("kind:appeal")
        await shown.press("home", "shift+end", "ctrl+x")
        assert shown.app.clipboard == "kind:appeal"
        await shown.press("ctrl+l")
        await shown.until_on(LockScreen)
        assert shown.app.clipboard == ""

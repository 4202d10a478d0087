"""Signing in: the right way in, one answer for every wrong one, and what is due before the queue."""

import pytest
from sqlalchemy import select, update
from sqlalchemy import text as sql
from sqlmodel import col
from textual import events
from textual.widgets import Input

from cs_console.app import ConsoleApp
from cs_console.errors import NoDesk
from cs_console.staff.sign_in import sign_in, sign_out
from models.agent import Agent
from models.agent_session import AgentSession
from models.roles import Role
from models.undertaking import Undertaking
from screens.queue.queue import QueueScreen
from screens.sign_in.password import PasswordScreen
from screens.sign_in.sign_in import SignInScreen
from screens.sign_in.undertaking import UndertakingScreen
from tests.access_log.tampering import head_of, put_back
from tests.support.consoles import NARROW, Console
from tests.support.desk import TestDesk
from tests.support.doors import PASSWORD, at_the_door, make_account, sign_in_as

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.mark.parametrize("size", [NARROW])
@pytest.mark.core
async def test_a_name_and_its_password_lead_to_the_queue(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    make_account(sqlite_desk, "mei", Role.AGENT)
    async with at_the_door(sqlite_desk, size) as shown:
        await sign_in_as(shown, "mei")
        await shown.until_on(QueueScreen)
        assert shown.app.session is not None
        assert shown.app.session.agent.name == "mei"


async def test_an_unknown_name_and_a_wrong_password_get_the_same_words(sqlite_desk: TestDesk) -> None:
    """ASVS 6.3.8."""
    make_account(sqlite_desk, "mei", Role.AGENT)
    said = []
    for name, password in (("mei", "not the password"), ("absent", PASSWORD)):
        async with at_the_door(sqlite_desk) as shown:
            await sign_in_as(shown, name, password)
            await shown.until_words("do not match")
            said.append(shown.words())
            assert shown.app.screen.query_one("#password", Input).value == ""
            assert shown.app.session is None
    assert said[0] == said[1]


async def test_after_many_failures_the_screen_says_how_long_to_wait(sqlite_desk: TestDesk) -> None:
    """ASVS 6.3.1."""
    make_account(sqlite_desk, "mei", Role.AGENT)
    async with at_the_door(sqlite_desk) as shown:
        await shown.type("mei")
        await shown.press("tab")
        for tries in range(1, 6):
            await shown.type("wrong")
            await shown.press("enter")
            await shown.until(lambda tries=tries: _failures(sqlite_desk) == tries)  # type: ignore[misc]  # bound now
            await shown.until(lambda: shown.app.screen.query_one("#password", Input).value == "")
        await shown.type(PASSWORD)
        await shown.press("enter")
        await shown.until_words("Too many failed attempts.", "Wait")


def _failures(test_desk: TestDesk) -> int:
    with test_desk.desk.database.reading() as db:
        return db.scalars(select(col(Agent.failures)).where(col(Agent.name) == "mei")).one()


async def test_the_password_is_never_drawn(sqlite_desk: TestDesk) -> None:
    async with at_the_door(sqlite_desk) as shown:
        await shown.press("tab")
        await shown.type("hunter2 hunter2")
        assert "hunter2" not in shown.drawn()


async def test_the_demo_shows_its_accounts_and_another_desk_does_not(sqlite_desk: TestDesk) -> None:
    sqlite_desk.desk.sample = True
    async with at_the_door(sqlite_desk) as shown:
        await shown.until_words("mei", "omar", "ines", "amber-kite-ninety-lakes")
        assert "privacy officer, admin" in shown.drawn()
    sqlite_desk.desk.sample = False
    async with at_the_door(sqlite_desk) as shown:
        await shown.pilot.pause()
        assert "amber-kite" not in shown.words()


async def test_the_undertaking_comes_before_the_queue_and_is_signed_with_a_key(sqlite_desk: TestDesk) -> None:
    """Policy IV.(1)2."""
    make_account(sqlite_desk, "mei", Role.AGENT, undertaking=False)
    async with at_the_door(sqlite_desk) as shown:
        await sign_in_as(shown, "mei")
        await shown.until_on(UndertakingScreen)
        await shown.until_words("Version")
        await shown.press("g", "q")
        assert isinstance(shown.app.screen, UndertakingScreen)
        await shown.press("ctrl+y")
        await shown.until_on(QueueScreen)
    with sqlite_desk.desk.database.reading() as db:
        assert db.scalars(select(Undertaking)).one().agent_id


async def test_who_does_not_accept_the_undertaking_is_signed_out(sqlite_desk: TestDesk) -> None:
    make_account(sqlite_desk, "mei", Role.AGENT, undertaking=False)
    async with at_the_door(sqlite_desk) as shown:
        await sign_in_as(shown, "mei")
        await shown.until_on(UndertakingScreen)
        await shown.press("escape")
        await shown.until_on(SignInScreen)
        await shown.until_words("signed out")
    with sqlite_desk.desk.database.reading() as db:
        assert all(ended is not None for ended in db.scalars(select(col(AgentSession.ended_at))))


async def test_a_password_that_somebody_else_set_is_changed_first(sqlite_desk: TestDesk) -> None:
    """ASVS 6.4.1."""
    make_account(sqlite_desk, "mei", Role.AGENT, undertaking=False, temporary=True)
    async with at_the_door(sqlite_desk) as shown:
        await sign_in_as(shown, "mei")
        await shown.until_on(PasswordScreen)
        await _choose(shown, PASSWORD, "another seven harbours", "not the same at all")
        await shown.until_words("new passwords differ")
        await shown.type("another seven harbours")
        await shown.press("enter")
        await shown.until_on(UndertakingScreen)


async def _choose(shown: Console, *fields: str) -> None:
    for text in fields:
        await shown.type(text)
        await shown.press("enter")


async def test_a_reason_for_a_refused_new_password_is_shown(sqlite_desk: TestDesk) -> None:
    make_account(sqlite_desk, "mei", Role.AGENT, undertaking=False, temporary=True)
    async with at_the_door(sqlite_desk) as shown:
        await sign_in_as(shown, "mei")
        await shown.until_on(PasswordScreen)
        await _choose(shown, PASSWORD, "short", "short")
        await shown.until_words("15")
        assert isinstance(shown.app.screen, PasswordScreen)


async def test_signing_out_leaves_an_empty_door(sqlite_desk: TestDesk) -> None:
    """ASVS 7.4.4."""
    make_account(sqlite_desk, "mei", Role.AGENT)
    async with at_the_door(sqlite_desk) as shown:
        await sign_in_as(shown, "mei")
        await shown.until_on(QueueScreen)
        await shown.press("ctrl+o")
        await shown.until_on(SignInScreen)
        await shown.until(lambda: "You are signed out." in shown.notice)
        assert [field.value for field in shown.app.screen.query(Input)] == ["", "", ""]
        assert shown.app.session is None
        assert set(shown.app._screen_stacks) == {"door"}
        await shown.press("ctrl+p", "g", "ctrl+l")
        assert isinstance(shown.app.screen, SignInScreen)


async def test_a_session_that_was_ended_leads_back_with_the_reason(sqlite_desk: TestDesk) -> None:
    """ASVS 7.4.1: the session ends on the server; the screen follows at the next action."""
    make_account(sqlite_desk, "mei", Role.AGENT)
    async with at_the_door(sqlite_desk) as shown:
        await sign_in_as(shown, "mei")
        await shown.until_on(QueueScreen)
        with sqlite_desk.desk.database.transaction() as db:
            db.connection().execute(
                update(AgentSession).values(ended_at=sqlite_desk.clock.now(), end_reason="your account was changed")
            )
        await shown.press("f5")
        await shown.until_on(SignInScreen)
        await shown.until_words("your account was changed")
        assert shown.app.session is None
        await sign_in_as(shown, "mei")
        await shown.until_on(QueueScreen)


async def test_a_home_without_a_desk_says_so_on_the_screen(sqlite_desk: TestDesk) -> None:
    empty = sqlite_desk.desk.settings.model_copy(update={"home": sqlite_desk.desk.settings.home / "empty"})
    app = ConsoleApp(empty)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = Console(app, pilot)
        await shown.until_words("There is no desk here yet.", "cs-console init")
        assert isinstance(app.door.problem, NoDesk)
        await sign_in_as(shown, "mei")
        await shown.until_words("There is no desk here yet.")
        await shown.press("ctrl+q")
    assert app.return_code == 3
    assert not empty.home.exists()


async def test_a_reviewer_is_told_that_the_log_was_put_back(sqlite_desk: TestDesk) -> None:
    make_account(sqlite_desk, "omar", Role.SUPERVISOR)
    old = head_of(sqlite_desk)
    sign_out(sign_in(sqlite_desk.desk, "omar", PASSWORD).session)
    put_back(sqlite_desk, old)
    async with at_the_door(sqlite_desk) as shown:
        await sign_in_as(shown, "omar")
        await shown.until_words("not the one you last saw", "call an operator")
        assert shown.app.session is None


async def test_a_password_that_comes_in_one_burst_with_the_name_is_not_shown(sqlite_desk: TestDesk) -> None:
    """As a slow line or a password manager sends it: no key waits for the one before to be done."""
    async with at_the_door(sqlite_desk) as shown:
        await shown.until_on(SignInScreen)
        for key in ["m", "e", "i", "tab", *"quiet"]:
            shown.app.post_message(events.Key(key, key if len(key) == 1 else None))
        name, password = (shown.app.screen.query_one(field, Input) for field in ("#name", "#password"))
        await shown.until(lambda: len(name.value) + len(password.value) == 8, "every letter")
        assert (name.value, password.value) == ("mei", "quiet")


async def test_the_bottom_line_says_that_the_desk_was_reached_and_whether_its_log_holds(
    sqlite_desk: TestDesk,
) -> None:
    make_account(sqlite_desk, "mei", Role.AGENT)
    async with at_the_door(sqlite_desk) as shown:
        await shown.until(lambda: "✓ desk reached   ✓ log holds" in shown.drawn(), "the state")
        day = sqlite_desk.clock.now().astimezone()
        top = f"{day:%a} {day.day} {day:%b}  {day:%H:%M}"
        await shown.until(lambda: shown.drawn().splitlines()[0].rstrip().endswith(top), "the time")
    with sqlite_desk.desk.database.transaction() as db:
        db.connection().execute(sql("UPDATE log_head SET size = size + 7"))
    async with at_the_door(sqlite_desk) as shown:
        await shown.until(lambda: "✗ the log is broken" in shown.drawn(), "the cross")

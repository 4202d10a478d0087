"""The second factor on screen: set up with f7, asked for at sign-in, demanded by the settings."""

import pyotp
import pytest
from textual.widgets import Input, Static

from cs_console.staff.second_factor import RECOVERY_CODES, begin_enrolment, confirm_enrolment
from cs_console.staff.sign_in import sign_in, sign_out
from models.roles import Role
from screens.queue.queue import QueueScreen
from screens.sign_in.password import PasswordScreen
from screens.sign_in.second_factor import SecondFactorScreen
from screens.sign_in.sign_in import SignInScreen
from tests.support.consoles import SIZES, Console, words_of
from tests.support.desk import TestDesk
from tests.support.doors import PASSWORD, at_the_door, make_account, sign_in_as

pytestmark = pytest.mark.usefixtures("cheap_passwords")


async def enrol_on_screen(shown: Console, test_desk: TestDesk) -> str:
    """From the password to the recovery codes; returns the secret that the screen showed."""
    await shown.type(PASSWORD)
    await shown.press("enter")
    await shown.until(lambda: shown.app.screen.query_one("#code", Input).display, "the secret")
    secret = words_of(shown.app.screen.query_one("#secret")).replace(" ", "").upper()
    await shown.type(pyotp.TOTP(secret).at(test_desk.clock.now()))
    await shown.press("enter")
    await shown.until_words("is set up")
    test_desk.clock.forward(seconds=30)
    return secret


@pytest.mark.parametrize("size", [*SIZES, (60, 16)])
async def test_it_is_set_up_by_oneself_and_then_asked_for(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    make_account(sqlite_desk, "mei", Role.AGENT)
    async with at_the_door(sqlite_desk, size) as shown:
        await sign_in_as(shown, "mei")
        await shown.until_on(QueueScreen)
        await shown.press("f7")
        await shown.until_words("Set up a second factor")
        await shown.press("down", "enter")
        await shown.until_on(SecondFactorScreen)
        secret = await enrol_on_screen(shown, sqlite_desk)
        codes = words_of(shown.app.screen.query_one("#secret")).split("\n")[: RECOVERY_CODES // 2]
        assert all(len(row.split()) == 2 for row in codes)
        await shown.press("escape")
        await shown.until_on(QueueScreen)
        await shown.press("ctrl+o")
        await shown.until_on(SignInScreen)
        await sign_in_as(shown, "mei")
        await shown.until(lambda: shown.app.screen.query_one("#code", Input).display, "the code's field")
        assert shown.app.session is None
        await shown.type("000000")
        await shown.press("enter")
        await shown.until_words("was not accepted")
        await shown.type(pyotp.TOTP(secret).at(sqlite_desk.clock.now()))
        await shown.press("enter")
        await shown.until_on(QueueScreen)


async def test_escape_leads_from_the_code_back_to_the_name(sqlite_desk: TestDesk) -> None:
    make_account(sqlite_desk, "mei", Role.AGENT)
    session = sign_in(sqlite_desk.desk, "mei", PASSWORD).session
    secret = begin_enrolment(session, PASSWORD).secret
    confirm_enrolment(session, pyotp.TOTP(secret).at(sqlite_desk.clock.now()))
    sign_out(session)
    async with at_the_door(sqlite_desk) as shown:
        await sign_in_as(shown, "mei")
        await shown.until(lambda: shown.app.screen.query_one("#code", Input).display, "the code's field")
        await shown.press("escape")
        await shown.until(lambda: shown.app.screen.query_one("#name", Input).has_focus)
        assert not shown.app.screen.query_one("#code").display


async def test_where_it_is_demanded_there_is_only_setting_it_up_or_leaving(sqlite_desk: TestDesk) -> None:
    make_account(sqlite_desk, "omar", Role.SUPERVISOR)
    desk = sqlite_desk.desk
    desk.settings = desk.settings.model_copy(update={"second_factor": (Role.SUPERVISOR,)})
    async with at_the_door(sqlite_desk) as shown:
        await sign_in_as(shown, "omar")
        await shown.until_on(SecondFactorScreen)
        await shown.until_words("Your role needs a second factor")
        await shown.press("f7", "ctrl+p", "ctrl+l")
        assert isinstance(shown.app.screen, SecondFactorScreen)
        await shown.press("escape")
        await shown.until_on(SignInScreen)
        await sign_in_as(shown, "omar")
        await shown.until_on(SecondFactorScreen)
        await enrol_on_screen(shown, sqlite_desk)
        await shown.press("escape")
        await shown.until_on(QueueScreen)


async def test_the_lock_takes_the_secret_off_the_screen(sqlite_desk: TestDesk) -> None:
    make_account(sqlite_desk, "mei", Role.AGENT)
    async with at_the_door(sqlite_desk) as shown:
        await sign_in_as(shown, "mei")
        await shown.until_on(QueueScreen)
        screen = SecondFactorScreen()
        await shown.open(screen)
        await shown.type(PASSWORD)
        await shown.press("enter")
        await shown.until(lambda: screen.query_one("#code", Input).display, "the secret")
        await shown.press("ctrl+l")
        await shown.until(lambda: shown.app.locked)
        assert words_of(screen.query_one("#secret")) == words_of(screen.query_one("#picture", Static)) == ""


async def test_ones_own_password_is_changed_without_leaving(sqlite_desk: TestDesk) -> None:
    make_account(sqlite_desk, "mei", Role.AGENT)
    async with at_the_door(sqlite_desk) as shown:
        await sign_in_as(shown, "mei")
        await shown.until_on(QueueScreen)
        await shown.press("f7")
        await shown.until_words("Change the password")
        await shown.press("enter")
        await shown.until_on(PasswordScreen)
        for words in (PASSWORD, "violet compass winter", "violet compass winter"):
            await shown.type(words)
            await shown.press("enter")
        await shown.until_on(QueueScreen)
        await shown.until(lambda: "was changed" in shown.notice)
    sign_in(sqlite_desk.desk, "mei", "violet compass winter")

"""A value that was hidden and a password that was used are held by nothing: no widget, cache, frame or task."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.widgets import Input

from cs_console.casework.conversation import reload
from cs_console.desk import operator_session
from cs_console.intake.mail import read_mail
from cs_console.staff import accounts, passwords
from models.contact_fields import Field
from models.enums import TicketKind
from models.roles import Role
from screens.decisions.approval import ProposalScreen
from screens.decisions.approvals import ApprovalsScreen
from screens.frame.forgetting import forget_texts
from screens.frame.text_dialog import PasswordDialog
from screens.queue.look_up import LookUpScreen
from screens.queue.queue import QueueScreen
from screens.sign_in.lock import LockScreen
from screens.sign_in.password import PasswordScreen
from screens.sign_in.sign_in import SignInScreen
from screens.ticket.ticket import TicketScreen
from screens.verification.caller import CallerDialog
from screens.verification.verify import VerifyScreen
from tests.decisions.cases import person, propose, refusal, request
from tests.support.accounts import put_on_record
from tests.support.consoles import Console, console
from tests.support.desk import TestDesk
from tests.support.doors import at_the_door
from tests.support.held_words import backwards, holders
from tests.support.tickets import attach, make_ticket

pytestmark = [pytest.mark.usefixtures("cheap_passwords"), pytest.mark.own_caches]

EMAN = "w9k4regäsesnäG"
DROWSSAP = "etik9c1f-elppa!!"


async def nothing_holds(shown: Console, drow: str) -> None:
    """Wait until nothing does; a test fails with what still does."""
    left: list[str] = []

    def look() -> bool:
        left[:] = holders(drow)
        return not left

    try:
        await shown.until(look)
    except AssertionError:
        raise AssertionError(left) from None


@pytest.mark.parametrize("drow", [EMAN, DROWSSAP[6:]])
def test_the_words_looked_for_stand_in_no_source(drow: str) -> None:
    """A module of other tests that were collected into this process would hold them for good."""
    project = Path(__file__).parents[2]
    sources = [
        file
        for top in ("cs_console", "screens", "models", "benchmarks", "tests")
        for file in project.glob(f"{top}/**/*.py")
    ]
    assert Path(__file__) in sources
    assert [file for file in sources if backwards(drow) in file.read_text("utf-8")] == []


# --- a value


async def escape(shown: Console, _made: TestDesk) -> None:
    await shown.press("escape")


async def wait_for_its_end(_shown: Console, made: TestDesk) -> None:
    made.clock.forward(seconds=31)


async def lock(shown: Console, _made: TestDesk) -> None:
    await shown.press("ctrl+l")
    await shown.until_on(LockScreen)


async def sign_out(shown: Console, _made: TestDesk) -> None:
    shown.app.action_sign_out()
    await shown.until_on(SignInScreen)


@pytest.mark.parametrize("hide", [escape, wait_for_its_end, lock, sign_out])
@pytest.mark.parametrize("field", [Field.NAME, Field.MESSAGE])
async def test_a_value_that_was_hidden_is_held_by_nothing(
    sqlite_desk: TestDesk, field: Field, hide: Callable[[Console, TestDesk], Awaitable[None]]
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    number = make_ticket(
        sqlite_desk,
        kind=TicketKind.APPEAL,
        assignee=mei,
        text=f"I am {backwards(EMAN)} Example, and this is my letter.\n" * 12,
        contacts={Field.NAME: f"{backwards(EMAN)} Example"},
        verified=True,
    ).number
    re.purge()  # as if another process had taken it in
    async with console(sqlite_desk, mei, (120, 34)) as shown:
        screen = TicketScreen(number)
        await shown.open(screen)
        await shown.until(lambda: screen.view is not None, "the ticket")
        assert holders(EMAN) == []
        if field is Field.NAME:
            await shown.press("tab")
        await shown.press("r")
        await shown.until_words("Why do you need it?")
        await shown.press("enter")
        await shown.until(lambda: backwards(EMAN) in shown.drawn(), "the value")
        assert "cache of rich.cells.cached_cell_len" in {holder.partition(" (")[0] for holder in holders(EMAN)}
        await hide(shown, sqlite_desk)
        await nothing_holds(shown, EMAN)


@pytest.mark.parametrize("hide", [escape, lock, sign_out])
@pytest.mark.parametrize("name", ["letter.txt", "names.csv"])
async def test_a_file_that_was_closed_is_held_by_nothing(
    sqlite_desk: TestDesk, name: str, hide: Callable[[Console, TestDesk], Awaitable[None]]
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei, verified=True)
    content = f"I am {backwards(EMAN)};Example\nI am;{backwards(EMAN)}\n" * 12
    attach(sqlite_desk, made, name, "text/plain", content.encode())
    re.purge()  # as if another process had taken it in
    del content
    async with console(sqlite_desk, mei, (120, 34)) as shown:
        screen = TicketScreen(made.number)
        await shown.open(screen)
        await shown.until(lambda: screen.view is not None, "the ticket")
        await shown.press("f")
        await shown.until_words("Which file do you need to see?")
        await shown.press("enter")
        await shown.until_words("Why do you need it?")
        await shown.press("enter")
        await shown.until(lambda: backwards(EMAN) in shown.drawn(), "the file")
        assert holders(EMAN)
        await hide(shown, sqlite_desk)
        await nothing_holds(shown, EMAN)


@pytest.mark.parametrize("leave", [lock, sign_out])
async def test_what_was_typed_to_look_somebody_up_goes_with_the_session(
    sqlite_desk: TestDesk, leave: Callable[[Console, TestDesk], Awaitable[None]]
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        await shown.open(LookUpScreen())
        shown.app.screen.query_one("#contact", Input).insert_text_at_cursor(backwards(EMAN))
        await shown.until(lambda: backwards(EMAN) in shown.drawn(), "the words")
        await shown.press("escape")
        await shown.until_on(QueueScreen)
        await leave(shown, sqlite_desk)
        await nothing_holds(shown, EMAN)


@pytest.mark.parametrize("end", ["enter", "escape"])
@pytest.mark.parametrize(("field", "drow"), [(Field.NAME, EMAN), (Field.EMAIL, "gro.elpmaxe@3f7nworellac")])
async def test_what_a_caller_said_is_held_by_nothing(sqlite_desk: TestDesk, field: Field, drow: str, end: str) -> None:
    vera = sqlite_desk.session("vera", Role.VERIFIER)
    made = make_ticket(sqlite_desk, contacts={Field.NAME: "Alice", Field.EMAIL: "alice@example.org"})
    async with console(sqlite_desk, vera) as shown:
        screen = VerifyScreen(made.number)
        await shown.open(screen)
        await shown.until(lambda: screen._ways is not None, "the ways")
        screen.check_caller(field)
        await shown.until_on(CallerDialog)
        shown.app.screen.query_one("#said", Input).insert_text_at_cursor(backwards(drow))
        await shown.until(lambda: backwards(drow) in shown.drawn(), "the words")
        assert holders(drow)
        await shown.press(end)
        await shown.until_on(VerifyScreen)
        if end == "enter":
            await shown.until(lambda: "No match" in shown.notice)
        await nothing_holds(shown, drow)


def test_what_redaction_looks_for_is_held_by_nothing(sqlite_desk: TestDesk) -> None:
    """No pattern is made of a contact value, so `re` keeps none; what `re` does keep is forgotten."""
    make_ticket(sqlite_desk, text=f"I am {backwards(EMAN)}.", contacts={Field.NAME: f"{backwards(EMAN)} Example"})
    assert holders(EMAN) == []
    re.compile(backwards(EMAN))
    assert holders(EMAN)
    forget_texts()
    assert holders(EMAN) == []


# --- a password


@pytest.mark.parametrize("right", [True, False])
async def test_a_password_typed_at_the_door_is_held_by_nothing(sqlite_desk: TestDesk, right: bool) -> None:
    accounts.add_agent(
        operator_session(sqlite_desk.desk), "mei", (Role.AGENT,), backwards(DROWSSAP) + "!" * (not right)
    )
    async with at_the_door(sqlite_desk) as shown:
        await shown.type("mei")
        await shown.press("tab")
        await shown.type(backwards(DROWSSAP))
        assert holders(DROWSSAP[1:])  # also of its beginnings
        await shown.press("enter")
        await shown.until(lambda: shown.app.session is not None if right else "do not match" in shown.words())
        await nothing_holds(shown, DROWSSAP[6:])


def fill(shown: Console, name: str = "#password", end: str = "") -> None:
    """As if it had been typed, at once."""
    shown.app.screen.query_one(name, Input).insert_text_at_cursor(backwards(DROWSSAP) + end)


def give_password(made: TestDesk, agent_id: str) -> None:
    with made.desk.database.transaction() as db:
        hashed = passwords.hash_password(backwards(DROWSSAP))
        put_on_record(db, made.desk, agent_id, password_hash=hashed)


@pytest.mark.parametrize("end", ["enter", "escape"])
async def test_a_password_asked_again_before_an_approval_is_held_by_nothing(sqlite_desk: TestDesk, end: str) -> None:
    mei, sara = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sara", Role.SUPERVISOR)
    give_password(sqlite_desk, sara.agent.id)
    made = request(sqlite_desk, mei)
    propose(mei, made.number, reload(mei, made.number).version, refusal("D2", sqlite_desk.clock.now()))
    async with console(sqlite_desk, sara) as shown:
        await shown.press("g", "a")
        await shown.until_words("proposal is waiting")
        await shown.press("enter")
        await shown.until_words("Asked:")
        await shown.press("y")
        await shown.until_on(PasswordDialog)
        fill(shown)
        await shown.pilot.pause()
        assert holders(DROWSSAP)
        await shown.press(end)
        await shown.until_on(ApprovalsScreen if end == "enter" else ProposalScreen)
        await nothing_holds(shown, DROWSSAP[6:])


async def test_a_password_typed_at_the_lock_is_held_by_nothing(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    give_password(sqlite_desk, mei.agent.id)
    async with console(sqlite_desk, mei) as shown:
        await shown.until_on(QueueScreen)
        await shown.press("ctrl+l")
        await shown.until_on(LockScreen)
        fill(shown)
        await shown.pilot.pause()
        assert holders(DROWSSAP)
        await shown.press("enter")
        await shown.until_on(QueueScreen)
        await nothing_holds(shown, DROWSSAP[6:])


async def test_a_new_password_is_held_by_nothing(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    give_password(sqlite_desk, mei.agent.id)
    async with console(sqlite_desk, mei) as shown:
        shown.app._entering.steps = ["password"]
        await shown.open(PasswordScreen())
        for name, number in (("#old", ""), ("#new", "1"), ("#again", "1")):
            fill(shown, name, number)
            await shown.press("enter")
        await shown.until_on(QueueScreen)
        await nothing_holds(shown, DROWSSAP[6:])


async def test_every_password_field_is_one_that_forgets(sqlite_desk: TestDesk) -> None:
    import screens

    here = Path(screens.__path__[0])
    asking = [file.name for file in here.rglob("*.py") if "password=True" in file.read_text("utf-8")]
    assert asking == ["password_input.py"]
    async with at_the_door(sqlite_desk) as shown:
        assert shown.app.screen.query_one("#password", Input).password


def test_nothing_of_an_html_mail_is_held_once_it_was_read() -> None:
    drow = "x7m2regeizuarG"
    assert holders(drow) == []
    mail = f"Content-Type: text/html; charset=utf-8\n\n<ul><li>I am {backwards(drow)}.</li></ul>".encode()
    assert backwards(drow) in read_mail(mail).text
    del mail
    assert holders(drow) == []

"""Mail that is set aside, by keyboard: its views, reading on record, releasing, trying again, dropping, unblocking."""

import pytest
from textual.screen import Screen

from cs_console.desk import operator_session
from cs_console.intake.blocked_senders import block_sender
from cs_console.intake.intake import take_in
from cs_console.intake.mail import read_mail
from models.contact_fields import Field
from models.enums import Action
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.frame.text_dialog import WordsDialog
from screens.set_aside.set_aside import SetAsideScreen
from screens.set_aside.shown_mail import ShownMailScreen
from screens.ticket.ticket import TicketScreen
from screens.widgets.key_bar import KeyBar
from tests.support.consoles import NARROW, WIDE, console
from tests.support.desk import TestDesk
from tests.support.stored import entries, keep_apart, opened_ticket, ticket_numbers, unreadable
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # about screens

SPAM = (
    b"From: jane@mail.example\nSubject: Delete my data, +86 138 0013 8000\nX-Spam-Flag: YES\n\nErase \x1b[2J[b]me[/b]."
)


def put_aside(test_desk: TestDesk) -> None:
    """Spam, and one that cannot be read."""
    take_in(operator_session(test_desk.desk), read_mail(SPAM))
    with test_desk.desk.database.transaction() as db:
        keep_apart(db, test_desk.desk, unreadable(test_desk.desk, "x", 7, "too_deep: It is nested too deep."))


def keys_shown(screen: Screen[object]) -> list[str]:
    return [words for _sign, words, _key in screen.query_one(KeyBar).shown()]


@pytest.mark.parametrize("size", [(60, 16), NARROW, WIDE])
async def test_each_view_shows_what_is_there_and_how_many(test_desk: TestDesk, size: tuple[int, int]) -> None:
    put_aside(test_desk)
    officer = test_desk.session("olga", Role.PRIVACY_OFFICER)
    async with console(test_desk, officer, size) as shown:
        await shown.press("g", "m")
        await shown.until_on(SetAsideScreen)
        await shown.until_words("[1 Unreadable 1]")
        assert "2 Spam 1" in shown.drawn()
        assert "It is nested too deep." in shown.drawn()
        assert "too_deep" not in shown.drawn()
        assert "Here because" in shown.drawn() and shown.drawn().count("It is nested too deep.") == 2  # and told below
        assert "Try again" in keys_shown(shown.app.screen)
        await shown.press("2")
        await shown.until_words("[2 Spam 1]")
        assert all(word in shown.drawn() for word in ("rights", "Delete my"))
        assert size[0] == 60 or "Delete my data, [mobile]" in shown.drawn()
        assert "Try again" not in keys_shown(shown.app.screen)
        await shown.press("6")
        await shown.until_words("No sender is blocked.")
        assert "Release" not in keys_shown(shown.app.screen)


@pytest.mark.parametrize("size", [(60, 16), NARROW, WIDE])
async def test_a_subject_too_long_for_the_screen_says_so_and_uses_its_width(
    test_desk: TestDesk, size: tuple[int, int]
) -> None:
    long = b"lamps and " * 20
    take_in(operator_session(test_desk.desk), read_mail(SPAM.replace(b"Delete my data,", long)))
    async with console(test_desk, test_desk.session("omar", Role.SUPERVISOR), size) as shown:
        await shown.press("g", "m")
        await shown.until_words("2 Spam 1")
        await shown.press("2")
        await shown.until_words("[2 Spam 1]")
        [line] = [line for line in shown.drawn().splitlines() if "inquiry" in line]
        assert line.rstrip().endswith("…")
        assert len(line.rstrip()) >= size[0] - 6


async def test_a_privacy_officer_reads_one_on_record(test_desk: TestDesk) -> None:
    put_aside(test_desk)
    officer = test_desk.session("olga", Role.PRIVACY_OFFICER)
    async with console(test_desk, officer) as shown:
        await shown.press("g", "m")
        await shown.until_words("[1 Unreadable 1]")
        await shown.press("2")
        await shown.until_words("[2 Spam 1]")
        await shown.press("enter")
        await shown.until_on(ChoiceDialog)
        await shown.press("enter")
        await shown.until_on(ShownMailScreen)
        await shown.until_words("Erase ␛[2J[b]me[/b].")
        [entry] = entries(test_desk.desk, Action.SET_ASIDE_READ.value)
        assert (entry.actor, entry.purpose) == ("olga", "sort")
        await shown.press("ctrl+l")
        await shown.until(lambda: "Erase" not in shown.drawn(), "the lock")


async def test_a_supervisor_is_refused_to_read_and_nothing_is_shown(test_desk: TestDesk) -> None:
    put_aside(test_desk)
    async with console(test_desk, test_desk.session("omar", Role.SUPERVISOR)) as shown:
        await shown.press("g", "m")
        await shown.until_words("[1 Unreadable 1]")
        await shown.press("enter")  # said at once, before a purpose is asked for
        await shown.until(lambda: "privacy officer" in shown.notice, "the refusal")
        assert isinstance(shown.app.screen, SetAsideScreen)


async def test_one_is_released_and_one_dropped_with_a_reason(test_desk: TestDesk) -> None:
    put_aside(test_desk)
    async with console(test_desk, test_desk.session("omar", Role.SUPERVISOR)) as shown:
        await shown.press("g", "m")
        await shown.until_words("[1 Unreadable 1]")
        await shown.press("t")
        await shown.until(lambda: "None of them can be read" in shown.notice, "another try")
        await shown.press("D")
        await shown.until_on(WordsDialog)
        await shown.type("noise")
        await shown.press("ctrl+s")
        await shown.until(lambda: "was dropped" in shown.notice, "dropping")
        await shown.until_words("Everything that came could be read.")
        assert not {"Open", "Release", "Try again", "Drop"} & {*shown.offered()}
        await shown.press("2")
        await shown.until_words("[2 Spam 1]")
        await shown.press("y")
        await shown.until(lambda: "Mail 1 opened #10401." in shown.notice, "the release")
        await shown.until_words("[2 Spam 0]")
    assert ticket_numbers(test_desk.desk) == [10_401]
    assert opened_ticket(test_desk.desk, 10_401).texts[0].startswith("Erase")
    [dropped] = entries(test_desk.desk, Action.SET_ASIDE_DROPPED.value)
    assert dropped.reason == "set aside 2: noise"


async def test_a_sender_is_blocked_on_the_ticket_and_unblocked_in_the_list(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    case = make_ticket(test_desk, contacts={Field.EMAIL: "jane@mail.example.org"}, on_file=False, assignee=mei)
    async with console(test_desk, mei) as shown:
        await shown.open(TicketScreen(case.number))
        await shown.until_words("A question")
        await shown.press("B")
        await shown.until_on(WordsDialog)
        await shown.type("threats")
        await shown.press("ctrl+s")
        await shown.until(lambda: "is blocked" in shown.notice, "the block")
    assert [one.ticket for one in entries(test_desk.desk, Action.SENDER_BLOCKED.value)] == [case.number]
    async with console(test_desk, test_desk.session("omar", Role.SUPERVISOR)) as shown:
        await shown.press("g", "m")
        await shown.until_words("6 Blocked 1")
        await shown.press("6")
        await shown.until(lambda: "j•••@m•••.org" in shown.drawn(), "the blocked sender")
        await shown.press("w")
        await shown.until(lambda: "is not blocked any more" in shown.notice, "unblocking")
        await shown.until_words("[6 Blocked 0]")


async def test_an_agent_has_no_such_place(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    make_ticket(test_desk, contacts={}, assignee=mei)
    block = pytest.raises(Exception, match="shows no address")
    with block:
        block_sender(mei, 10_401, "x")
    async with console(test_desk, mei) as shown:
        await shown.press("g", "m")
        assert not isinstance(shown.app.screen, SetAsideScreen)

"""On the ticket: moving it to another policy with M, sending its notice again with N."""

import pytest

from cs_console.adoption.adopting import adopt, note_current
from cs_console.decisions.approval_queue import last_decision
from cs_console.desk import operator_session
from cs_console.policy.loader import DEFAULT
from models.enums import Action
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.frame.text_dialog import WordsDialog
from screens.ticket.ticket import TicketScreen
from tests.casework.test_move_policy import GDPR
from tests.decisions.cases import person, request
from tests.decisions.test_resend_notice import decided, refused_mail
from tests.support.consoles import NARROW, WIDE, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of


@pytest.mark.parametrize("size", [NARROW])
async def test_a_supervisor_moves_a_ticket_and_says_why(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    desk = sqlite_desk.desk
    note_current(desk)
    mei, sue = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sue", Role.SUPERVISOR)
    number = request(sqlite_desk, mei).number
    adopt(operator_session(desk), GDPR)
    desk.packs.adopted = DEFAULT
    async with console(sqlite_desk, sue, size) as shown:
        await shown.open(TicketScreen(number))
        await shown.until_words("mei")
        await shown.press("M")
        await shown.until_on(ChoiceDialog)
        assert f"#{number} is under the HautHome Privacy Policy" in shown.drawn()
        assert "General Data Protection Regulation" in shown.drawn()
        await shown.press("enter")
        await shown.until_on(WordsDialog)
        await shown.type("Lives in Lyon.")
        await shown.until_typed("Lives in Lyon.")
        await shown.press("ctrl+s")
        await shown.until(lambda: "is now under the General Data Protection Regulation" in shown.notice, "the move")
    assert ticket_of(sqlite_desk, number).pack == GDPR
    assert len(recorded(desk, Action.POLICY_MOVED)) == 1


async def test_where_no_other_policy_is_adopted_it_says_so(sqlite_desk: TestDesk) -> None:
    sue = person(sqlite_desk, "sue", Role.SUPERVISOR)
    number = request(sqlite_desk, sue).number
    async with console(sqlite_desk, sue) as shown:
        await shown.open(TicketScreen(number))
        await shown.until_words("mine")
        await shown.press("M")
        await shown.until_on(ChoiceDialog)
        assert "No other policy" in shown.drawn()
        await shown.press("enter", "escape")
        await shown.until_on(TicketScreen)


@pytest.mark.parametrize("size", [WIDE])
async def test_a_notice_that_was_not_delivered_is_seen_and_sent_elsewhere(
    sqlite_desk: TestDesk, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with refused_mail(monkeypatch):
        mei, _, made = decided(sqlite_desk)
    async with console(sqlite_desk, mei, size) as shown:
        await shown.open(TicketScreen(made.number))
        await shown.until_words("not delivered")
        await shown.press("N")
        await shown.until_on(ChoiceDialog)
        drawn = shown.drawn()
        for words in ("could not be delivered", "Send it to the e-mail address", "+86 ••", "posted as a letter"):
            assert words in drawn
        await shown.press("j", "enter")
        await shown.until(lambda: "The notice was sent." in shown.notice, "the notice")
    last = last_decision(mei, made.number)
    assert last is not None
    assert last.delivery == "The notice was sent."


async def test_a_letter_that_was_posted_is_noted(sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    with refused_mail(monkeypatch):
        mei, _, made = decided(sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        await shown.open(TicketScreen(made.number))
        await shown.until_words("not delivered")
        await shown.press("N")
        await shown.until_on(ChoiceDialog)
        await shown.press("end", "enter")
        await shown.until(lambda: "The notice was sent." in shown.notice, "the notice")
    assert recorded(sqlite_desk.desk, Action.NOTICE_POSTED)[-1].reason == "posted as a letter"


async def test_without_a_notice_it_says_so(sqlite_desk: TestDesk) -> None:
    mei = person(sqlite_desk, "mei", Role.AGENT)
    number = request(sqlite_desk, mei).number
    async with console(sqlite_desk, mei) as shown:
        await shown.open(TicketScreen(number))
        await shown.until_words("mine")
        await shown.press("N")
        await shown.until(lambda: "has no notice" in shown.notice, "why not")

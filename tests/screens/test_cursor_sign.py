"""The line under the cursor has a sign of its own, in every list and theme: nothing relies on colour alone."""

import pytest

from cs_console.casework.conversation import open_ticket
from models.contact_fields import Field
from models.roles import Role
from screens.decisions.approvals import ApprovalsScreen
from screens.decisions.decision import DecisionScreen
from screens.decisions.grounds import GroundLine
from screens.frame.theme import THEMES
from screens.queue.ticket_table import TicketTable
from screens.ticket.facts import Facts
from screens.ticket.ticket import TicketScreen
from screens.widgets import notice_bar
from screens.widgets.notice_bar import NoticeBar, Tone
from tests.decisions.cases import person, propose, refusal, request
from tests.support.consoles import NARROW, SIZES, Console, console
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket


def signed(shown: Console, sign: str = "▌") -> list[str]:
    """The drawn lines with that sign, from the sign on."""
    return [line[line.index(sign) :] for line in shown.drawn().splitlines() if sign in line]


@pytest.mark.parametrize("size", [NARROW])
@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_the_checklist_says_by_a_sign_where_the_keyboard_is(
    sqlite_desk: TestDesk, theme: str, size: tuple[int, int]
) -> None:
    mei = person(sqlite_desk, "mei", Role.AGENT)
    made = request(sqlite_desk, mei)
    async with console(sqlite_desk, mei, size) as shown:
        shown.app.theme = theme
        await shown.open(DecisionScreen(made.number))
        await shown.until_words("Grounds", "Answer")
        await shown.until(lambda: any(line.startswith("▌◐ Asked for") for line in signed(shown)), "the sign")
        await shown.press("j")
        await shown.until(lambda: any(line.startswith("▌◐ Grounds") for line in signed(shown)), "the sign one on")
        await shown.press("enter")
        await shown.until(lambda: any(line.startswith("▏◐ Grounds") for line in signed(shown, "▏")), "the step kept")
        at = shown.app.screen.focused
        assert isinstance(at, GroundLine) and len(signed(shown)) == 1
        assert signed(shown)[0].startswith(f"▌ ○ {at.ground.title}"[:30])


@pytest.mark.parametrize("size", SIZES)
async def test_the_queue_and_a_tickets_facts_have_the_sign(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    mobile = {Field.MOBILE: "+8613800138000"}
    _, under = (make_ticket(sqlite_desk, contacts=mobile, subject=subject) for subject in ("First", "Second"))
    async with console(sqlite_desk, mei, size) as shown:
        await shown.press("9")
        await shown.until(lambda: shown.app.screen.query_one(TicketTable).row_count == 2, "both")
        await shown.press("j")
        table = shown.app.screen.query_one(TicketTable)
        await shown.until(lambda: table.cursor_row == 1)
        await shown.until(lambda: any("Second" in line for line in signed(shown)), "the sign")
        assert not any("First" in line for line in signed(shown))
        await shown.open(TicketScreen(under.number))
        await shown.until(lambda: bool(shown.app.screen.query_one(Facts).facts), "the facts")
        await shown.press("tab")
        await shown.until(lambda: any(line.startswith("▌ Mobile") for line in signed(shown)), "the sign of a fact")


async def test_approvals_and_the_log_have_the_sign(sqlite_desk: TestDesk) -> None:
    mei, sue = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sue", Role.SUPERVISOR)
    made = request(sqlite_desk, mei)
    view = open_ticket(mei, made.number)
    propose(mei, made.number, view.version, refusal("S4", sqlite_desk.clock.now()))
    async with console(sqlite_desk, sue) as shown:
        await shown.press("g", "a")
        await shown.until_on(ApprovalsScreen)
        await shown.until(lambda: any(line.startswith(f"▌#{made.number}") for line in signed(shown)), "the proposal")
        await shown.press("g", "l")
        await shown.until(lambda: any(line.startswith("▌") for line in signed(shown)), "the entry")


async def test_a_notice_never_covers_the_line_under_the_cursor(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    for at in range(40):
        make_ticket(sqlite_desk, subject=f"Matter {at}.")
    async with console(sqlite_desk, mei) as shown:
        await shown.press("9")
        table = shown.app.screen.query_one(TicketTable)
        await shown.until(lambda: table.row_count == 40, "the tickets")
        seen = table.size.height - 1  # above them is the head of their group
        await shown.press(*["j"] * (seen - 1))
        await shown.until(lambda: table.cursor_row == seen - 1)
        assert table.scroll_offset.y == 0
        shown.app.screen.query_one(NoticeBar).say("Mark tickets first (x). " * 8, Tone.WARNING)
        await shown.until(lambda: table.size.height - 1 < seen, "the notice")
        subject = table.tickets[table.cursor_row].subject
        await shown.until(lambda: any(line.startswith("▌") and subject in line for line in signed(shown)), subject)


async def test_notices_go_by_themselves_on_lists(sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice_bar, "PROBLEM_SECONDS", 0.3)
    monkeypatch.setattr(notice_bar, "SECONDS_SHOWN", 0.2)
    mei = person(sqlite_desk, "mei", Role.AGENT)
    made = request(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        bar = shown.app.screen.query_one(NoticeBar)
        for tone in Tone:
            bar.say("Something to know.", tone)
            bar.say("Something to know.", tone)
            assert bar.display
            await shown.until(lambda: not bar.display, f"the end of {tone}")
        await shown.open(DecisionScreen(made.number))
        await shown.until_words("Grounds")
        form = shown.app.screen.query_one(NoticeBar)
        form.say("That must be corrected.", Tone.WARNING)
        bar.say("Something to know.", Tone.WARNING)
        await shown.until(lambda: not bar.display, "the end of the other")
        assert form.display, "a notice about input to correct stays"

"""Who else is on a ticket, as two consoles on one desk show each other."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, select
from sqlmodel import col

from cs_console.casework.presence import be_on, leave
from cs_console.desk import DeskSession
from cs_console.tickets.present import Present
from models.enums import Doing
from models.presence import Presence
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.queue.queue import QueueScreen
from screens.queue.reading_pane import ReadingPane
from screens.queue.ticket_table import TicketTable
from screens.ticket import being_here, ticket
from screens.ticket.compose import ComposeScreen
from screens.ticket.ticket import TicketScreen
from screens.widgets.signs import use_signs
from tests.support.consoles import NARROW, WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket


@pytest.fixture(autouse=True)
def _drawn_signs() -> Iterator[None]:
    yield
    use_signs("drawn")


@pytest.fixture(autouse=True)
def _said_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticket, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(being_here, "SAY_AGAIN_SECONDS", 0.3)


@pytest.fixture
def mei(sqlite_desk: TestDesk) -> DeskSession:
    return sqlite_desk.session("mei", Role.AGENT)


@pytest.fixture
def ben(sqlite_desk: TestDesk) -> DeskSession:
    return sqlite_desk.session("ben", Role.AGENT)


def line_of(shown: Console, subject: str) -> str:
    return next(line for line in shown.drawn().splitlines() if subject in line)


async def until_told(shown: Console, *told: tuple[str, Doing]) -> None:
    """Let the queue read again, as it does every ten seconds, until its only row knows that these people are there."""

    def knows() -> bool:
        screen = shown.app.screen
        assert isinstance(screen, QueueScreen)
        screen.refresh_now()
        (row,) = screen.query_one(TicketTable).tickets
        return [(one.name, one.doing) for one in row.present] == [*told]

    await shown.until(knows, repr(told))
    await shown.pilot.pause()


@pytest.mark.parametrize(
    ("columns", "reads", "writes"),
    [(130, "◉ mei", "✎ mei"), (120, "◉", "✎"), (80, "◉", "✎"), (60, "", "")],
)
async def test_a_row_says_who_is_on_its_ticket_as_far_as_there_is_room(
    sqlite_desk: TestDesk, mei: DeskSession, ben: DeskSession, columns: int, reads: str, writes: str
) -> None:
    """DESIGN-NOTES 4: the name gives way first, then number and state, then the sign."""
    made = make_ticket(sqlite_desk, assignee=mei, subject="Coupon")
    async with console(sqlite_desk, ben, (columns, 24)) as shown:
        await shown.press("9")
        await shown.until(lambda: "Coupon" in shown.drawn(), "the ticket")
        before = line_of(shown, "Coupon").rstrip()
        for doing, sign in ((Doing.READS, reads), (Doing.ANSWERS, writes)):
            be_on(mei, made.number, doing)
            await until_told(shown, ("mei", doing))
            line = line_of(shown, "Coupon").rstrip()
            assert line.startswith(before)
            assert line.removeprefix(before).strip() == sign
        leave(mei, made.number)
        await until_told(shown)
        assert line_of(shown, "Coupon").rstrip() == before


async def test_an_agents_own_view_has_room_for_the_name_at_120_columns(
    sqlite_desk: TestDesk, mei: DeskSession, ben: DeskSession
) -> None:
    made = make_ticket(sqlite_desk, assignee=mei, subject="Coupon")
    be_on(ben, made.number, Doing.NOTES)
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.until(lambda: line_of(shown, "Coupon").rstrip().endswith("✎ ben"), "ben")


async def test_plain_signs_are_letters(sqlite_desk: TestDesk, mei: DeskSession, ben: DeskSession) -> None:
    made = make_ticket(sqlite_desk, assignee=mei, subject="Coupon")
    be_on(ben, made.number, Doing.NOTES)
    sqlite_desk.desk.settings = sqlite_desk.desk.settings.model_copy(update={"signs": "plain"})
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.until(lambda: line_of(shown, "Coupon").rstrip().endswith("t:ben"), "ben")


async def test_the_reading_pane_says_who_is_there_and_since_when(
    sqlite_desk: TestDesk, mei: DeskSession, ben: DeskSession
) -> None:
    made = make_ticket(sqlite_desk, assignee=mei, subject="Coupon")
    be_on(mei, made.number, Doing.ANSWERS)
    async with console(sqlite_desk, ben, WIDE) as shown:
        await shown.press("9")
        await shown.until(lambda: "mei writes an answer since" in shown.drawn(), "mei")
        assert shown.app.screen.query_one(ReadingPane).ticket is not None


def places(test_desk: TestDesk) -> list[tuple[int, str]]:
    """What consoles say, as it is stored."""
    with test_desk.desk.database.reading() as db:
        rows = db.connection().execute(select(col(Presence.ticket_number), col(Presence.doing)))
        return [(number, doing) for number, doing in rows]


async def until_said(shown: Console, test_desk: TestDesk, number: int, doing: str) -> None:
    """Wait until one person is on a ticket, who does this there."""
    await shown.until(lambda: places(test_desk) == [(number, doing)], doing)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_tickets_head_says_at_its_right_who_reads_and_who_writes(
    sqlite_desk: TestDesk, mei: DeskSession, ben: DeskSession, size: tuple[int, int]
) -> None:
    made = make_ticket(sqlite_desk, assignee=mei, subject="Coupon")
    async with console(sqlite_desk, ben, size) as shown:
        screen = await shown.open_ticket(made.number)
        assert "mei" not in shown.drawn().replace("with mei", "").splitlines()[0]
        be_on(mei, made.number, Doing.READS)
        screen.refresh_now()
        words = "◉ mei reads" if size is WIDE else "◉ mei"
        await shown.until(lambda: f"{words}" in shown.drawn(), words)
        line = line_of(shown, words).rstrip()
        assert line.endswith(words)
        assert len(line) == size[0] - 2, "it ends at the outer margin"
        assert not shown.notice
        be_on(mei, made.number, Doing.ANSWERS)
        screen.refresh_now()
        words = "✎ mei writes" if size is WIDE else "✎ mei"
        await shown.until(lambda: words in shown.drawn(), words)
        assert "Mei has been writing an answer since" in shown.notice
        leave(mei, made.number)
        screen.refresh_now()
        await shown.until(lambda: "✎" not in shown.drawn(), "that mei has left")


async def test_a_console_says_what_its_agent_does_on_a_ticket(sqlite_desk: TestDesk, mei: DeskSession) -> None:
    made, other = make_ticket(sqlite_desk, assignee=mei), make_ticket(sqlite_desk)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        await shown.until(lambda: places(sqlite_desk) == [(made.number, "reads")], "that she reads")
        for key, doing in (("m", "answers"), ("i", "notes")):
            await shown.press(key)
            await shown.until_on(ComposeScreen)
            await until_said(shown, sqlite_desk, made.number, doing)
            await shown.press("escape")
            await shown.until_on(TicketScreen)
            await shown.until(lambda: places(sqlite_desk) == [(made.number, "reads")], "that she reads again")
        await shown.press("s")
        await shown.until_on(ChoiceDialog)
        with sqlite_desk.desk.database.transaction() as db:
            db.connection().execute(delete(Presence))
        await until_said(shown, sqlite_desk, made.number, "reads")  # a dialog is still this ticket
        await shown.press("escape", "escape")
        await shown.until_on(QueueScreen)
        await shown.until(lambda: places(sqlite_desk) == [], "that she has left")
        await shown.open_ticket(other.number)
        await shown.pilot.pause(0.5)
        assert places(sqlite_desk) == [], "of what is only read, others are told on one's own tickets alone"


async def test_signing_out_leaves_the_ticket(sqlite_desk: TestDesk, mei: DeskSession) -> None:
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        await shown.until(lambda: places(sqlite_desk) != [], "that she reads")
        await shown.press("ctrl+o")
        await shown.until(lambda: places(sqlite_desk) == [], "that she is gone")


async def test_who_locks_the_console_or_goes_elsewhere_says_nothing_more(
    sqlite_desk: TestDesk, mei: DeskSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Doing] = []

    def noted(session: DeskSession, number: int, doing: Doing) -> tuple[Present, ...]:
        said.append(doing)
        return be_on(session, number, doing)

    monkeypatch.setattr(being_here, "be_on", noted)
    made = make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        await shown.until(lambda: len(said) > 2, "that she says it again")
        await shown.press("d")
        await shown.until(lambda: not isinstance(shown.app.screen, TicketScreen), "another screen")
        await shown.pilot.pause(0.2)
        before = len(said)
        await shown.pilot.pause(0.8)
        assert len(said) == before, "no one is told of what is done on other screens"
        await shown.press("escape")
        await shown.until(lambda: len(said) > before, "that she is back")
        await shown.press("ctrl+l")
        await shown.until(lambda: shown.app.locked, "the lock")
        await shown.pilot.pause(0.2)
        before = len(said)
        await shown.pilot.pause(0.8)
        assert len(said) == before


async def until_open(shown: Console, view: str) -> None:
    """Open the only ticket of a view by its keys."""
    await shown.press(view)
    await shown.until(lambda: "Coupon" in shown.drawn(), "the ticket")
    await shown.press("enter")
    await shown.until_on(TicketScreen)
    await shown.until(lambda: "Contacts" in shown.drawn() or "all facts" in shown.drawn(), "that it is read")


async def test_of_two_consoles_who_opens_and_who_answers_is_told_of_the_other(
    sqlite_desk: TestDesk, mei: DeskSession, ben: DeskSession
) -> None:
    made = make_ticket(sqlite_desk, assignee=mei, subject="Coupon")
    async with console(sqlite_desk, mei) as hers, console(sqlite_desk, ben) as his:
        await until_open(hers, "1")  # by keys alone: what a test calls itself would run in the last console
        await hers.press("m")
        await hers.until_on(ComposeScreen)
        await hers.until(lambda: places(sqlite_desk) == [(made.number, "answers")], "that she answers")
        await until_open(his, "9")
        await his.until(lambda: his.notice.startswith("Mei has been writing an answer since"), "that mei answers")
        await his.press("m")
        await his.until_on(ChoiceDialog)
        assert "Mei has been writing an answer since" in his.words()
        await his.press("enter")
        await his.until_on(TicketScreen)
        await his.press("m")
        await his.until_on(ChoiceDialog)
        await his.press("down", "enter")
        await his.until_on(ComposeScreen)
        await hers.until(lambda: "Ben has been writing an answer since" in hers.notice, "that ben answers too")
        await hers.press("H", "i")
        assert "Ben has been" in hers.notice, "typing on does not hide it"
        await his.press("escape")
        await his.until_on(TicketScreen)
        await his.until(lambda: places(sqlite_desk) == [(made.number, "answers")], "that ben writes no more")

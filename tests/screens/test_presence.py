"""Who else is on a ticket, as two consoles on one desk show each other."""

from collections.abc import Iterator

import pytest

from cs_console.casework.presence import be_on, leave
from cs_console.desk import DeskSession
from models.enums import Doing
from models.roles import Role
from screens.queue.queue import QueueScreen
from screens.queue.reading_pane import ReadingPane
from screens.queue.ticket_table import TicketTable
from screens.widgets.signs import use_signs
from tests.support.consoles import WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket


@pytest.fixture(autouse=True)
def _drawn_signs() -> Iterator[None]:
    yield
    use_signs("drawn")


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

"""The queue's reading pane: it follows the cursor, reads only what it rests on, and is where there is room for it."""

from threading import Event

import pytest

from cs_console.casework import workflow
from cs_console.casework.preview import Preview, preview
from cs_console.desk import DeskSession
from cs_console.verification.authority import record_age_band
from models.enums import Action, TicketKind
from models.roles import Role
from screens.queue import reading
from screens.queue.pane_words import READ_ON_TICKET
from screens.queue.queue import QueueScreen
from screens.queue.reading_pane import ReadingPane
from tests.screens.test_queue import numbers, table
from tests.support.answers import write
from tests.support.consoles import NARROW, WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.tickets import make_ticket

FOR_EVER = 120.0
WORDS = "My parcel of {} did not come."


def make_some(test_desk: TestDesk, session: DeskSession, count: int) -> list[int]:
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
    return [
        make_ticket(test_desk, assignee=session, subject=f"About {days[at]}", text=WORDS.format(days[at])).number
        for at in range(count)
    ]


def read(test_desk: TestDesk) -> list[int | None]:
    return [one.ticket for one in recorded(test_desk.desk, Action.TICKET_PREVIEWED)]


def pane(shown: Console) -> ReadingPane:
    return shown.app.screen.query_one(ReadingPane)


def text(shown: Console) -> str:
    seen = pane(shown).seen
    return "" if seen is None else seen.text


@pytest.mark.parametrize("size", [NARROW, WIDE, (160, 45), (60, 16)])
async def test_the_message_under_the_cursor_is_read_on_record(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    first, second = make_some(sqlite_desk, mei, 2)
    async with console(sqlite_desk, mei, size) as shown:
        await shown.until(lambda: "My parcel" in shown.drawn(), "the text")
        assert read(sqlite_desk) == [first]
        await shown.press("j")
        await shown.until(lambda: "of Tuesday" in text(shown), "the other's")
        await shown.press("k")
        await shown.until(lambda: "of Monday" in text(shown), "the first again")
    assert read(sqlite_desk) == [first, second]


async def test_what_is_passed_over_is_neither_shown_nor_recorded(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_some(sqlite_desk, mei, 6)
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.until(lambda: text(shown) != "")
        monkeypatch.setattr(reading, "RESTS_SECONDS", FOR_EVER)
        for at in range(1, 6):
            await shown.press("j")
            await shown.until(lambda: pane(shown).ticket is table(shown).tickets[at])  # noqa: B023  # waited for here
            assert text(shown) == ""
        assert read(sqlite_desk) == [made[0]]
        monkeypatch.setattr(reading, "RESTS_SECONDS", 0.0)
        await shown.until(lambda: "of Saturday" in shown.drawn(), "the text where the cursor rests")
    assert read(sqlite_desk) == [made[0], made[5]]


async def test_a_late_answer_is_not_shown_beside_another_ticket(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    first, second = make_some(sqlite_desk, mei, 2)
    asked, answer = Event(), Event()

    def slowly(session: DeskSession, number: int) -> Preview | None:
        if number == first:
            asked.set()
            assert answer.wait(20)
        return preview(session, number)

    monkeypatch.setattr(reading, "preview", slowly)
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.until(asked.is_set, "the first question")
        monkeypatch.setattr(reading, "RESTS_SECONDS", FOR_EVER)
        await shown.press("j")
        await shown.until(lambda: pane(shown).ticket is table(shown).tickets[1])
        answer.set()
        await shown.app.workers.wait_for_complete()
        await shown.pilot.pause(0.2)
        assert text(shown) == ""
        assert read(sqlite_desk) == [first]
        monkeypatch.setattr(reading, "RESTS_SECONDS", 0.0)
        await shown.until(lambda: "of Tuesday" in shown.drawn())
        assert "of Monday" not in shown.drawn()
        found = pane(shown).seen
        assert found is not None and found.number == second


async def test_a_new_message_is_read_and_recorded_once_more(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    (made,) = make_some(sqlite_desk, mei, 1)
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.until(lambda: "of Monday" in shown.drawn())
        write(sqlite_desk, made, "It came today.")
        screen = shown.app.screen
        assert isinstance(screen, QueueScreen)
        screen.refresh_now()
        await shown.until(lambda: "It came today." in shown.drawn(), "the answer")
    assert read(sqlite_desk) == [made, made]


async def test_it_counts_as_read_a_little_later(sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "READ_SECONDS", 0.2)
    mei = sqlite_desk.session("mei", Role.AGENT)
    (made,) = make_some(sqlite_desk, mei, 1)
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.until(lambda: numbers(shown) == [made] and table(shown).tickets[0].unread)
        await shown.until(lambda: not ticket_of(sqlite_desk, made).unread, "the mark")
        await shown.until(lambda: not table(shown).tickets[0].unread, "the row")
        assert "of Monday" in shown.drawn()
    assert read(sqlite_desk) == [made]


@pytest.mark.parametrize("key", ["g", "slash"])
async def test_nothing_is_read_behind_a_dialog_or_while_a_filter_is_typed(sqlite_desk: TestDesk, key: str) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    first, second = make_some(sqlite_desk, mei, 2)
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.until(lambda: pane(shown).seen is not None)
        tickets = table(shown)
        await shown.press(key)
        await shown.until(lambda: shown.app.focused is not tickets)
        tickets.action_cursor_down()
        for _ in range(5):
            await shown.pilot.pause(reading.RESTS_SECONDS / 2)
        assert read(sqlite_desk) == [first]
        await shown.press("escape")
        await shown.until(lambda: read(sqlite_desk) == [first, second], "the list again")


@pytest.mark.parametrize("why", ["minor", "erased"])
async def test_where_only_facts_are_shown_the_words_are_the_same(sqlite_desk: TestDesk, why: str) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, kind=TicketKind.RIGHTS, assignee=mei, text=WORDS)
    if why == "minor":
        record_age_band(sqlite_desk.session("vera", Role.VERIFIER), made.number, "under-14")
    else:
        sqlite_desk.desk.keyring.destroy(made.requester_id)
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.until(lambda: READ_ON_TICKET in shown.drawn())
        assert "My parcel" not in shown.drawn()
        assert "What to do next" in shown.drawn()
    assert read(sqlite_desk) == []


async def test_what_to_do_next_follows_what_others_do(sqlite_desk: TestDesk) -> None:
    mei, omar = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("omar", Role.AGENT)
    made = make_ticket(sqlite_desk).number
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.press("9")
        await shown.until(lambda: "no one has it" in shown.drawn())
        workflow.claim(omar, made)
        screen = shown.app.screen
        assert isinstance(screen, QueueScreen)
        screen.refresh_now()
        await shown.until(lambda: "no one has it" not in shown.drawn() and "omar" in shown.drawn())


@pytest.mark.parametrize(
    ("size", "width", "height"),
    [
        ((60, 16), 60, 1),
        ((80, 24), 80, 2),
        ((120, 24), 96, 2),
        ((120, 34), 96, 14),
        ((160, 45), 60, None),
        ((200, 50), 64, None),
        ((230, 50), 88, None),
        ((260, 50), 96, None),
    ],
)
async def test_it_is_where_there_is_room(
    sqlite_desk: TestDesk, size: tuple[int, int], width: int, height: int | None
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    make_some(sqlite_desk, mei, 1)
    async with console(sqlite_desk, mei, size) as shown:
        await shown.until(lambda: pane(shown).seen is not None)
        where = pane(shown).region
        assert where.width == width
        if height is not None:
            assert where.height == height
            assert where.y > table(shown).region.y
        else:
            assert where.x > table(shown).region.right - 1
            assert where.height == size[1] - 2

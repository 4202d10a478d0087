"""What is sent from a screen happens once: after a lost answer, and from a draft that came back (invariant 9)."""

from threading import Event

import pytest
from sqlalchemy import func, select
from textual.widgets import TextArea

from cs_console.casework import conversation
from cs_console.custody.drafts import find_draft
from cs_console.errors import StoreUnreachable
from models.draft import Draft
from models.enums import Action, DeliveryState, MessageSort
from models.message import Message
from models.roles import Role
from screens.ticket import compose
from screens.ticket.compose import ComposeScreen
from screens.ticket.ticket import TicketScreen
from screens.widgets.notice_bar import NoticeBar
from tests.support.consoles import Console, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket

WORDS, OTHER = "Your account is open again.", "Your account is open, and your posts are back."


class Lost:
    """The reply goes out, and its answer does not come: once it is `released` the store is said to be away."""

    def __init__(self, patch: pytest.MonkeyPatch, *, slow: bool) -> None:
        self.sent, self.released = Event(), Event()
        self.times = 0
        if not slow:
            self.released.set()
        patch.setattr(compose, "reply", self.reply)

    def reply(self, *args: object, **options: object) -> DeliveryState:
        self.times += 1
        answer = conversation.reply(*args, **options)  # type: ignore[arg-type]
        if self.times > 1:
            return answer
        self.sent.set()
        assert self.released.wait(60)
        raise StoreUnreachable("The database cannot be reached.")


def letters(test_desk: TestDesk) -> int:
    replies = select(func.count()).select_from(Message).where(Message.sort == MessageSort.REPLY)  # type: ignore[arg-type]
    with test_desk.desk.database.reading() as db:
        return int(db.execute(replies).scalar_one())


def drafts(test_desk: TestDesk) -> int:
    with test_desk.desk.database.reading() as db:
        return int(db.execute(select(func.count()).select_from(Draft)).scalar_one())


async def writing(shown: Console, number: int) -> tuple[TicketScreen, ComposeScreen]:
    """A reply on that ticket, with its draft read."""
    ticket = await shown.open_ticket(number)
    await shown.press("m")
    await shown.until_on(ComposeScreen)
    screen = shown.app.screen
    assert isinstance(screen, ComposeScreen)
    await shown.until(lambda: bool(screen.typed()) and screen._view is not None)
    return ticket, screen


async def sent(shown: Console, ticket: TicketScreen) -> None:
    await shown.until(lambda: shown.app.screen is ticket and ticket.query_one(NoticeBar).words == "Sent.")


@pytest.mark.parametrize("slow", [False, True])
async def test_a_reply_sent_again_from_a_console_that_was_opened_again_is_one_letter(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch, slow: bool
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made, lost = make_ticket(sqlite_desk, assignee=mei), Lost(monkeypatch, slow=slow)
    place = f"reply:{made.number}"
    async with console(sqlite_desk, mei) as shown:
        _, screen = await writing(shown, made.number)
        screen.query_one(TextArea).load_text(WORDS)
        await shown.until(lambda: find_draft(mei, place, made.number).text == WORDS, "the draft")
        assert find_draft(mei, place, made.number).act == screen.act
        await shown.press("ctrl+s")
        await shown.until(lost.sent.is_set)
        if not slow:
            await shown.until(lambda: not screen._changing)
    assert letters(sqlite_desk) == 1
    async with console(sqlite_desk, mei) as shown:
        ticket, screen = await writing(shown, made.number)
        assert screen.query_one(TextArea).text == WORDS
        await shown.press("ctrl+s")
        await sent(shown, ticket)
    lost.released.set()
    assert (letters(sqlite_desk), drafts(sqlite_desk)) == (1, 0)
    assert len(recorded(sqlite_desk.desk, Action.MESSAGE_SENT)) == 1


async def test_other_words_are_not_sent_in_place_of_those_that_went_out(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    Lost(monkeypatch, slow=False)
    async with console(sqlite_desk, mei) as shown:
        ticket, screen = await writing(shown, made.number)
        area = screen.query_one(TextArea)
        area.load_text(WORDS)
        await shown.press("ctrl+s")
        await shown.until(lambda: not screen._changing and not area.read_only)
        area.load_text(OTHER)
        await shown.press("ctrl+s")
        await shown.until(lambda: "An earlier version of this was accepted" in shown.notice)
        assert (area.text, letters(sqlite_desk)) == (OTHER, 1)
        act = screen.act
        await shown.until(lambda: find_draft(mei, f"reply:{made.number}", made.number).act == act, "the draft")
        await shown.press("ctrl+s")  # on purpose, after having looked
        await sent(shown, ticket)
    assert letters(sqlite_desk) == 2

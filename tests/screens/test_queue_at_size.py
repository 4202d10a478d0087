"""The queue's filter as it is typed, its order, what is new, snoozing, tags, the next ticket, a number."""

import re
from datetime import timedelta

import pytest
from textual import events
from textual.keys import _character_to_key

from cs_console.casework import workflow
from cs_console.casework.tagging import add_tag
from cs_console.tickets.queue import page
from cs_console.tickets.saved_views import kept_views
from models.enums import Priority, TicketKind
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.frame.number_dialog import NumberDialog
from screens.queue.arrivals import held_back
from screens.queue.kept_views_dialog import KeptViewsDialog
from screens.queue.list_head import ListHead
from screens.queue.queue import QueueScreen
from screens.queue.reading_pane import ReadingPane
from screens.queue.tags_dialog import TagsDialog
from screens.ticket.ticket import TicketScreen
from screens.widgets import filter_line
from screens.widgets.filter_line import FilterLine
from tests.screens.test_queue import make_many, numbers, table
from tests.support.consoles import NARROW, WIDE, console
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket


async def test_a_filter_is_completed_and_said_as_it_is_typed(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    make_ticket(sqlite_desk, kind=TicketKind.APPEAL, assignee=mei)
    async with console(sqlite_desk, mei, NARROW) as shown:
        await shown.until(lambda: len(numbers(shown)) == 1)
        await shown.press("slash")
        strip = shown.app.screen.query_one(ReadingPane)
        line = shown.app.screen.query_one(FilterLine).input
        await shown.type("ki")
        await shown.until(lambda: strip.help is not None and strip.help.hint == "tab: kind:", "the key")
        await shown.press("tab")
        await shown.type("ap")
        await shown.until(lambda: strip.help is not None and strip.help.hint == "tab: kind:appeal", "the value")
        await shown.press("tab")
        await shown.until(lambda: line.value == "kind:appeal")
        await shown.until(lambda: strip.help is not None and strip.help.said == "Appeals.", "the sentence")
        await shown.type(" due:soon")
        await shown.until(lambda: strip.help is not None and strip.help.said == "Unknown due “soon”.")
        assert "<3d" in shown.drawn()
        await shown.press("escape")
        await shown.until(lambda: strip.help is None)
        assert len(numbers(shown)) == 1


@pytest.mark.parametrize(
    ("burst", "value", "place"),
    [
        (("/kind:ri", "tab"), "kind:rights", 0),
        (("/kind:ri", "tab", " due:<3d"), "kind:rights due:<3d", 0),
        (("9/kind:ri", "tab"), "kind:rights", 0),
        (("/kind:rights", "enter"), "kind:rights", 0),
        (("/xjk", "escape", "jj"), "", 2),
        (("j/kind:nothing", "enter", "x"), "kind:x", 1),
    ],
)
async def test_a_burst_of_keys_acts_in_the_order_of_typing(
    sqlite_desk: TestDesk, burst: tuple[str, ...], value: str, place: int
) -> None:
    """A slow line or a macro hands over many keys at once: none is lost, and none acts as another's key."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    for _ in range(3):
        make_ticket(sqlite_desk, kind=TicketKind.RIGHTS, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        await shown.until(lambda: len(numbers(shown)) == 3)
        for piece in burst:
            for one in (piece,) if len(piece) > 1 and piece in ("tab", "enter", "escape") else piece:
                key = events.Key(one if one.isalnum() else _character_to_key(one), one if len(one) == 1 else None)
                key.set_sender(shown.app)
                shown.app.post_message(key)
        line = shown.app.screen.query_one(FilterLine)
        await shown.until(lambda: (line.input.value, table(shown).cursor_row) == (value, place))
        assert isinstance(shown.app.screen, QueueScreen)
        assert table(shown)._marked == frozenset()


async def test_a_key_that_leads_nowhere_keeps_no_others_back(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filter_line, "A_BURST_SECONDS", 0.0)
    mei = sqlite_desk.session("mei", Role.AGENT)
    make_many(sqlite_desk, 3)
    async with console(sqlite_desk, mei) as shown:
        await shown.press("9")
        await shown.until(lambda: len(numbers(shown)) == 3)
        monkeypatch.setattr(QueueScreen, "action_filter", lambda _screen: None)
        await shown.press("slash", "j")
        await shown.until(lambda: table(shown).cursor_row == 1)


async def test_a_click_on_a_chip_takes_its_term_out(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    make_ticket(sqlite_desk, kind=TicketKind.APPEAL, assignee=mei)
    make_ticket(sqlite_desk, kind=TicketKind.REPORT, assignee=mei)
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.press("slash")
        await shown.type("kind:appeal unread:yes")
        await shown.press("enter")
        await shown.until(lambda: len(numbers(shown)) == 1)
        await shown.until(lambda: "appeals × " in shown.drawn() and "unread × " in shown.drawn(), "both chips")
        await shown.pilot.click(ListHead, offset=(6, 0))
        await shown.until(lambda: len(numbers(shown)) == 2)
        assert "appeals ×" not in shown.drawn()
        assert shown.app.screen.query_one(FilterLine).applied == "unread:yes"


async def test_the_order_can_be_chosen_and_says_itself(sqlite_desk: TestDesk) -> None:
    mei, now = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.clock.now()
    old = make_ticket(sqlite_desk, assignee=mei, received_at=now - timedelta(days=5)).number
    urgent = make_ticket(sqlite_desk, assignee=mei, priority=Priority.URGENT).number
    async with console(sqlite_desk, mei) as shown:
        await shown.until(lambda: numbers(shown) == [old, urgent])
        assert "Later 2" in shown.drawn()
        await shown.press("S")
        await shown.until_on(ChoiceDialog)
        await shown.press("end", "enter")
        await shown.until(lambda: numbers(shown) == [urgent, old], "the urgent one first")
        await shown.until(lambda: "2 tickets, most urgent first" in shown.drawn())
        assert "Later 2" not in shown.drawn()
        await shown.press("1")
        await shown.until(lambda: numbers(shown) == [old, urgent], "the view's own order")


async def test_no_row_moves_until_it_is_brought_in(sqlite_desk: TestDesk) -> None:
    mei, omar = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("omar", Role.AGENT)
    made = make_many(sqlite_desk, 5)
    async with console(sqlite_desk, mei) as shown:
        await shown.press("8")
        await shown.until(lambda: numbers(shown) == made)
        workflow.claim(omar, made[1])
        early = make_ticket(sqlite_desk, received_at=sqlite_desk.clock.now() - timedelta(days=9)).number
        screen = shown.app.screen
        assert isinstance(screen, QueueScreen)
        screen.refresh_now()
        await shown.until(lambda: "1 new ticket" in shown.drawn())
        assert numbers(shown) == made
        await shown.press("full_stop")
        await shown.until(lambda: numbers(shown) == [early, made[0], *made[2:]])


def test_what_waits_is_counted_and_what_fell_off_the_end_is_not_gone(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    make_many(sqlite_desk, 4)
    shown = page(mei, "all").rows
    pushed = held_back(shown[:3], shown[1:] + shown[:1])
    assert (pushed.new, pushed.moved, pushed.gone) == (1, True, frozenset())
    assert pushed.rows == shown[:3]
    first_gone = held_back(shown, shown[1:])
    assert (first_gone.gone, first_gone.words) == ({shown[0].number}, "the list has changed")
    assert held_back(shown[:3], shown[:2]).gone == frozenset()
    assert not held_back(shown, shown).waiting
    assert held_back(shown, ()).gone == {row.number for row in shown}


async def test_a_ticket_is_snoozed_and_comes_back(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    first, second = (make_ticket(sqlite_desk, assignee=mei).number for _ in range(2))
    async with console(sqlite_desk, mei) as shown:
        await shown.until(lambda: numbers(shown) == [first, second])
        await shown.press("z")
        await shown.until_on(ChoiceDialog)
        await shown.press("enter")
        await shown.until(lambda: numbers(shown) == [second, first], "the other first")
        await shown.until(lambda: "Snoozed 1" in shown.drawn() and "z snoozed" in shown.drawn())
        await shown.press("3")
        await shown.until(lambda: numbers(shown) == [first])
        await shown.press("z")
        await shown.until_on(ChoiceDialog)
        await shown.press("enter")
        await shown.until(lambda: numbers(shown) == [], "no snoozed ticket")


async def test_tags_are_put_on_and_seen(sqlite_desk: TestDesk) -> None:
    sue, mei = sqlite_desk.session("sue", Role.SUPERVISOR), sqlite_desk.session("mei", Role.AGENT)
    add_tag(sue, "press")
    make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        await shown.until(lambda: len(numbers(shown)) == 1)
        await shown.press("number_sign")
        await shown.until_on(TagsDialog)
        assert "new tag" not in shown.drawn()
        await shown.press("enter")
        await shown.until(lambda: " press " in shown.drawn() and table(shown).tickets[0].tags == ("press",))


async def test_the_next_ticket_is_claimed_and_opened(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk).number
    async with console(sqlite_desk, mei) as shown:
        await shown.press("N")
        await shown.until_on(TicketScreen)
        await shown.until(lambda: f"#{made} is assigned to you." in shown.notice)
        await shown.press("escape")
        await shown.until_on(QueueScreen)
        await shown.until(lambda: numbers(shown) == [made])
        await shown.press("N")
        await shown.until(lambda: "No unassigned ticket" in shown.notice)


@pytest.mark.parametrize("typed", ["{}", "#{}"])
async def test_a_number_opens_its_ticket_from_anywhere(sqlite_desk: TestDesk, typed: str) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk).number
    async with console(sqlite_desk, mei) as shown:
        await shown.press("g", "n")
        await shown.until_on(NumberDialog)
        await shown.type("abc")
        await shown.press("enter")
        await shown.until(lambda: "Type a number" in shown.notice)
        await shown.press("ctrl+u")
        await shown.type(typed.format(made))
        await shown.press("enter")
        await shown.until_on(TicketScreen)
        await shown.until(lambda: f"#{made}" in shown.drawn(), "the ticket")


async def test_an_admin_alone_is_not_offered_a_number(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("ines", Role.ADMIN)) as shown:
        await shown.press("g")
        await shown.until(lambda: "Queue" in shown.drawn())
        assert "Ticket number" not in shown.drawn()


@pytest.mark.parametrize("size", [WIDE])
async def test_what_is_shown_is_kept_as_a_view_and_shown_again_by_its_letter(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei, sam = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sam", Role.AGENT)
    appeal = make_ticket(sqlite_desk, kind=TicketKind.APPEAL).number
    report = make_ticket(sqlite_desk, kind=TicketKind.REPORT).number
    async with console(sqlite_desk, mei, size) as shown:
        await shown.press("9", "slash")
        await shown.type("kind:appeal")
        await shown.press("enter")
        await shown.until(lambda: numbers(shown) == [appeal])
        await shown.press("apostrophe")
        await shown.until_on(KeptViewsDialog)
        assert "All open, appeals." in shown.drawn()
        await shown.press("tab")
        await shown.type("Appeals now")
        await shown.press("enter")
        await shown.until_on(ChoiceDialog)
        await shown.press("end", "enter")
        await shown.until(lambda: "The view Appeals now is saved." in shown.notice)
        await shown.until(lambda: bool(re.search(r"'a Appeals now +1 ", shown.drawn())), "the view with its count")
        await shown.press("9", "escape")
        await shown.until(lambda: numbers(shown) == [appeal, report], "all open")
        await shown.press("apostrophe")
        await shown.until_on(KeptViewsDialog)
        await shown.press("a")
        await shown.until(lambda: numbers(shown) == [appeal], "the saved view")
        await shown.press("apostrophe")
        await shown.until_on(KeptViewsDialog)
        assert [one.shared for one in kept_views(sam)] == [True]
        await shown.press("end", "delete")
        await shown.until(lambda: "is removed" in shown.notice)
    assert kept_views(sam) == ()

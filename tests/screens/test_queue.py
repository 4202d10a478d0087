"""The queue screen: views, paging, filter, claiming, and a list that does not jump under one's hands."""

import re
from datetime import timedelta

import pytest
from textual import events
from textual.strip import Strip

from cs_console.casework import workflow
from cs_console.errors import BadFilter
from cs_console.tickets import queue
from cs_console.tickets.filters import parse
from cs_console.tickets.saved_views import keep_view
from cs_console.verification.codes import send_code
from models.contact_fields import Field
from models.enums import TicketKind, TicketState
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.queue.kept_views_dialog import KeptViewsDialog
from screens.queue.list_head import ListHead
from screens.queue.pages import PAGES_KEPT, Pages
from screens.queue.queue import QueueScreen
from screens.queue.reading_pane import ReadingPane
from screens.queue.ticket_table import TicketTable
from screens.queue.view_list import ViewList
from screens.ticket.ticket import TicketScreen
from screens.widgets.filter_line import FilterLine
from screens.widgets.header_bar import HeaderBar
from screens.widgets.key_bar import KeyBar
from tests.support.consoles import NARROW, SIZES, WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket
from tests.tickets.search.indexed import index

HEADINGS = ("Desk", "Policy", "'1 Rights due", "'2 New appeals", "'3 Urgent reports", "Saved", "'a Ours")


def table(shown: Console) -> TicketTable:
    return shown.app.screen.query_one(TicketTable)


def numbers(shown: Console) -> list[int]:
    return [row.number for row in table(shown).tickets]


def counts(views: ViewList, *names: str) -> list[str]:
    return [one.count for one in views.views if one.name in names]


def make_many(test_desk: TestDesk, count: int) -> list[int]:
    now = test_desk.clock.now()
    return [
        make_ticket(test_desk, subject=f"Matter {index}", received_at=now - timedelta(minutes=count - index)).number
        for index in range(count)
    ]


@pytest.mark.parametrize("size", SIZES)
async def test_views_have_counts_and_number_keys(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    make_ticket(sqlite_desk, assignee=mei, subject="Mine to answer")
    make_ticket(sqlite_desk, subject="Waiting for an agent")
    async with console(sqlite_desk, mei, size) as shown:
        await shown.until(lambda: "Mine to answer" in shown.drawn(), "my ticket")
        views = shown.app.screen.query_one(ViewList)
        await shown.until(lambda: counts(views, "mine", "unassigned") == ["1", "1"], "the counts")
        await shown.press("8")
        await shown.until(lambda: "Waiting for an agent" in shown.drawn(), "the other view")
        assert "▸8 Unassigned" in shown.drawn()
        assert "Mine to answer" not in shown.drawn()
        await shown.press("4")
        await shown.until_words("Overdue: no tickets.")


async def test_state_and_due_are_words(sqlite_desk: TestDesk) -> None:
    """Nothing relies on colour alone."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    make_ticket(sqlite_desk, kind=TicketKind.RIGHTS, state=TicketState.TO_VERIFY, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        await shown.until(lambda: "to verify" in shown.drawn() and "waits 0 min" in shown.drawn())


async def test_who_waits_for_verification_is_shown_with_their_age(sqlite_desk: TestDesk) -> None:
    """Unverified requests wait in a lane of their own (policy V.4): nothing is due, but a requester is waiting."""
    contacts = {Field.MOBILE: "+8613800138000"}
    made = make_ticket(sqlite_desk, kind=TicketKind.RIGHTS, state=TicketState.TO_VERIFY, contacts=contacts)
    sqlite_desk.clock.forward(days=3)
    send_code(sqlite_desk.session("vera", Role.VERIFIER), made.number, made.contact_ids[Field.MOBILE])
    sqlite_desk.clock.forward(minutes=10)
    make_ticket(sqlite_desk, kind=TicketKind.RIGHTS, state=TicketState.TO_VERIFY)
    sqlite_desk.clock.forward(days=2, minutes=-20)
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        await shown.press("6")
        await shown.until(lambda: re.findall(r"waits (\d+ \w+)", shown.drawn()) == ["4 d", "1 d"])
        await shown.until(lambda: "code sent" in shown.drawn())
        await shown.press("j")
        await shown.until(lambda: "code sent" not in shown.drawn())


@pytest.mark.parametrize(
    ("roles", "view"),
    [
        ((Role.VERIFIER,), "to_verify"),
        ((Role.AGENT, Role.VERIFIER), "mine"),
        ((Role.VERIFIER, Role.SUPERVISOR), "to_verify"),
        ((Role.SUPERVISOR,), "all"),
    ],
)
async def test_everybody_begins_where_their_own_work_is(
    sqlite_desk: TestDesk, roles: tuple[Role, ...], view: str
) -> None:
    async with console(sqlite_desk, sqlite_desk.session("ann", *roles)) as shown:
        screen = shown.app.screen
        assert isinstance(screen, QueueScreen)
        await shown.until(lambda: screen.view == view, view)


async def test_the_next_page_comes_when_the_cursor_nears_the_end(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_many(sqlite_desk, 130)
    async with console(sqlite_desk, mei) as shown:
        await shown.press("8")
        await shown.until(lambda: numbers(shown) == made[:100], "the first page")
        table(shown).move_cursor(row=90)
        await shown.until(lambda: numbers(shown) == made, "the second page")
        assert table(shown).cursor_row == 90


async def test_moving_the_cursor_draws_two_lines_of_the_list(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_many(sqlite_desk, 40)
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.press("8")
        await shown.until(lambda: numbers(shown) == made)
        await shown.until(lambda: "40 tickets" in shown.drawn(), "the count")
        await shown.pilot.pause()
        drawn, draw = [], TicketTable.render_line

        def noted(self: TicketTable, y: int) -> Strip:
            drawn.append(y)
            return draw(self, y)

        monkeypatch.setattr(TicketTable, "render_line", noted)
        before = table(shown).place_of_cursor()
        await shown.press("j")
        await shown.until(lambda: table(shown).place_of_cursor() in drawn, "the new line")
        assert drawn == [before, before + 1]


async def test_the_reading_pane_never_follows_in_the_repaint_of_the_cursor(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_many(sqlite_desk, 2)
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.press("8")
        await shown.until(lambda: numbers(shown) == made)
        screen = shown.app.screen
        assert isinstance(screen, QueueScreen)
        pane = screen.query_one(ReadingPane)
        await shown.until(lambda: pane.ticket == table(shown).tickets[0], "the first")
        monkeypatch.setattr("screens.queue.queue.PANE_LAGS_SECONDS", 3_600)
        await shown.press("j")
        screen.follow_later()
        assert table(shown).cursor_row == 1
        assert pane.ticket == table(shown).tickets[0]
        monkeypatch.undo()
        await shown.until(lambda: pane.ticket == table(shown).tickets[1], "the second")


async def test_a_refresh_keeps_the_cursor_on_its_ticket_and_its_line(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_many(sqlite_desk, 60)
    async with console(sqlite_desk, mei) as shown:
        await shown.press("8")
        await shown.until(lambda: numbers(shown) == made)
        table(shown).move_cursor(row=45)
        await shown.pilot.pause()
        table(shown).move_cursor(row=40)  # somewhere in the middle of the screen
        await shown.pilot.pause()
        line = table(shown).cursor_row - table(shown).scroll_offset.y
        newest = make_ticket(
            sqlite_desk, subject="Just arrived", received_at=sqlite_desk.clock.now() + timedelta(minutes=1)
        ).number
        screen = shown.app.screen
        assert isinstance(screen, QueueScreen)
        screen.refresh_now()
        await shown.until(lambda: "1 new ticket  . brings in" in shown.drawn(), "that there is a new ticket")
        assert numbers(shown) == made
        await shown.press("full_stop")
        await shown.until(lambda: numbers(shown) == [*made, newest], "the new ticket")
        assert "new ticket" not in shown.drawn()
        current = table(shown).current
        assert current is not None
        assert current.number == made[40]
        await shown.until(lambda: table(shown).cursor_row - table(shown).scroll_offset.y == line, "the same line")


async def test_a_refresh_changes_cells_in_place(sqlite_desk: TestDesk) -> None:
    mei, omar = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("omar", Role.AGENT)
    made = make_ticket(sqlite_desk, subject="Coupon").number
    async with console(sqlite_desk, mei, (120, 34)) as shown:
        await shown.press("9")
        await shown.until(lambda: "Coupon" in shown.drawn())
        workflow.claim(omar, made)
        await shown.press("f5")
        await shown.until(lambda: "omar" in shown.drawn(), "the other's name")


async def test_claiming_makes_it_mine_and_the_second_of_two_is_told_who_has_it(sqlite_desk: TestDesk) -> None:
    mei, omar = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("omar", Role.AGENT)
    first, second = make_many(sqlite_desk, 2)
    async with console(sqlite_desk, mei) as shown:
        await shown.press("8")
        await shown.until(lambda: numbers(shown) == [first, second])
        workflow.claim(omar, first)
        await shown.press("c")
        await shown.until(lambda: "omar has just claimed" in shown.notice, "the refusal")
        await shown.until(lambda: numbers(shown) == [second], "the list without it")
        await shown.press("c")
        await shown.until(lambda: f"#{second} is assigned to you." in shown.notice, "the claim")
        await shown.until(lambda: numbers(shown) == [], "an empty list")


@pytest.mark.parametrize("size", [NARROW])
async def test_the_filter_narrows_and_a_bad_word_is_named(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    kept = make_ticket(sqlite_desk, kind=TicketKind.APPEAL, assignee=mei).number
    make_ticket(sqlite_desk, kind=TicketKind.REPORT, assignee=mei)
    async with console(sqlite_desk, mei, size) as shown:
        await shown.until(lambda: len(numbers(shown)) == 2)
        await shown.press("slash")
        await shown.type("kind:nonsense")
        await shown.press("enter")
        await shown.until(lambda: "Unknown kind “nonsense”." in shown.drawn(), "the word")
        assert shown.drawn().count("Unknown kind") == 1
        assert shown.notice == "", "it is said where the filter is explained, and nowhere else"
        line = shown.app.screen.query_one(FilterLine)
        assert line.input.selected_text == "nonsense"
        await shown.type("appeal")  # in place of what is selected
        await shown.press("enter")
        await shown.until(lambda: numbers(shown) == [kept], "the filtered list")
        assert "appeals ×" in shown.drawn()
        assert "1 ticket, due first" in shown.drawn()
        assert shown.notice == ""
        await shown.press("escape")
        await shown.until(lambda: len(numbers(shown)) == 2, "the whole list again")


async def test_a_filter_that_finds_nothing_says_where_else_to_look(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, kind=TicketKind.APPEAL).number
    async with console(sqlite_desk, mei) as shown:
        await shown.press("slash")
        await shown.type("kind:appeal")
        await shown.press("enter")
        await shown.until(
            lambda: "Nothing in Mine matches the filter. 9 looks in All open, 0 looks in Closed." in shown.drawn()
        )
        await shown.press("9")
        await shown.until(lambda: numbers(shown) == [made], "the same filter elsewhere")


async def test_the_head_of_a_search_counts_no_tickets_that_it_did_not_find(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    words = ("ocelot", "walrus", "walrus")
    index(sqlite_desk, *(make_ticket(sqlite_desk, text=word, assignee=mei) for word in words))
    async with console(sqlite_desk, mei) as shown:
        head = shown.app.screen.query_one(ListHead)
        await shown.until(lambda: head.said == "3 tickets, due first", "the count")
        await shown.press("slash")
        await shown.type("ocelot")
        await shown.press("enter")
        await shown.until(lambda: len(numbers(shown)) == 1, "what was found")
        await shown.until(lambda: head.said == "due first", "no count")
    with pytest.raises(BadFilter):
        queue.count(mei, "all", parse("ocelot"))


async def test_a_filter_that_only_the_store_can_refuse_is_named_too(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        await shown.until(lambda: len(numbers(shown)) == 1)
        await shown.press("slash")
        await shown.type("assignee:zaphod")
        await shown.press("enter")
        pane = shown.app.screen.query_one(ReadingPane)
        await shown.until(lambda: pane.help is not None and pane.help.wrong, "the refusal")
        assert pane.help is not None
        assert "zaphod" in pane.help.said
        assert shown.notice == ""
        assert shown.app.screen.query_one(FilterLine).input.selected_text == "zaphod"


@pytest.mark.parametrize("size", [WIDE])
async def test_enter_opens_the_ticket_and_escape_comes_back(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei, size) as shown:
        await shown.until(lambda: len(numbers(shown)) == 1)
        await shown.press("enter")
        await shown.until_on(TicketScreen)
        await shown.press("escape")
        await shown.until_on(QueueScreen)


async def test_marked_tickets_are_claimed_together_and_failures_do_not_stop_the_rest(sqlite_desk: TestDesk) -> None:
    mei, omar = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("omar", Role.AGENT)
    made = make_many(sqlite_desk, 3)
    async with console(sqlite_desk, mei) as shown:
        await shown.press("8")
        await shown.until(lambda: numbers(shown) == made)
        await shown.press("x", "x", "x")
        assert shown.drawn().count("■") == 3
        workflow.claim(omar, made[1])
        await shown.press("X")
        await shown.until_on(ChoiceDialog)
        await shown.press("enter")
        await shown.until_on(QueueScreen)
        await shown.until(lambda: "Claimed 2 of 3." in shown.notice and "omar" in shown.notice, "the sum")
    assert [row.number for row in queue.page(mei, "mine").rows] == [made[0], made[2]]


async def test_the_strip_shows_the_whole_subject_of_the_line(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    long = "A subject that is much longer than the column in the list can be at any width " + "x" * 20
    make_ticket(sqlite_desk, assignee=mei, subject=long)
    async with console(sqlite_desk, mei, (120, 34)) as shown:
        await shown.until(lambda: len(numbers(shown)) == 1)
        strip = shown.app.screen.query_one(ReadingPane)
        await shown.until(lambda: strip.ticket is not None and long[:80] in shown.drawn())


async def test_a_click_chooses_a_view(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    for size, offset in (((120, 34), (5, 6)), ((80, 24), (20, 0))):
        async with console(sqlite_desk, mei, size) as shown:
            await shown.until_words("Mine: no tickets.")
            await shown.pilot.click(ViewList, offset=offset)
            wanted = "Overdue" if size[0] >= 120 else "Answered"
            await shown.until_words(f"{wanted}: no tickets.")


async def test_the_policys_views_stand_before_the_teams_and_have_numbers(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    keep_view(mei, "Ours", "all", parse("kind:report"), shared=True)
    appeal = make_ticket(sqlite_desk, kind=TicketKind.APPEAL).number
    make_ticket(sqlite_desk, kind=TicketKind.REPORT)
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.until(lambda: bool(re.search(r"'2 New appeals +1 ", shown.drawn())), "the policy's view, counted")
        drawn = [line.strip() for line in shown.drawn().splitlines()]
        at = {words: next(n for n, line in enumerate(drawn) if line.startswith(words)) for words in HEADINGS}
        assert sorted(at, key=at.__getitem__) == list(HEADINGS)
        await shown.press("apostrophe")
        await shown.until_on(KeptViewsDialog)
        await shown.press("2")
        await shown.until(lambda: numbers(shown) == [appeal], "what the policy's view finds")
        await shown.until(lambda: "newest first" in shown.drawn(), "its order")
        await shown.press("apostrophe")
        await shown.until_on(KeptViewsDialog)
        await shown.press("delete")
        await shown.until(lambda: "is the policy's" in shown.notice)


async def test_where_no_view_fits_the_header_names_the_one_that_is_shown(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    make_ticket(sqlite_desk)
    async with console(sqlite_desk, mei, (60, 16)) as shown:
        await shown.press("8")
        await shown.until(lambda: "Unassigned   1  " in shown.drawn(), "the header")
        await shown.pilot.resize_terminal(80, 24)
        await shown.until(lambda: "▸8 Unassigned 1" in shown.drawn(), "the tab")
        assert shown.app.screen.query_one(HeaderBar).heading == "Queue"


async def test_an_admin_alone_sees_no_tickets(sqlite_desk: TestDesk) -> None:
    make_ticket(sqlite_desk, subject="Nothing for admins")
    admin = sqlite_desk.session("ines", Role.ADMIN)
    async with console(sqlite_desk, admin) as shown:
        await shown.until(lambda: "can do this" in shown.notice, "the refusal")
        assert "Nothing for admins" not in shown.drawn()


def test_only_a_few_pages_are_kept_and_one_can_go_back_up(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_many(sqlite_desk, 70)

    def fetch(after: queue.Cursor | None) -> queue.QueuePage:
        return queue.page(mei, "unassigned", None, after, 10)

    pages = Pages().from_top(fetch)
    while pages.has_more_below:
        pages = pages.grown_down(fetch)
    assert [row.number for row in pages.rows] == made[-10 * PAGES_KEPT :]
    assert [row.number for row in pages.read_again(fetch).rows] == made[-10 * PAGES_KEPT :]
    while pages.has_more_above:
        pages = pages.grown_up(fetch)
    assert [row.number for row in pages.rows] == made[: 10 * PAGES_KEPT]
    assert pages.has_more_below


async def test_letters_that_come_before_the_filter_is_there_do_nothing_else(sqlite_desk: TestDesk) -> None:
    """The `n` of `/kind` opened a new ticket."""
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_on(QueueScreen)
        for key, character in (("slash", "/"), ("k", "k"), ("i", "i"), ("n", "n"), ("d", "d")):
            shown.app.post_message(events.Key(key, character))
        line = shown.app.screen.query_one(FilterLine)
        await shown.until(lambda: line.input.has_focus)
        await shown.type("end")
        await shown.until(lambda: line.input.value.endswith("end"))
        assert isinstance(shown.app.screen, QueueScreen)


async def test_a_queue_at_rest_draws_nothing(sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    make_ticket(sqlite_desk, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        await shown.until(lambda: "answer, it is open" in shown.drawn(), "the pane")
        drawn: list[str] = []
        bar = shown.app.screen.query_one(KeyBar)
        monkeypatch.setattr(bar, "refresh", lambda: drawn.append("again"))
        screen = shown.app.screen
        assert isinstance(screen, QueueScreen)
        for _ in range(5):
            screen.follow_cursor()
        assert drawn == []
        monkeypatch.setattr(QueueScreen, "applies", lambda *_: False)
        screen.follow_cursor()
        assert drawn == ["again"]


async def test_keys_are_asked_for_until_the_screen_is_gone(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        screen = shown.app.screen
        assert isinstance(screen, QueueScreen)
        session, shown.app.session = shown.app.session, None  # as it is between signing out and the next screen
        screen.follow_cursor()
        assert screen.query_one(KeyBar).shown() == []
        shown.app.session = session

"""The side of a ticket: sections from the top, whole ones alone, and keys that lead to them."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from cs_console.desk import DeskSession
from models.enums import TicketKind
from models.roles import Role
from screens.ticket.facts import Facts
from screens.ticket.lines import DUE_BAR, HISTORY, OTHER, Around
from screens.ticket.ticket import TicketScreen, read_around
from tests.support.consoles import NARROW, SIZES, WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.tickets import make_requester, make_ticket


def two_tickets(test_desk: TestDesk, mei: DeskSession) -> tuple[int, int]:
    requester = make_requester(test_desk)
    first = make_ticket(test_desk, requester=requester, subject="The first question", assignee=mei)
    second = make_ticket(test_desk, requester=requester, subject="The second question", assignee=mei)
    return first.number, second.number


async def opened(shown: Console, number: int) -> TicketScreen:
    ticket = await shown.open_ticket(number)
    await shown.until(lambda: ticket.query_one(Facts).has_section("history"), "the side")
    return ticket


@pytest.mark.parametrize("size", SIZES)
async def test_T_leads_to_another_ticket_of_the_requester_and_escape_back(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    first, second = two_tickets(sqlite_desk, mei)
    async with console(sqlite_desk, mei, size) as shown:
        ticket = await opened(shown, first)
        await shown.press("T")
        await shown.until(lambda: ticket.query_one(Facts).has_focus, "the side")
        assert f"{second}" in shown.drawn()
        assert "The second question" in shown.drawn()
        await shown.press("enter")
        await shown.until(lambda: shown.app.screen is not ticket and isinstance(shown.app.screen, TicketScreen))
        assert isinstance(shown.app.screen, TicketScreen)
        assert shown.app.screen.ticket.number == second
        await shown.press("escape")
        await shown.until(lambda: shown.app.screen is ticket, "the first ticket")


@pytest.mark.parametrize("size", SIZES)
async def test_H_leads_to_what_was_done(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    first, _ = two_tickets(sqlite_desk, mei)
    async with console(sqlite_desk, mei, size) as shown:
        ticket = await opened(shown, first)
        await shown.press("H")
        await shown.until(lambda: "came in by mail" in shown.drawn(), "the history")
        facts = ticket.query_one(Facts)
        assert facts.current is not None
        assert facts.current.words == "came in by mail"


async def test_T_says_that_there_is_no_other_ticket(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    number = make_ticket(sqlite_desk, assignee=mei).number
    async with console(sqlite_desk, mei, NARROW) as shown:
        ticket = await opened(shown, number)
        await shown.press("T")
        await shown.until(lambda: "No other ticket" in shown.notice, "the reason")
        assert not ticket.has_class("-at-facts")


async def test_without_the_focus_only_whole_sections_are_shown_and_tab_opens_the_rest(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    first, _ = two_tickets(sqlite_desk, mei)
    async with console(sqlite_desk, mei, (WIDE[0], 28)) as shown:
        ticket = await opened(shown, first)
        facts = ticket.query_one(Facts)
        await shown.until(lambda: "Clock" in shown.drawn(), "the sections that fit")
        assert "Contacts" in shown.drawn()
        assert "About the ticket" not in shown.drawn()
        assert facts.virtual_size.height <= facts.size.height  # whole ones, and nothing to scroll
        await shown.press("tab", "end")
        await shown.until(lambda: "Policy" in shown.drawn(), "the end of it")
        await shown.press("tab")
        await shown.until(lambda: "Contacts" in shown.drawn() and "Policy" not in shown.drawn(), "the top")


async def test_when_it_is_due_is_said_with_what_is_left_and_a_bar(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    now = sqlite_desk.clock.now()
    new, half, late = (
        make_ticket(sqlite_desk, assignee=mei, received_at=now - timedelta(days=days)).number for days in (0, 10, 40)
    )
    async with console(sqlite_desk, mei, WIDE) as shown:
        for number, left, used in ((new, "in 21 d", 0), (half, "in 11 d", 10), (late, " late", 20)):
            ticket = await opened(shown, number)
            due = next(fact for fact in ticket.query_one(Facts).facts if fact.key == "due")
            when, bar = due.words.split("\n")
            assert when.endswith(left)
            assert abs(bar.count("━") - used) <= 1
            assert bar.count("━") + bar.count("─") == DUE_BAR
            assert due.look == ("bad" if number == late else "")


async def test_nothing_of_an_erased_requester_stays_beside_the_ticket(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while what is beside it is still being read again, or where that fails."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    requester = make_requester(sqlite_desk)
    first = make_ticket(sqlite_desk, requester=requester, assignee=mei)
    make_ticket(sqlite_desk, requester=requester, subject="The second question", assignee=mei)
    read_on = threading.Event()

    def late(*asked: Any) -> Around:
        read_on.wait(20)
        return read_around(*asked)

    async with console(sqlite_desk, mei, (WIDE[0], 60)) as shown:
        ticket = await opened(shown, first.number)
        assert "The second question" in shown.drawn()
        monkeypatch.setattr("screens.ticket.ticket.read_around", late)
        sqlite_desk.desk.keyring.destroy(first.requester_id)
        ticket.action_reload()
        await shown.until(lambda: ticket.view is not None and ticket.view.erased, "the erased ticket")
        assert not ticket.query_one(Facts).has_section(OTHER)
        assert not ticket.query_one(Facts).has_section(HISTORY)
        read_on.set()


async def test_how_late_a_ticket_is_stands_beside_it_once(sqlite_desk: TestDesk) -> None:
    made = make_ticket(sqlite_desk, kind=TicketKind.RIGHTS, verified=True)
    sqlite_desk.clock.forward(days=40, hours=18)
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei, WIDE) as shown:
        ticket = await opened(shown, made.number)
        words = [fact.words for fact in ticket.query_one(Facts).facts]
        assert sum(" late" in one for one in words) == 1, words

"""A database that goes away and returns while a person types: shown on every screen, recovered, nothing lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import TextArea

from models.enums import Action, MessageSort
from models.roles import Role
from screens.frame.help import HelpScreen
from screens.queue.queue import QueueScreen
from screens.ticket.compose import ComposeScreen
from screens.widgets.store_banner import AWAY, StoreBanner
from tests.support.consoles import WIDE, Console, console
from tests.support.desk import TestDesk, make_desk
from tests.support.drafts import load_draft
from tests.support.own_server import OwnServer, own_server
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket


@pytest.fixture
def server() -> Iterator[OwnServer]:
    with own_server() as made:
        made.start()
        yield made


@pytest.fixture
def served(server: OwnServer, tmp_path: Path) -> Iterator[TestDesk]:
    made = make_desk(tmp_path / "home", server.url)
    yield made
    made.desk.close()


def banner(shown: Console) -> bool:
    return any(one.display for one in shown.app.screen.query(StoreBanner))


@pytest.mark.parametrize("size", [WIDE])
async def test_text_is_kept_while_the_server_is_away_and_saved_once_it_is_back(
    server: OwnServer, served: TestDesk, size: tuple[int, int]
) -> None:
    mei = served.session("mei", Role.AGENT)
    made = make_ticket(served, assignee=mei)
    async with console(served, mei, size) as shown:
        screen = ComposeScreen(made.number, MessageSort.NOTE)
        await shown.open(screen)
        await shown.until(lambda: bool(screen.typed()) and screen._view is not None, "the draft")
        await shown.type("before")
        server.stop()
        await shown.type(" and after")
        await shown.until(lambda: banner(shown), "the banner")
        assert AWAY in shown.drawn()
        assert shown.notice == ""
        await shown.press("ctrl+s")
        await shown.until(lambda: "Nothing was changed" in shown.notice, "the refusal")
        assert screen.query_one(TextArea).text == "before and after"
        shown.app.push_screen(HelpScreen(QueueScreen))
        await shown.until_on(HelpScreen)
        assert AWAY in shown.drawn()
        await shown.press("escape")
        server.start()
        await shown.until(lambda: not banner(shown), "the banner to go")
        await shown.until(lambda: not screen.unsaved(), "the draft to be saved")
        assert screen.query_one(TextArea).text == "before and after"
    assert load_draft(mei, f"note:{made.number}", made.number) == "before and after"
    assert not recorded(served.desk, Action.NOTE_ADDED), "a write is never repeated by itself"


async def test_a_screen_that_was_opened_meanwhile_fills_itself(server: OwnServer, served: TestDesk) -> None:
    mei = served.session("mei", Role.AGENT)
    made = make_ticket(served, assignee=mei)
    async with console(served, mei) as shown:
        await shown.until_on(QueueScreen)
        server.stop()
        screen = ComposeScreen(made.number, MessageSort.NOTE)
        await shown.open(screen)
        await shown.until(lambda: banner(shown), "the banner")
        server.start()
        await shown.until(lambda: not banner(shown) and screen._view is not None, "the ticket")
        await shown.until(lambda: bool(screen.typed()), "the draft")


async def test_connections_that_the_server_ended_are_not_noticed(server: OwnServer, served: TestDesk) -> None:
    mei = served.session("mei", Role.AGENT)
    made = make_ticket(served, assignee=mei)
    async with console(served, mei) as shown:
        await shown.until_on(QueueScreen)
        server.stop()
        server.start()
        screen = ComposeScreen(made.number, MessageSort.NOTE)
        await shown.open(screen)
        await shown.until(lambda: screen._view is not None, "the ticket")
        assert not banner(shown)
        assert shown.notice == ""


async def test_a_file_on_a_mount_that_vanished_and_came_back(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    file = sqlite_desk.desk.database.file
    assert file is not None
    async with console(sqlite_desk, mei) as shown:
        screen = ComposeScreen(made.number, MessageSort.NOTE)
        await shown.open(screen)
        await shown.until(lambda: bool(screen.typed()), "the draft")
        apart = file.with_name("apart.db")
        file.rename(apart)
        await shown.type("typed")
        await shown.until(lambda: banner(shown), "the banner")
        apart.rename(file)
        await shown.until(lambda: not banner(shown) and not screen.unsaved(), "the draft to be saved")
    assert load_draft(mei, f"note:{made.number}", made.number) == "typed"

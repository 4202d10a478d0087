"""A few pictures, to notice when a screen looks different: `pytest --snapshot-update` accepts the new look."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import pytest_textual_snapshot
from textual.pilot import Pilot
from textual.widgets import Input

from cs_console.app import ConsoleApp
from models.enums import Priority, TicketKind
from models.roles import Role
from screens.queue import reading
from screens.queue.queue import QueueScreen
from screens.queue.reading_pane import ReadingPane
from tests.support.consoles import SIZES, Console
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket

Compare = Callable[..., bool]
SUBJECTS = (
    (TicketKind.APPEAL, "Account locked after I changed my number"),
    (TicketKind.RIGHTS, "Please delete my account"),
    (TicketKind.REPORT, "[@click=app.quit]press[/] \x1b[2J"),
    (TicketKind.INQUIRY, "优惠券没有生效"),
)


@pytest.fixture(autouse=True)
def _one_time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(autouse=True)
def _no_web_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that is kept asks no other machine for its letters."""
    normalize = pytest_textual_snapshot.normalize_svg

    def without(svg: str) -> str:
        return str(normalize(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)))

    monkeypatch.setattr(pytest_textual_snapshot, "normalize_svg", without)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x34"])
def test_sign_in(snap_compare: Compare, sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    settings = sqlite_desk.desk.settings.model_copy(update={"desk_name": "HautHome"})
    sqlite_desk.desk.sample = True

    async def steady(pilot: Pilot[None]) -> None:
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        shown = Console(pilot.app, pilot)  # type: ignore[arg-type]  # it is the console
        await shown.until(lambda: "log holds" in shown.drawn() and "09:00" in shown.drawn(), "the desk and its time")

    assert snap_compare(ConsoleApp(settings, desk=sqlite_desk.desk), terminal_size=size, run_before=steady)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x34"])
def test_queue(
    snap_compare: Compare, sqlite_desk: TestDesk, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "READ_SECONDS", 600.0)
    mei = sqlite_desk.session("mei", Role.AGENT)
    for kind, subject in SUBJECTS:
        make_ticket(sqlite_desk, kind=kind, subject=subject, assignee=mei, priority=Priority.HIGH)
    app = ConsoleApp(sqlite_desk.desk.settings, session=mei)

    async def loaded(pilot: Pilot[None]) -> None:
        shown = Console(app, pilot)
        await shown.until_on(QueueScreen)
        await shown.until(lambda: SUBJECTS[-1][1][:12] in shown.drawn() and app.header.log_ok is True, "the queue")
        await shown.until(
            lambda: "1 Mine" in shown.drawn() and " 4" in shown.drawn().splitlines()[1 if size[0] < 120 else 2]
        )
        await app.workers.wait_for_complete()
        pane = app.screen.query_one(ReadingPane)
        await shown.until(lambda: pane.seen is not None, "the message")
        assert pane.seen is not None
        pane.seen = replace(pane.seen, alias="amber heron 41")  # each desk has keys, and so aliases, of its own
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=loaded)

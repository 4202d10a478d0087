"""The top line at every width: the heading is always there, then the time, then what waits, most urgent first."""

import pytest
from textual.app import App, ComposeResult

from cs_console.casework.needs import COUNTED_UP_TO, Needs
from screens.frame.console import HeaderState
from screens.frame.header import need_words
from screens.frame.theme import use_theme
from screens.widgets.header_bar import HeaderBar

STATE = HeaderState("ines", "15:50", need_words(Needs(overdue=5, due_today=3, approvals=2)))


class Top(App[None]):
    header = STATE

    def __init__(self, bar: HeaderBar) -> None:
        super().__init__()
        self.bar = bar
        use_theme(self, "cs-dark")

    def compose(self) -> ComposeResult:
        yield self.bar


async def drawn(width: int, bar: HeaderBar) -> str:
    app = Top(bar)
    async with app.run_test(size=(width, 3)) as pilot:
        await pilot.pause()
        return app.screen._compositor.render_strips()[0].text.rstrip()


def inside() -> HeaderBar:
    bar = HeaderBar("#10006", "Queue", inside=True)
    bar.position = "7 of 26"
    return bar


@pytest.mark.parametrize(
    ("width", "left", "right"),
    [
        (110, "HautHome  Access log", "5 overdue   3 due today   2 approvals      ines  15:50"),
        (70, "HautHome  Access log", "5 overdue  3 today  2 approvals    ines  15:50"),
        (60, "Access log", "5 overdue  3 today  2 approvals    ines  15:50"),
        (50, "Access log", "5 overdue  3 today  2 approvals  15:50"),
        (40, "HautHome  Access log", "5 overdue  15:50"),
        (20, "Access log", "15:50"),
    ],
)
async def test_all_but_the_heading_gives_way(width: int, left: str, right: str) -> None:
    line = await drawn(width, HeaderBar("Access log", "HautHome"))
    assert line.startswith(f"{left}  ")
    assert line.endswith(f"  {right}")
    assert line.split() == f"{left} {right}".split()


async def test_inside_a_place_the_place_and_the_position_are_said_where_there_is_room() -> None:
    assert (await drawn(80, inside())).startswith("Queue › #10006   7 of 26  ")
    assert (await drawn(60, inside())).split()[:4] == ["#10006", "7", "of", "26"]
    assert (await drawn(20, inside())).strip() == "#10006   7 of 26"
    assert (await drawn(15, inside())).strip() == "#10006"


async def test_where_there_is_no_room_at_all_the_heading_is_cut() -> None:
    line = await drawn(12, HeaderBar("Confidentiality undertaking", "HautHome"))
    assert line.startswith("Confident") and line.endswith("…")


def test_what_does_not_wait_is_not_said_and_large_numbers_are_capped() -> None:
    assert need_words(Needs()) == ()
    (one,) = need_words(Needs(approvals=1))
    assert one.words == "1 approval"
    (many,) = need_words(Needs(overdue=COUNTED_UP_TO + 1))
    assert many.words == "99+ overdue"

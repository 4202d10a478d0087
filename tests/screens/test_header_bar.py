"""The top line at every width: the heading is there, and so is the log's state."""

import pytest
from textual.app import App, ComposeResult

from screens.frame.console import HeaderState
from screens.widgets.header_bar import HeaderBar

STATE = HeaderState("ines · admin, privacy officer", "15:50", "log ✓ 244", True, "signed 15:50")


class Top(App[None]):
    header = STATE

    def compose(self) -> ComposeResult:
        yield HeaderBar("Keys and help")


async def drawn(width: int) -> str:
    app = Top()
    async with app.run_test(size=(width, 3)) as pilot:
        await pilot.pause()
        return app.screen._compositor.render_strips()[0].text.rstrip()


@pytest.mark.parametrize(
    ("width", "right"),
    [
        (110, "ines · admin, privacy officer · 15:50 · log ✓ 244 · signed 15:50"),
        (90, "ines · admin, privacy officer · 15:50 · log ✓ 244"),
        (60, "ines · 15:50 · log ✓ 244"),
        (40, "15:50 · log ✓ 244"),
        (30, "log ✓ 244"),
    ],
)
async def test_the_right_side_gives_way_to_the_heading(width: int, right: str) -> None:
    line = await drawn(width)
    assert line.startswith("Keys and help  ")
    assert line.endswith(f"  {right}")
    assert line == f"Keys and help{line.removeprefix('Keys and help').removesuffix(right)}{right}"


async def test_where_there_is_no_room_at_all_the_heading_is_cut_and_the_log_stays() -> None:
    line = await drawn(20)
    assert line.startswith("Keys and")
    assert line.endswith("…  log ✓ 244")

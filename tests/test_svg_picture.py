"""The pictures in the documents: every letter in its cells, wide ones too, and lines that join from row to row."""

import re
from xml.etree.ElementTree import Element, fromstring

from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Static

from docs.svg_picture import CELL, EDGE, ROW, picture_of

SVG = "{http://www.w3.org/2000/svg}"


class Shown(App[None]):
    def compose(self) -> ComposeResult:
        yield Static(Content("a  b优惠│\n──┼▌<&│"), markup=False)


async def drawn() -> Element:
    app = Shown()
    async with app.run_test(size=(20, 4)) as pilot:
        await pilot.pause()
        return fromstring(picture_of(app))


async def test_each_text_is_as_long_as_its_cells() -> None:
    texts = {one.text or "": one for one in (await drawn()).iter(f"{SVG}text") if "textLength" in one.attrib}
    assert {text: float(one.attrib["textLength"]) / CELL for text, one in texts.items()}.items() >= {
        "a\xa0\xa0b": 4.0,
        "优": 2.0,
        "惠": 2.0,
    }.items()
    assert float(texts["惠"].attrib["x"]) == round(6 * CELL, 1)
    assert not re.search("[─│┼▌]", "".join(texts))


async def test_lines_reach_the_edges_of_their_cells() -> None:
    ways = [one.attrib["d"] for one in (await drawn()).iter(f"{SVG}path")]
    first = next(way for way in ways if f"{8.5 * CELL:.1f} " in way)
    assert f" {ROW:.1f}" in first, "down to the next row"
    across = next(way for way in ways if way.startswith(f"M{CELL / 2:.1f}"))
    assert f"L{2 * CELL:.1f} " in across, "both in one, to where the crossing begins"


async def test_the_picture_is_the_same_for_the_same_screen_and_asks_for_nothing() -> None:
    first, second = await drawn(), await drawn()
    assert first.attrib == second.attrib
    assert first.attrib["viewBox"].split()[2] == str(round(20 * CELL + 2 * EDGE))
    app = Shown()
    async with app.run_test(size=(20, 4)):
        picture = picture_of(app)
    assert "url(" not in picture and "font-face" not in picture and picture.count("http") == 1

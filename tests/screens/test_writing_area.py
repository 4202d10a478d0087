"""Long pastes, taken back and done again, never crash the area that words are typed in, nor lose them."""

import random

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from screens.widgets.writing_area import WritingArea

KEYS = ("ctrl+z", "ctrl+y", "enter", "backspace", "ctrl+a", "up", "pagedown", "ctrl+home", "ctrl+end", "delete", "a")


class Alone(App[None]):
    """Nothing but the area."""

    def compose(self) -> ComposeResult:
        yield WritingArea()


async def paste(pilot: Pilot[None], area: WritingArea, text: str) -> None:
    """Paste, and let it be taken in."""
    await area._on_paste(events.Paste(text))
    await pilot.pause()


@pytest.mark.parametrize(
    ("key", "text"),
    [("home", "abcdef"), ("ctrl+a", "abcdef"), ("left", "deabcf"), ("ctrl+u", "abc"), ("end", "defabc")],
)
async def test_keys_and_letters_of_one_burst_act_in_their_order(key: str, text: str) -> None:
    """A macro, or a slow line: Textual's own area took the letters first, and the words came out scrambled."""
    async with Alone().run_test(size=(40, 8)) as pilot:
        area = pilot.app.query_one(WritingArea)
        area.focus()
        area.load_text("def")
        area.move_cursor(area.document.end)
        await pilot.pause()
        for one in (key, "a", "b", "c"):
            pilot.app.post_message(events.Key(one, one if len(one) == 1 else None))
        await pilot.pause()
        assert area.text == text


@pytest.mark.parametrize("lines", [2, 9, 40, 400])
async def test_a_long_paste_is_taken_back_and_done_again(lines: int) -> None:
    text = "\n".join(f"line {number} of a long letter" for number in range(lines))
    async with Alone().run_test(size=(40, 8)) as pilot:
        area = pilot.app.query_one(WritingArea)
        area.focus()
        for _round in range(2):
            await paste(pilot, area, text)
            assert area.text == text
            await pilot.press("ctrl+z")
            assert area.text == ""
            await pilot.press("ctrl+y")
            assert area.text == text
            await pilot.press("ctrl+z")
        assert area.text == ""


@pytest.mark.parametrize("seed", [11, *range(3)])
async def test_any_order_of_pasting_taking_back_and_resizing(seed: int) -> None:
    """Seed 11 crashed Textual's own area (its issue 6686)."""
    chance = random.Random(seed)
    async with Alone().run_test(size=(chance.choice([40, 80]), chance.choice([8, 24]))) as pilot:
        area = pilot.app.query_one(WritingArea)
        area.focus()
        for _step in range(40):
            key = chance.choice(("paste", "paste", "resize", "ctrl+z", *KEYS))
            if key == "paste":
                words = ("word " * chance.choice([0, 1, 40]) for _line in range(chance.choice([1, 3, 30, 120])))
                await paste(pilot, area, "\n".join(words))
            elif key == "resize":
                await pilot.resize_terminal(chance.choice([20, 40, 120]), chance.choice([3, 8, 24]))
            else:
                await pilot.press(key)
        area.load_text("kept")
        await pilot.pause()
        assert area.text == "kept"

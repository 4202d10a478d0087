"""The steps of a form, beside the page and above it."""

import pytest
from textual.app import App, ComposeResult

from screens.frame.steps_pane import Standing, Step, StepsPane
from screens.frame.theme import use_theme

STEPS = (
    Step("asked", "Asked for", "deletion", done=True),
    Step("grounds", "Grounds", "7 of 11 looked at"),
    Step("answer", "Answer", "not chosen yet"),
    Step("letter", "Letter", "as it would go out"),
)
MISSING = tuple(f"Say what shows that ground number {n} applies to these data." for n in range(1, 13))


class Shown(App[None]):
    def __init__(self, high: int) -> None:
        super().__init__()
        use_theme(self, "cs-dark")
        self._high = high

    def compose(self) -> ComposeResult:
        pane = StepsPane(id="steps")
        pane.styles.height = self._high
        yield pane


async def drawn(size: tuple[int, int], high: int, missing: tuple[str, ...], steps: tuple[Step, ...] = STEPS) -> str:
    app = Shown(high)
    async with app.run_test(size=size) as pilot:
        pane = app.query_one(StepsPane)
        pane.show(steps)
        pane.turn_to("grounds")
        pane.tell(Standing(due="due 27 Nov, Fri", missing=missing, second="needed, because a ground applies"))
        await pilot.pause()
        return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


async def test_beside_the_page_it_says_how_far_it_is_what_is_to_do_and_who_else_is_needed() -> None:
    words = await drawn((34, 32), 32, MISSING[:2])
    assert "  1 of 4 done    due 27 Nov, Fri" in words
    assert "━━━━━━━───────────────────────" in words
    assert "▌ 2 ◐ Grounds" in words and "  1 ✓ Asked for" in words and "  3 ○ Answer" in words
    assert "  · Say what shows that ground\n    number 1 applies to these\n    data." in words
    assert words.rstrip().endswith("Second person\n  needed, because a ground\n  applies")


@pytest.mark.parametrize("high", [20, 24, 32, 48])
async def test_what_does_not_fit_is_counted_and_nothing_is_cut(high: int) -> None:
    words = await drawn((34, high), high, MISSING)
    told = words.count("· Say what")
    assert told >= 1 and f"and {12 - told} more with the letter" in words
    assert words.count("data.") == told


async def test_above_the_page_all_titles_stay_while_they_fit_and_the_current_one_always() -> None:
    words = await drawn((76, 3), 3, MISSING[:1])
    assert " ✓ Asked for   ○ Answer" not in words
    assert "▌◐ Grounds" in words and "✓ Asked for" in words and "○ Letter" in words
    assert "1 thing is missing: Say what shows" in words
    many = (*STEPS, *(Step(f"q{n}", f"Question {n}") for n in range(8)))
    words = await drawn((56, 3), 3, (), many)
    assert "▌◐ Grounds" in words and "Letter" not in words and "✓ Nothing is missing" in words


async def test_a_click_turns_to_the_step() -> None:
    app = Shown(32)
    async with app.run_test(size=(34, 32)) as pilot:
        pane = app.query_one(StepsPane)
        pane.show(STEPS)
        await pilot.pause()
        y = next(y for y, _, step in pane._at if step == "answer")
        await pilot.click(pane, offset=(8, y))
        assert pane.current == "answer"

"""Text drawn by lines: where it wraps, what hangs, and that nothing of a line is lost, cut in two or drawn too wide."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult

from screens.ticket.head import due_chip, fitting
from screens.widgets.drawn_lines import DrawnLines, Paragraph
from screens.widgets.wrapping import wrap

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FAMILY = "👩\u200d👩\u200d👧"
ACCENTED = "e\u0301\u0323"
PARTS = ("a", "bc", " ", "  ", "[mobile]", "我", "的", "，", "「", "」", FAMILY, ACCENTED, "x" * 9)


def lines(text: str, width: int, hang: int = 0) -> list[str]:
    return [text[start:end] for start, end in wrap(text, width, hang)]


@given(st.lists(st.sampled_from(PARTS), max_size=40), st.integers(3, 16), st.integers(0, 4))
def test_every_letter_is_drawn_once_and_no_line_is_too_wide(parts: list[str], width: int, hang: int) -> None:
    text = "".join(parts)
    drawn = lines(text, width, hang)
    assert "".join(drawn).replace(" ", "") == text.replace(" ", "")
    for number, line in enumerate(drawn):
        assert cell_len(line.rstrip()) <= max(width - (hang if number else 0), 2)


@given(st.lists(st.sampled_from((FAMILY, ACCENTED, "b")), min_size=1, max_size=30), st.integers(2, 9))
def test_joined_emoji_and_combining_marks_stay_whole(parts: list[str], width: int) -> None:
    text = "".join(parts)
    ends = {0}
    for part in parts:
        ends.add(max(ends) + len(part))
    assert {place for line in wrap(text, width) for place in line} <= ends


def test_lines_break_at_spaces_between_ideographs_and_around_hidden_blocks() -> None:
    assert lines("call me at [card ····1111] please", 22) == ["call me at", "[card ····1111] please"]
    assert lines("我的账户，昨天被锁定了。", 8) == ["我的账", "户，昨天", "被锁定", "了。"]
    assert lines("  indented", 20) == ["  indented"]


def test_a_long_text_takes_no_longer_than_its_length() -> None:
    """A word of 200,000 letters, as broken mail has them, is cut piece by piece."""
    assert len(wrap("x" * 200_000, 80)) == 2_500
    assert len(wrap("我" * 100_000, 80)) == 2_500


class Pane(DrawnLines):
    """Shows what it is given."""

    def __init__(self, *shown: Paragraph) -> None:
        super().__init__()
        self.shown = shown

    def paragraphs(self, width: int) -> tuple[Paragraph, ...]:
        del width
        return self.shown


class OnePane(App[None]):
    """A pane and nothing else."""

    CSS = "Pane { scrollbar-size-vertical: 0; }"

    def __init__(self, pane: Pane) -> None:
        super().__init__()
        self.pane = pane

    def compose(self) -> ComposeResult:
        yield self.pane


def drawn(app: App[None]) -> list[str]:
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


async def test_gutters_indents_and_what_stands_at_the_right() -> None:
    pane = Pane(
        Paragraph((("- a point that goes on\n> quoted words that go on", ""),), lead=("| ", "quiet"), indent=2),
        Paragraph((("Title", "title"),), right=("r", "key")),
        Paragraph((("much too long for one line", ""),), cut=True),
    )
    async with OnePane(pane).run_test(size=(20, 12)) as pilot:
        await pilot.pause()
        assert drawn(pilot.app)[:8] == [
            "  | - a point that",
            "  |   goes on",
            "  | > quoted words",
            "  |   that go on",
            "Title              r",
            "much too long for o…",
            "",
            "",
        ]


async def test_it_wraps_again_for_another_width_and_forgets_what_was_drawn() -> None:
    pane = Pane(Paragraph((("one two three", ""),), key="a"))
    async with OnePane(pane).run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        assert drawn(pilot.app)[0] == "one two three"
        await pilot.resize_terminal(8, 5)
        await pilot.pause()
        assert drawn(pilot.app)[:2] == ["one two", "three"]
        pane.shown = ()
        pane.draw_again()
        assert "three" not in repr(vars(pane)) and not pane._styles_cache._cache


@pytest.mark.parametrize(
    ("received", "due", "words", "look"),
    [
        (timedelta(days=9), timedelta(days=-3), "3 d late", "chip-bad"),
        (timedelta(days=9), timedelta(hours=-5), "5 h late", "chip-bad"),
        (timedelta(hours=12), timedelta(hours=5), "due by 17:00 ━━━━━━━───", "chip-warning"),
        (timedelta(days=3), timedelta(days=2), "due Thu 26 ━━━━━━────", "chip"),
        (timedelta(days=2), timedelta(days=10), "due 4 Dec ━━────────", "chip"),
    ],
)
def test_the_due_date_is_said_as_people_say_it(
    received: timedelta, due: timedelta, words: str, look: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        assert due_chip(NOW - received, NOW + due, NOW) == (words, look)
    time.tzset()


def test_a_narrow_head_keeps_what_warns_and_when_it_is_due() -> None:
    """Beside the kind; the plain chips go first, the last of them before the others, and none is cut."""
    chips = [
        ("? inquiry", "chip"),
        ("minor, under 14", "chip-warning"),
        ("○ open", "chip"),
        ("unassigned", "chip"),
        ("overdue, escalated", "chip-bad"),
        ("due 11 Dec", "chip"),
    ]
    everything = sum(len(words) + 3 for words, _ in chips) - 1
    assert fitting(chips, everything) == chips
    assert [words for words, _ in fitting(chips, everything - 1)] == [
        "? inquiry", "minor, under 14", "○ open", "overdue, escalated", "due 11 Dec",
    ]  # fmt: skip
    assert [words for words, _ in fitting(chips, 66)] == [
        "? inquiry", "minor, under 14", "overdue, escalated", "due 11 Dec",
    ]  # fmt: skip
    assert [words for words, _ in fitting(chips, 44)] == ["? inquiry", "minor, under 14", "due 11 Dec"]
    assert [words for words, _ in fitting(chips, 5)] == ["due 11 Dec"]

"""Text drawn line by line: paragraphs with gutters and hanging indents in one widget, however many there are.

A widget for each message and each fact made Textual lay out about a hundred of them for a ticket, which took half a
second. What comes from outside passes `plain` here, and no markup is ever parsed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cs_console.plain_text import plain, sentence_line
from screens.frame.theme import ink, palette_of
from screens.widgets.wrapping import wrap

Piece = tuple[str, str]
"""A text and its look, one of LOOKS."""


@dataclass(frozen=True, slots=True)
class Look:
    """Letters of a colour of the palette, by its name; on a ground of their own or on what is behind them."""

    colour: str
    bold: bool = False
    italic: bool = False
    ground: str = ""


LOOKS = {
    "": Look("ink"),
    "bright": Look("bright"),
    "title": Look("bright", bold=True),
    "value": Look("bright", bold=True),
    "quiet": Look("quiet"),
    "faint": Look("faint"),
    "rule": Look("line"),
    "key": Look("sand", bold=True),
    "blue": Look("blue"),
    "person": Look("blue", bold=True),
    "good": Look("green"),
    "warning": Look("amber"),
    "bad": Look("red"),
    "note": Look("ink", italic=True),
    "masked": Look("quiet", ground="band"),
    "chip": Look("ink", ground="band"),
    "chip-good": Look("green", ground="green_tint"),
    "chip-warning": Look("amber", bold=True, ground="amber_tint"),
    "chip-bad": Look("red", bold=True, ground="red_tint"),
}

_HANGS = re.compile(r"\s*(?:(?:>[ \t]?)+|(?:[-*•·–]|\d{1,3}[.)])[ \t]+)")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some pieces of text, wrapped; a line end in them begins a new line.

    `lead` is drawn before its every line, such as a gutter, after `indent` empty cells. From there on `ground` is the
    look of what is behind it. A line that is wrapped goes on `hang` cells further right, or under the text of a bullet
    or a quote. `right` is put at the right edge of the first line. `cut`: one line, ending in an ellipsis. It is at
    most `most` cells wide. `key` is what it is looked up by.
    """

    pieces: tuple[Piece, ...] = ()
    key: str = ""
    lead: Piece = ("", "")
    indent: int = 0
    ground: str = ""
    hang: int = 0
    right: Piece = ("", "")
    cut: bool = False
    most: int = 1000

    @property
    def words(self) -> str:
        """Its words, without what they are drawn with."""
        return "".join(text for text, _look in (*self.pieces, (" ", ""), self.right)).rstrip()


@dataclass(frozen=True, slots=True)
class _Line:
    pieces: tuple[Piece, ...]
    indent: int = 0
    ground: str = ""
    width: int = 0


class DrawnLines(ScrollView):
    """A subclass says its paragraphs for a width; `draw_again` when they change. What did not change is not wrapped
    again. Nothing slides.
    """

    ALLOW_SELECT = False
    GROUND = "ground"
    """The name of the palette's colour behind its lines."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[_Line] = []
        self._drawn: dict[Paragraph, list[_Line]] = {}
        self._starts: dict[str, int] = {}
        self._width = 0

    def paragraphs(self, width: int) -> Iterable[Paragraph]:
        """What it shows, for lines of so many cells."""
        del width
        return ()

    @property
    def words(self) -> str:
        """Every word that it shows, unwrapped."""
        return "\n".join(one.words for one in self.paragraphs(max(self._width, 200)))

    def draw_again(self) -> None:
        """Show the paragraphs as they are now; the place that is in sight stays.

        Nothing is kept of what was drawn before, also while another screen is on top: `refresh` drops Textual's copy.
        """
        width = self.scrollable_content_region.width
        before = self._drawn if width == self._width else {}
        self._width, self._drawn, self._lines, self._starts = width, {}, [], {}
        if width > 0:
            for one in self.paragraphs(width):
                lines = before.get(one)
                self._drawn[one] = lines = list(_lines_of(one, width)) if lines is None else lines
                if one.key:
                    self._starts.setdefault(one.key, len(self._lines))
                self._lines += lines
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    def show_lines(self, many: int) -> None:
        """Show only so many of its first lines, until it is drawn again."""
        del self._lines[many:]
        self.virtual_size = Size(self._width, len(self._lines))
        self.refresh()

    def start_of(self, key: str) -> int | None:
        """The line that the paragraph of this key begins in."""
        return self._starts.get(key)

    def bring_in_sight(self, key: str) -> None:
        """Scroll just so far that the lines of this key are in sight, its first above all."""
        first = self._starts.get(key)
        if first is None:
            return
        last = first + sum(len(lines) for one, lines in self._drawn.items() if one.key == key)
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if last > top + height:
            top = last - height
        self.scroll_to(y=min(top, first), force=True)

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        del event
        if self.scrollable_content_region.width != self._width:
            self.draw_again()

    def _scroll_to(self, *places: float | None, animate: bool = True, **how: object) -> bool:
        del animate
        return super()._scroll_to(*places, animate=False, **how)  # type: ignore[arg-type]

    def render_line(self, y: int) -> Strip:
        at, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        own = self._style("", "")
        if at >= len(self._lines):
            return Strip.blank(width, own)
        line = self._lines[at]
        segments = [Segment(" " * line.indent, own)] if line.indent else []
        used = line.indent
        for text, look in line.pieces:
            segments.append(Segment(text, self._style(look, line.ground)))
            used += cell_len(text)
        edge = min(max(line.width, used), width)
        if edge > used:
            segments.append(Segment(" " * (edge - used), self._style("", line.ground)))
        return Strip(segments, max(edge, used)).adjust_cell_length(width, own)

    def _style(self, look: str, ground: str) -> Style:
        palette, one = palette_of(self.app, under_cursor=ground == "cursor"), LOOKS[look]
        behind = ground if ground == "cursor" else one.ground or ground or self.GROUND
        return ink(getattr(palette, one.colour), getattr(palette, behind), bold=one.bold, italic=one.italic)


def _lines_of(one: Paragraph, width: int) -> Iterator[_Line]:
    width = min(width, one.most + one.indent)
    gutter: Piece = (sentence_line(one.lead[0]), one.lead[1])
    at_right: Piece = (sentence_line(one.right[0]), one.right[1])
    lead = cell_len(gutter[0])
    room = max(width - one.indent - lead, 1)
    right = cell_len(at_right[0])
    text, looks = _joined(one.pieces)
    offset = 0
    first = True
    for words in text.split("\n"):
        space = room - right - 2 if right else room
        hang = one.hang or _hang_of(words)
        hang = hang if hang < space // 2 or one.hang else 0
        spans = [_cut(words, space)] if one.cut else wrap(words, space, hang)
        for number, (start, end) in enumerate(spans):
            pieces = list(_looks_in(text, looks, offset + start, offset + end))
            if one.cut and end < len(words):
                pieces.append(("…", pieces[-1][1] if pieces else ""))
            if number and hang:
                pieces.insert(0, (" " * hang, ""))
            if first and right:
                used = sum(cell_len(piece) for piece, _ in pieces)
                pieces += [(" " * max(room - right - used, 1), ""), at_right]
            if lead:
                pieces.insert(0, gutter)
            yield _Line(tuple(pieces), one.indent, one.ground, width)
            first = False
        offset += len(words) + 1


def _joined(pieces: Iterable[Piece]) -> tuple[str, list[tuple[int, str]]]:
    """The text, and from which place on it has which look."""
    text, looks = "", []
    for words, look in pieces:
        looks.append((len(text), look))
        text += plain(words).expandtabs(8)
    return text, looks


def _looks_in(text: str, looks: list[tuple[int, str]], start: int, end: int) -> Iterator[Piece]:
    for (first, look), (last, _) in pairwise([*looks, (len(text), "")]):
        part = text[max(first, start) : min(last, end)]
        if part and max(first, start) < min(last, end):
            yield part, look


def _hang_of(words: str) -> int:
    found = _HANGS.match(words)
    return 0 if found is None else cell_len(found.group())


def _cut(words: str, room: int) -> tuple[int, int]:
    if cell_len(words) <= room:
        return 0, len(words)
    return 0, len(chop_cells(words, max(room - 1, 1))[0])

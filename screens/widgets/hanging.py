"""Texts with hanging indents, and rows of columns, for lists and pages: what wraps continues under its own text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widgets import Static

from cs_console.plain_text import plain
from screens.widgets.wrapping import wrap

_BETWEEN = 2
"""Cells between two columns."""
_LEAST = 16
"""The fewest cells of a last column; with less, a row's columns go under each other."""
_MARKER = re.compile(r"\s*(?:(?:[-*•·–]|\d{1,3}[.)]|\(\d{1,3}\)) +)?")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; where it wraps it goes on after `hang` cells."""

    words: Content
    hang: int = 0

    def at(self, width: int) -> Iterator[Content]:
        """The lines that it takes at that width."""
        begins = self.words.plain
        for begin, end in wrap(begins, width, self.hang):
            indent = " " * self.hang if begin else ""
            yield Content.assemble(indent, self.words[begin:end])

    def __str__(self) -> str:
        return self.words.plain


@dataclass(frozen=True, slots=True)
class Row:
    """Columns of fixed widths, one of which takes the rest (the last, else `stretch`), each wrapped within itself.

    In the first, what wraps goes on after `hang` cells. Where there is no room, the columns go under each other.
    """

    cells: tuple[Content, ...]
    widths: tuple[int, ...]
    """Of all but the one that takes the rest."""
    stretch: int = -1
    hang: int = 0

    def at(self, width: int) -> Iterator[Content]:
        """The lines that it takes at that width."""
        taken = sum(self.widths) + _BETWEEN * len(self.widths)
        if width - taken < _LEAST:
            yield from self._under_each_other(width)
            return
        at = self.stretch % len(self.cells)
        widths = (*self.widths[:at], width - taken, *self.widths[at:])
        hangs = (self.hang, *(0 for _ in self.cells[1:]))
        columns = [list(Line(cell, hang).at(room)) for cell, hang, room in zip(self.cells, hangs, widths, strict=True)]
        for parts in zip_longest(*columns, fillvalue=Content()):
            padded = [part.pad_right(room - part.cell_length) for part, room in zip(parts, widths, strict=True)]
            yield Content(" " * _BETWEEN).join(padded)

    def _under_each_other(self, width: int) -> Iterator[Content]:
        first, *rest = self.cells
        yield from Line(first, self.hang or 2).at(width)
        for cell in filter(None, rest):
            for line in Line(cell).at(width - 2):
                yield Content.assemble("  ", line)

    def __str__(self) -> str:
        return "  ".join(cell.plain for cell in self.cells if cell)


class Hanging(Visual):
    """Lines and rows, one under the other."""

    def __init__(self, parts: Iterable[Line | Row]) -> None:
        self._parts: Sequence[Line | Row] = tuple(parts)

    def _lines(self, width: int) -> Iterator[Content]:
        for part in self._parts:
            yield from part.at(max(width, 1))

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        """Every line at that width."""
        strips = [strip for line in self._lines(width) for strip in line.render_strips(width, 1, style, options)]
        return strips if height is None else strips[:height]

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """All that there is: columns and hanging lines fill what they are given."""
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        """How many lines it takes at that width."""
        return sum(1 for _ in self._lines(width))

    def __str__(self) -> str:
        return "\n".join(map(str, self._parts))


def hung(text: str, style: str = "") -> list[Line]:
    """A text from outside, literally, line by line; what follows a bullet, a number or spaces hangs under it."""
    found = []
    for line in plain(text).split("\n"):
        marker = _MARKER.match(line)
        hang = len(marker.group()) if marker else 0
        found.append(Line(Content(line).stylize(style) if style else Content(line), min(hang, 8)))
    return found


class HangingText(Static):
    """A widget that shows text literally, as `hung` has it."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(Hanging(hung(text)), markup=False, id=id, classes=classes)

    def show(self, text: str) -> None:
        """Show this text instead."""
        self.update(Hanging(hung(text)))

    def show_lines(self, lines: Iterable[Line | Row]) -> None:
        """Show these instead."""
        self.update(Hanging(lines))

"""A console's screen as an SVG picture that asks no other machine for fonts and is the same for the same screen.

Rich's own export gives text the length of as many narrow letters, which squeezes Chinese, and draws lines by letters,
which leaves gaps between rows. Here each letter that is wide has its own place, and lines and blocks are shapes.
"""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from rich.cells import cell_len, split_graphemes
from rich.color import Color
from rich.style import Style
from textual.app import App

CELL, ROW, SIZE = 12.2, 24.4, 20
"""Of a letter, of a line and of the font, in pixels."""
EDGE, BAR = 9, 40
"""Around the screen, and for the bar above it."""
FONTS = "'DejaVu Sans Mono', ui-monospace, Menlo, Consolas, monospace"

_LIGHT, _HEAVY, _DASHED = (1.6, ""), (3.2, ""), (1.6, ' stroke-dasharray="3.1 3"')
_LINES = {
    "─": ("lr", _LIGHT), "━": ("lr", _HEAVY), "│": ("ud", _LIGHT), "┃": ("ud", _HEAVY), "┊": ("ud", _DASHED),
    "┌": ("dr", _LIGHT), "╭": ("dr", _LIGHT), "┐": ("dl", _LIGHT), "╮": ("dl", _LIGHT),
    "└": ("ur", _LIGHT), "╰": ("ur", _LIGHT), "┘": ("ul", _LIGHT), "╯": ("ul", _LIGHT),
    "├": ("udr", _LIGHT), "┤": ("udl", _LIGHT), "┬": ("dlr", _LIGHT), "┴": ("ulr", _LIGHT), "┼": ("udlr", _LIGHT),
}
"""To which sides of its cell each line goes from the middle, and how it is drawn."""
_BLOCKS = {
    **{chr(0x2580 + eighths): (0.0, 1 - eighths / 8, 1.0, 1.0) for eighths in range(1, 9)},
    **{chr(0x2590 - eighths): (0.0, 0.0, eighths / 8, 1.0) for eighths in range(1, 8)},
    "▀": (0.0, 0.0, 1.0, 0.5), "▐": (0.5, 0.0, 1.0, 1.0), "▔": (0.0, 0.0, 1.0, 1 / 8), "▕": (7 / 8, 0.0, 1.0, 1.0),
}
"""What each block fills of its cell: left, top, right, bottom."""


def picture_of(app: App[None], title: str = "cs-console") -> str:
    """The screen that is on top now."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    ground, ink = app.theme_variables["background"], app.theme_variables["foreground"]
    whole = (round(width * CELL + 2 * EDGE), round(height * ROW + EDGE + BAR))
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole[0]} {whole[1]}">',
        f"<style>text {{ font: {SIZE}px {FONTS} }}</style>",
        f'<rect width="{whole[0]}" height="{whole[1]}" rx="8" fill="{ground}" stroke="#8888" />',
        *(f'<circle cx="{22 + 22 * dot}" cy="20" r="6" fill="#8888" />' for dot in range(3)),
        f'<text x="{whole[0] / 2:.0f}" y="26" text-anchor="middle" fill="{ink}" opacity="0.7">{escape(title)}</text>',
        f'<g transform="translate({EDGE} {BAR})">',
    ]
    letters: list[str] = []  # over every ground: bold ones reach into the next cell
    for row, line in enumerate(lines):
        at = 0
        for segment in line:
            style = segment.style or Style()
            colours = _hex(style.color, ink), _hex(style.bgcolor, ground)
            colour, behind = colours[::-1] if style.reverse else colours
            if behind != ground:
                drawn.append(_rect(at, row, (0.0, 0.0, float(segment.cell_length), 1.0), behind))
            letters += _letters(segment.text, style, colour, at, row)
            at += segment.cell_length
    drawn += letters
    return "\n".join((*drawn, "</g>", "</svg>", ""))


def _letters(text: str, style: Style, colour: str, at: int, row: int) -> Iterator[str]:
    look = (' font-weight="bold"' if style.bold else "") + (' font-style="italic"' if style.italic else "")
    look += (' opacity="0.6"' if style.dim else "") + (' text-decoration="underline"' if style.underline else "")
    for kind, run in groupby(_graphemes(text), _kind):
        part = "".join(run)
        if kind in _LINES:
            yield _line(kind, at, row, len(part), colour)
        elif kind in _BLOCKS:
            left, top, right, bottom = _BLOCKS[kind]
            for number in range(len(part)):
                yield _rect(at + number, row, (left, top, right, bottom), colour)
        elif part.strip():
            before = len(part) - len(part.lstrip(" "))
            words = part.strip(" ")
            yield (
                f'<text x="{_x(at + before)}" y="{(row + 0.75) * ROW:.1f}" textLength="{_x(cell_len(words))}" '
                f'lengthAdjust="spacingAndGlyphs" fill="{colour}"{look}>{escape(words).replace(" ", "&#160;")}</text>'
            )
        at += cell_len(part)


def _graphemes(text: str) -> Iterator[str]:
    spans, _cells = split_graphemes(text)
    return (text[start:end] for start, end, _width in spans)


def _kind(grapheme: str) -> str:
    """What is drawn alike: each kind of line, each kind of block, a wide letter by itself, or text."""
    return grapheme if grapheme in _LINES or grapheme in _BLOCKS or cell_len(grapheme) != 1 else ""


def _line(kind: str, at: int, row: int, count: int, colour: str) -> str:
    sides, (width, dashes) = _LINES[kind]
    ways = []
    for cell in range(at, at + (1 if sides == "lr" else count)):
        left, middle, right = cell, cell + 0.5, cell + (count if sides == "lr" else 1)
        top, centre, bottom = row, row + 0.5, row + 1
        ends = {"l": (left, centre), "r": (right, centre), "u": (middle, top), "d": (middle, bottom)}
        for side in sides:
            x, y = ends[side]
            ways.append(f"M{_x(middle)} {centre * ROW:.1f}L{_x(x)} {y * ROW:.1f}")
    return f'<path d="{"".join(ways)}" stroke="{colour}" stroke-width="{width}"{dashes} />'


def _rect(at: int, row: int, part: tuple[float, float, float, float], colour: str) -> str:
    left, top, right, bottom = part
    return (
        f'<rect x="{_x(at + left)}" y="{(row + top) * ROW:.1f}" width="{_x(right - left)}" '
        f'height="{(bottom - top) * ROW:.1f}" fill="{colour}" shape-rendering="crispEdges" />'
    )


def _x(cells: float) -> str:
    return f"{cells * CELL:.1f}"


def _hex(colour: Color | None, otherwise: str) -> str:
    return otherwise if colour is None or colour.is_default else colour.get_truecolor().hex

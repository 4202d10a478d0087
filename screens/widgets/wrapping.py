"""Where the lines of a text break: the one way to wrap in widgets that draw their own lines."""

import re
from collections.abc import Iterator

from rich.cells import cell_len, chop_cells, split_graphemes

_WIDE = "\u3001-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uff01-\uff60"
_OPENING, _CLOSING = "「『（《〈【〔“‘", "」』）》〉】〕、。，．：；！？”’…"
_JOINED = "\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef"
_TOKENS = re.compile(
    rf"\[[^\W\d_][\w ·-]{{0,30}}\]|\s+|[{_OPENING}]*[{_WIDE}][{_JOINED}]*[{_CLOSING}]*|[^\s\[{_WIDE}]+|[\[]"
)
"""What a line is not broken in: a hidden block, a word, or where words are not spaced a letter with its signs."""


def wrap(text: str, width: int, hang: int = 0) -> list[tuple[int, int]]:
    """Where the lines of a text without line ends begin and end: the first of so many cells, the others less `hang`.

    Lines break at spaces, and between letters of scripts without them; a word that is longer than a line is cut
    between characters as a reader sees them (joined emoji and combining marks stay whole).
    """
    width = max(width, 1)
    if text.isascii() and len(text) <= width:
        return [(0, len(text))]
    lines: list[tuple[int, int]] = []
    start = end = used = 0
    room = width
    for token in _TOKENS.finditer(text):
        word = token.group()
        if word.isspace():
            used += len(word) if end > start or not lines else 0
            continue
        cells = cell_len(word)
        if used + cells > room and end > start:
            lines.append((start, end))
            start, used, room = token.start(), 0, max(width - hang, 1)
        elif end <= start and (lines or used + 2 > room):
            start, used = token.start(), 0
        if cells > room - used:
            for at in _chopped(text, token.start(), token.end(), room - used, width - hang):
                lines.append((start, at))
                start, used, room = at, 0, max(width - hang, 1)
            cells = cell_len(text[start : token.end()]) if used == 0 else cells
        used += cells
        end = token.end()
    lines.append((start, max(start, end)))
    return lines


def _chopped(text: str, start: int, end: int, first: int, others: int) -> Iterator[int]:
    """Where a long word is cut: after `first` cells, then after each so many."""
    room = max(first, 1)
    while True:
        piece = text[start : min(end, start + 16 * room + 64)]
        parts = chop_cells(piece, room)
        start += len(parts[0]) if parts and parts[0] else split_graphemes(piece)[0][0][1]  # wider than the room
        if start >= end:
            return
        yield start
        room = max(others, 1)

"""A folded copy of a text to search in: the same letters in fewer forms, each place traceable to the original."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

BLANK = "\x00"

_ZEROS = (
    0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xF20, 0x1040, 0x17E0,
    0x1810, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0xFF10,
)  # fmt: skip
_DIGITS = {zero + digit: str(digit) for zero in _ZEROS for digit in range(10)}
_WIDE_LETTERS = {code: chr(code - 0xFEE0) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_WIDE_SIGNS = {ord(wide): sign for wide, sign in zip("（）＋－．／＠＿：", "()+-./@_:", strict=True)}
_SPACES = dict.fromkeys((0xA0, 0x2007, 0x2009, 0x202F, 0x3000), " ")
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63), "-")
_FOLD = _DIGITS | _WIDE_LETTERS | _WIDE_SIGNS | _SPACES | _DASHES

# what plain() makes of characters without width, and those characters themselves
_INVISIBLE = re.compile(
    "⟨(?:AD|34F|61C|200[B-F]|202[A-E]|206[0-9A-F]|FEFF|E00[0-7][0-9A-F])⟩"
    "|[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text and what it is."""

    start: int
    end: int
    label: str


class Folded:
    """`text` with wide forms, digits of any script, dashes and spaces made plain, and invisible marks left out."""

    __slots__ = ("_cuts", "_shifts", "text")

    def __init__(self, original: str) -> None:
        self._cuts: list[int] = []
        self._shifts: list[int] = [0]
        self.text = original if original.isascii() else self._without_marks(original).translate(_FOLD)

    def _without_marks(self, original: str) -> str:
        kept, at, removed = [], 0, 0
        for mark in _INVISIBLE.finditer(original):
            kept.append(original[at : mark.start()])
            self._cuts.append(mark.start() - removed)
            removed += mark.end() - mark.start()
            self._shifts.append(removed)
            at = mark.end()
        return "".join((*kept, original[at:])) if removed else original

    def original(self, span: Span) -> Span:
        """Where that stretch stands in the original."""
        return Span(self._place(span.start), self._place(span.end - 1) + 1, span.label)

    def _place(self, at: int) -> int:
        return at + self._shifts[bisect_right(self._cuts, at)]

    def blank(self, spans: Iterable[Span]) -> None:
        """Make stretches unfindable, so that no later search finds a part of them again."""
        pieces: list[str] = []
        at = 0
        for span in spans:
            pieces += (self.text[at : span.start], BLANK * (span.end - span.start))
            at = span.end
        if at:
            self.text = "".join((*pieces, self.text[at:]))

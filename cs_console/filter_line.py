"""The words of a filter line: `key:value`, `-key:value`, `key:"two words"` and `#123`, for tickets and for the log."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TO_SPACE = re.compile(r"\S+")
_WITH_QUOTED = re.compile(r'(?:[^\s"]|"[^"]*"|")+')
_PARTS = re.compile(r"(-?)(?:([^:]*):)?(.*)", re.DOTALL)

ANYWHERE = re.compile(r".*", re.DOTALL)
"""A quotation mark quotes wherever it is."""
AROUND_VALUE = re.compile(r'[a-z]+:"[^"]*"')
"""Quotation marks quote around a whole value; any other is a character of its word."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it was `typed`, where it `starts` in the line, and `bare` of the marks that quote.

    `negated`, `key` and `value` are the parts of `bare`: a leading minus, what is before the first colon (None without
    a colon), and the rest.
    """

    typed: str
    bare: str
    negated: bool
    key: str | None
    value: str
    starts: int = field(default=0, compare=False)


def filter_words(text: str, quotes: re.Pattern[str]) -> Iterator[Word]:
    """The words of `text` in their order, whatever it holds. White space ends a word, except between marks that quote.

    `quotes`: ANYWHERE or AROUND_VALUE. A mark that is not closed quotes nothing.
    """
    at = 0
    while (start := _TO_SPACE.search(text, at)) is not None:
        typed, bare = start.group(), start.group()
        if '"' in typed:
            long = _WITH_QUOTED.match(text, start.start())
            assert long is not None  # what is no white space always fits
            if quotes.fullmatch(long.group()):
                typed, bare = long.group(), long.group().replace('"', "")
        starts, at = start.start(), start.start() + len(typed)
        parts = _PARTS.fullmatch(bare)
        assert parts is not None  # the pattern fits every text
        yield Word(typed, bare, bool(parts[1]), parts[2], parts[3], starts)

"""Redaction: free text with personal data replaced by labelled blocks (policy IV.(1)3)."""

import re
from collections.abc import Callable, Iterable, Iterator

from cs_console.custody import personal_data
from cs_console.custody.folding import Folded, Span
from cs_console.custody.personal_data import UNSPACED
from cs_console.custody.phones_in_text import phones
from models.enums import Field

SHORTEST_KNOWN = 2
SHORTEST_NAME_PART = 3
SHORTEST_ADDRESS_PART = 6
FEWEST_KNOWN_DIGITS = 6
_PARTICLES = frozenset(
    {"van", "von", "der", "den", "del", "dos", "das", "bin", "ibn", "abu", "the", "and", "mrs", "miss", "herr", "frau"}
)
_WORD_CHAR = re.compile(rf"[^\W{UNSPACED}]")
"""Compiled once: a class this large in every value's own pattern took most of intake's time."""
_UNSPACED_CHAR = re.compile(f"[{UNSPACED}]")

_BEFORE_KNOWN: tuple[Callable[[str], Iterable[Span]], ...] = (
    personal_data.links,
    personal_data.emails,
    personal_data.spelt_emails,
)
_AFTER_KNOWN: tuple[Callable[[str], Iterable[Span]], ...] = (
    personal_data.hosts,
    personal_data.ips,
    personal_data.ips_v6,
    personal_data.ibans,
    personal_data.national_ids,
    personal_data.ids_by_shape,
    personal_data.cards,
    personal_data.ids_by_check,
)


def redact(text: str, regions: tuple[str, ...], known: tuple[tuple[Field, str], ...] = ()) -> str:
    """`text` with phones, addresses, cards, accounts, ids, links and everything in `known` replaced by `[label]`.

    `regions` (ISO 3166) say whose national phone formats to look for; `known` are the requester's own contact
    values. Cards keep their last four digits. The time taken grows with the text's length and no faster.
    """
    if not text:
        return text
    folded = Folded(text)
    found: list[Span] = []

    def take(spans: Iterable[Span]) -> None:
        new = list(_in_order(spans))
        folded.blank(new)
        found.extend(new)

    for search in _BEFORE_KNOWN:
        take(search(folded.text))
    for field, value in sorted(known, key=lambda item: -len(item[1])):
        take(_known(folded.text, field, Folded(value).text))
    for search in _AFTER_KNOWN:
        take(search(folded.text))
    take(phones(folded.text, regions))
    return _written(text, sorted((folded.original(span) for span in found), key=lambda span: span.start))


def _in_order(spans: Iterable[Span]) -> Iterator[Span]:
    """By where they stand, none overlapping another: what blanking and writing rely on."""
    done = 0
    for span in sorted(spans, key=lambda span: span.start):
        if span.start >= done:
            done = span.end
            yield span


def _written(text: str, spans: list[Span]) -> str:
    pieces: list[str] = []
    at = 0
    for span in spans:
        pieces += (text[at : span.start], f"[{span.label}]")
        at = span.end
    return "".join((*pieces, text[at:]))


def _known(text: str, field: Field, value: str) -> Iterator[Span]:
    """Every place where a known value stands, whatever its case and spacing."""
    digits = re.sub(r"\D", "", value)
    if field is Field.MOBILE and len(digits) >= FEWEST_KNOWN_DIGITS:
        yield from _known_phone(text, field, digits)
        return
    for part in _parts(field, value.strip()):
        if not part.strip():
            continue
        spaced = not _UNSPACED_CHAR.search(part)
        spans = [
            Span(found.start(), found.end(), field.value)
            for found in re.finditer(_pattern(part, spaced), text, re.IGNORECASE)
            if not spaced or _stands_alone(text, found)
        ]
        yield from spans
        text = _without(text, spans)


def _stands_alone(text: str, found: re.Match[str]) -> bool:
    """Whether it is no piece of a longer word."""
    start, end = found.span()
    return not (_WORD_CHAR.match(text[start - 1 : start]) or _WORD_CHAR.match(text[end : end + 1]))


def _without(text: str, spans: list[Span]) -> str:
    """The text with these spans blanked, everything else in its place."""
    pieces: list[str] = []
    at = 0
    for span in spans:
        pieces += (text[at : span.start], "\0" * (span.end - span.start))
        at = span.end
    return "".join((*pieces, text[at:]))


def _known_phone(text: str, field: Field, digits: str) -> Iterator[Span]:
    """The number with or without its country's code, however it is grouped."""
    tail = r"[ ()./\-]{0,3}".join(digits[-min(len(digits), 9) :])
    for found in re.finditer(rf"(?<!\d)(?:\+?[\d()][\d ()./\-]{{0,8}})??{tail}(?!\d)", text):
        yield Span(found.start(), found.end(), field.value)


def _parts(field: Field, value: str) -> list[str]:
    """The value whole, then the parts of it that would still tell who it is: longest first."""
    parts = [value]
    if field is Field.NAME and not _UNSPACED_CHAR.search(value):
        parts += [
            part
            for part in re.split(r"[\s,.]+", value)
            if len(part) >= SHORTEST_NAME_PART and part.casefold() not in _PARTICLES
        ]
    elif field is Field.ADDRESS:
        parts += [part.strip() for part in re.split(r"[,，;\n]", value) if len(part.strip()) >= SHORTEST_ADDRESS_PART]
    return sorted({part for part in parts if len(part) >= SHORTEST_KNOWN}, key=lambda part: (-len(part), part))


def _pattern(part: str, spaced: bool) -> str:
    words = part.split()
    if not spaced:
        # names in scripts without word spaces stand inside other text, sometimes spaced out
        return r"\s{0,2}".join(re.escape(char) for char in "".join(words))
    return r"[\s,.]{1,3}".join(re.escape(word) for word in words)

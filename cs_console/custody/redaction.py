"""Redaction: free text with personal data replaced by labelled blocks (policy IV.(1)3)."""

import re
from collections.abc import Callable, Iterable, Iterator
from time import thread_time

from cs_console.custody import personal_data
from cs_console.custody.cards_in_text import cards
from cs_console.custody.folding import Folded, Span, blanked
from cs_console.custody.known_terms import KnownTerms, Values
from cs_console.custody.national_ids import chinese_ids, national_ids
from cs_console.custody.phones_in_text import Looks, phones
from models.contact_fields import Field

SECONDS = 5.0
REST = "the rest is sealed"
PIECE = 1 << 16
OVERLAP = 512
"""A long text is searched piece by piece; each also sees so much of what is before and after it."""
_BLOCKS = re.compile(
    rf"\[(?:{'|'.join(field.value for field in Field)}|phone|number|link|ip|iban|id|passport|account"
    rf"|messenger|date of birth|hidden|card ····\d{{4}}|{REST})\]"
)
"""What an earlier redaction wrote is nothing to redact again."""


def _introduced(text: str) -> Iterable[Span]:
    # its tables of words take a while to make, and a console that only signs in needs none of them
    from cs_console.custody.introductions import introduced_values

    return introduced_values(text)


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
    _introduced,
    chinese_ids,
    national_ids,
    cards,
)


def redact(text: str, regions: tuple[str, ...], known: KnownTerms | Values = (), seconds: float = SECONDS) -> str:
    """`text` with phones, addresses, cards, accounts, ids, links and what is `known` replaced by `[label]`.

    `regions` (ISO 3166) say whose national phone formats to look for; `known` is what is held of the requester (plain
    values count as on file). Cards keep their last four digits, and every other character stays as it is. The time
    taken grows with the text's length and no faster; what is left after so many seconds of the processor's time
    is replaced whole.
    """
    return _redacted(text, known if isinstance(known, KnownTerms) else KnownTerms(known), Looks(regions), seconds)


def redact_known(text: str, known: KnownTerms) -> str:
    """`text` with what is `known` replaced and nothing for how it looks.

    For what was redacted before, and for letters, in which the desk's own addresses stay readable.
    """
    return _redacted(text, known, None, SECONDS)


def has_blocks(text: str) -> bool:
    """Whether a part of it was redacted before."""
    return _BLOCKS.search(text) is not None or "[" in text or "]" in text


def without_blocks(text: str) -> str:
    """A redacted text without the labels that stand in place of what is hidden."""
    return _BLOCKS.sub(" ", text)


def hidden_spans(text: str, regions: tuple[str, ...], known: KnownTerms | Values = ()) -> list[Span]:
    """What `redact` would replace, in order, with its labels: for a benchmark and for tests."""
    return _spans(text, known if isinstance(known, KnownTerms) else KnownTerms(known), Looks(regions), SECONDS)


def _redacted(text: str, terms: KnownTerms, looks: Looks | None, seconds: float) -> str:
    return _written(text, _spans(text, terms, looks, seconds)) if text else text


def _spans(text: str, terms: KnownTerms, looks: Looks | None, seconds: float) -> list[Span]:
    folded = Folded(text)
    found: list[Span] = []
    done, length = 0, len(folded.text)
    began = thread_time() if length > PIECE else 0.0  # asking costs as much as a short text
    while done < length:
        if done and thread_time() - began > seconds:
            found.append(Span(done, length, REST))
            break
        end = min(done + PIECE, length)
        pieces = [folded.extended(span, end + OVERLAP) for span in _in_piece(folded, done, end, terms, looks)]
        folded.blank(pieces)
        found += pieces
        done = max(end, pieces[-1].end) if pieces else end
    return [folded.original(span) for span in found]


def _in_piece(folded: Folded, start: int, end: int, terms: KnownTerms, looks: Looks | None) -> list[Span]:
    """What begins between `start` and `end`, in order; it may reach into the next piece. No `looks`: known terms."""
    first, last = max(0, start - OVERLAP), min(len(folded.text), end + OVERLAP)
    text = folded.text if (first, last) == (0, len(folded.text)) else folded.text[first:last]
    found: list[Span] = []
    text = blanked(text, ((block.start(), block.end()) for block in _BLOCKS.finditer(text)))

    def take(spans: Iterable[Span]) -> None:
        nonlocal text
        new = list(_in_order(spans))
        text = blanked(text, ((span.start, span.end) for span in new))
        found.extend(new)

    for search in _BEFORE_KNOWN if looks else ():
        take(search(text))
    take(terms.spans(text))
    if looks:
        for search in _AFTER_KNOWN:
            take(search(text))
        take(phones(text, looks))
    moved = (Span(first + span.start, first + span.end, span.label) for span in found)
    return sorted((span for span in moved if start <= span.start < end), key=lambda span: span.start)


def _in_order(spans: Iterable[Span]) -> Iterator[Span]:
    """By where they stand, none overlapping another: what blanking and writing rely on."""
    done = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
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

"""Redaction: free text with personal data replaced by labelled blocks (policy IV.(1)3)."""

from collections.abc import Callable, Iterable, Iterator

from cs_console.custody import personal_data
from cs_console.custody.folding import Folded, Span
from cs_console.custody.known_terms import KnownTerms, Values
from cs_console.custody.phones_in_text import phones

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


def redact(text: str, regions: tuple[str, ...], known: KnownTerms | Values = ()) -> str:
    """`text` with phones, addresses, cards, accounts, ids, links and what is `known` replaced by `[label]`.

    `regions` (ISO 3166) say whose national phone formats to look for; `known` is what is held of the requester (plain
    values count as on file). Cards keep their last four digits, and every other character stays as it is. The time
    taken grows with the text's length and no faster.
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
    terms = known if isinstance(known, KnownTerms) else KnownTerms(known)
    take(terms.spans(folded.text))
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

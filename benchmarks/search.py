"""Search at growing sizes: words that few and many tickets have, beside the raw look-up in the same file."""

from collections.abc import Iterator

from benchmarks.growing import Pair, Raw, at_growing_sizes
from benchmarks.many_tickets import OTHER_WORD, RARE_WORD
from benchmarks.result import Result
from cs_console.desk import Desk, DeskSession
from cs_console.tickets.filters import parse
from cs_console.tickets.queue import QueuePage, page
from cs_console.tickets.search.tokens import current_generation, search_key, tokens_of
from cs_console.tickets.search.words import words_of

ROUNDS = 200
WARM_UP = 10
PAGE = 100
FREQUENT_WORD = "word1"
"""Of the bulk builder's words one that a large part of the tickets have."""

_SEARCHES = {
    "first page": RARE_WORD,
    "two words": f"{OTHER_WORD} {RARE_WORD}",
    "with a filter": f"{RARE_WORD} kind:appeal",
    "frequent word": FREQUENT_WORD,
}


def run(*sizes: int) -> Iterator[Result]:
    """Each search at every size, in turns with the same at 10,000 tickets and with SQLite's own look-up of its rows.

    Every call is a search of its own, put on record. Sizes default to 10,000 and 100,000; 1,000,000 needs some 4 GB of
    disk and takes a quarter of an hour to fill.
    """
    return at_growing_sizes("search", sizes, _measurements, ROUNDS, WARM_UP, indexed=True)


def _measurements(desk: Desk, session: DeskSession, raw: Raw) -> dict[str, Pair]:
    return {name: _pair(desk, session, raw, words) for name, words in _SEARCHES.items()}


def _pair(desk: Desk, session: DeskSession, raw: Raw, words: str) -> Pair:
    asked = parse(words)
    key = search_key(desk, current_generation(desk))
    [token] = tokens_of(key, words_of(asked.words[-1]))

    def console() -> QueuePage:
        desk.searches.clear()  # else only the first would be put on record
        return page(session, "all", asked)

    def baseline() -> object:
        return raw.rows(
            "SELECT number, kind, state, subject_redacted FROM search_token JOIN ticket ON number = ticket_number "
            f"WHERE token = ? AND closed_at IS NULL ORDER BY ticket_number DESC LIMIT {PAGE + 1}",
            (token,),
        )

    return console, baseline

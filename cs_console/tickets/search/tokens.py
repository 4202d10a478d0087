"""From words to what the index holds: 64-bit hashes under a key of the desk's own, renewed with the look-up keys."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlmodel import Session, col

from cs_console.custody.index_state import SEARCH, key_name
from cs_console.custody.keyring import OF_DESK
from cs_console.custody.search_queue import TOKEN_BYTES
from cs_console.desk import Desk
from cs_console.tickets.search.words import forms_of, indexed_forms, written_words
from models.search import SearchEntry

_NAME_BYTES = 16


def current_generation(desk: Desk) -> int:
    """Which generation of the key makes tokens now."""
    return desk.keyring.index_state().generation


def search_key(desk: Desk, generation: int) -> bytes:
    """The key of a generation in use. Raises DeskKeyMissing, StoreUnavailable."""
    return desk.keyring.desk_key(key_name(SEARCH, generation))


def token_of(key: bytes, word: str) -> int:
    """The keyed hash of a word, as a signed 64-bit number."""
    made = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), key=key, digest_size=TOKEN_BYTES)
    return int.from_bytes(made.digest(), signed=True)


def tokens_of(key: bytes, words: Iterable[str]) -> frozenset[int]:
    """The keyed hashes of words."""
    return frozenset(token_of(key, word) for word in words)


class TokenMaker:
    """Makes the tokens of texts under one key, those of a word once for as long as it is kept.

    It holds words in memory: keep it for some tickets, no longer.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str, tuple[int, ...]] = {}

    def of_text(self, text: str) -> set[int]:
        """The tokens of what is indexed of a text."""
        known, found = self._known, set[int]()
        for word in written_words(text):
            tokens = known.get(word)
            if tokens is None:
                tokens = known[word] = tuple(token_of(self._key, form) for form in indexed_forms(word))
            found.update(tokens)
        return found


def tokens_to_find(db: Session, desk: Desk, words: Iterable[str]) -> list[list[int]]:
    """The tokens of each word's forms; while keys are renewed, under those of before as well."""
    generation = current_generation(desk)
    oldest = db.connection().execute(select(func.min(col(SearchEntry.generation)))).scalar() or generation
    older = [f"{OF_DESK}{key_name(SEARCH, one)}" for one in range(oldest, generation)]
    keys = [search_key(desk, generation), *(desk.keyring.keys(older).values() if older else ())]
    return [[token_of(key, form) for key in keys for form in forms_of(word)] for word in sorted(words)]


def name_of_search(desk: Desk, words: Iterable[str]) -> str:
    """What the log calls a search: a keyed hash of its words, the same for the same words until the key is renewed."""
    key = search_key(desk, current_generation(desk))
    said = "\n".join(sorted(words)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, key=key, digest_size=_NAME_BYTES, person=b"search").hexdigest()

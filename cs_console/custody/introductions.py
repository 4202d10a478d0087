"""What a word introduces or a shape tells: names, addresses, birth dates and numbers, in one pass over a text.

Most words introduce nothing, so a look into one table is all that an ordinary text costs; each search then sees a
bounded stretch around its word.
"""

import re
from collections.abc import Iterable, Iterator

from cs_console.custody import (
    birth_dates,
    east_asian_addresses,
    east_asian_names,
    introduced,
    names_in_text,
    postal_addresses,
)
from cs_console.custody.folding import Span, folded
from cs_console.custody.personal_data import UNSPACED
from cs_console.custody.word_shapes import Search, lowered

_WORD = re.compile(rf"[^\W\d_{UNSPACED}]+")
_HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_KANA = re.compile("[\u3040-\u30ff]|氏名|様|受取人|宛名|名義|差出人")
_HANGUL = re.compile("[\uac00-\ud7a3]")


def _table(*rows: tuple[Iterable[str], Search]) -> dict[str, tuple[Search, ...]]:
    table: dict[str, tuple[Search, ...]] = {}
    for words, search in rows:
        for word in dict.fromkeys(map(folded, words)):
            table[word] = (*table.get(word, ()), search)
    return table


_BY_WORD = _table(
    (birth_dates.AFTER_OR_BEFORE, birth_dates.birth),
    (birth_dates.AFTER, birth_dates.birth_after),
    (("b",), birth_dates.birth_by_letters),
    (introduced.PASSPORT_WORDS, introduced.passport),
    (("pass",), introduced.german_pass),
    (introduced.IDENTITY_WORDS, introduced.identity),
    (introduced.GUARDED_IDENTITY_WORDS, introduced.guarded_identity),
    (introduced.ACCOUNT_WORDS, introduced.account),
    (introduced.BRANCH_WORDS, introduced.branch),
    (introduced.GUARDED_BRANCH_WORDS, introduced.guarded_branch),
    (introduced.BRANCH_WORDS_AFTER_CODE, introduced.branch_after_code),
    (introduced.CARD_WORDS, introduced.introduced_card),
    (("iban",), introduced.mistyped_iban),
    (introduced.MESSENGERS, introduced.messenger),
    (introduced.CAPITAL_MESSENGERS, introduced.capital_messenger),
    (("qq",), introduced.qq),
    (postal_addresses.ENGLISH, postal_addresses.english),
    (postal_addresses.FRENCH, postal_addresses.french),
    (postal_addresses.SOUTHERN, postal_addresses.southern),
    (postal_addresses.BOXES, postal_addresses.box),
    (postal_addresses.INTRODUCING, postal_addresses.introduced_address),
    (names_in_text.RELATIONS, names_in_text.relation),
    (names_in_text.TITLES, names_in_text.titled),
    (names_in_text.NAMING, names_in_text.naming),
    (names_in_text.SAYING_WORDS, names_in_text.saying),
    (names_in_text.CLOSING, names_in_text.signature),
)
_BY_SIGNS = _table(
    (birth_dates.UNSPACED_WORDS, birth_dates.birth_unspaced),
    (introduced.PASSPORTS_UNSPACED, introduced.unspaced_passport),
    (introduced.IDENTITIES_UNSPACED, introduced.unspaced_identity),
    (introduced.ACCOUNTS_UNSPACED, introduced.unspaced_account),
    (introduced.BRANCHES_UNSPACED, introduced.unspaced_branch),
    (introduced.CARDS_UNSPACED, introduced.unspaced_card),
    (introduced.MESSENGERS_UNSPACED, introduced.unspaced_messenger),
    (introduced.QQS_UNSPACED, introduced.unspaced_qq),
)
_SIGNS = re.compile("|".join(sorted(_BY_SIGNS, key=len, reverse=True)))


def introduced_values(text: str) -> Iterator[Span]:
    """Everything that a word or a shape gives away in a folded text; stretches may overlap."""
    lower = lowered(text)
    searches = _BY_WORD.get
    for word in _WORD.finditer(lower):
        for search in searches(word.group(), ()):
            span = search(text, lower, word.start(), word.end())
            if span is not None:
                yield span
    yield from postal_addresses.numbered_streets(text)
    yield from postal_addresses.british_postcodes(text)
    if text.isascii():
        return
    han, hangul = _HAN.search(text) is not None, _HANGUL.search(text) is not None
    if han or hangul:
        for signs in _SIGNS.finditer(lower):
            for search in _BY_SIGNS[signs.group()]:
                span = search(text, lower, signs.start(), signs.end())
                if span is not None:
                    yield span
    if han:
        yield from east_asian_addresses.addresses(text)
        yield from east_asian_names.chinese(text)
        if _KANA.search(text):
            yield from east_asian_names.japanese(text)
    if hangul:
        yield from east_asian_addresses.korean_addresses(text)
        yield from east_asian_names.korean(text)

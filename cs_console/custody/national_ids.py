"""National ids by how they are written and by their check digits; those that look like other numbers are introduced.

Each number is read once, as the groups of letters and digits that follow each other, and its shape looked up: "9" for a
digit, "A" for a letter.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache

from cs_console.custody.folding import Span
from cs_console.custody.order_numbers import is_of_an_order

LABEL = "id"
Check = Callable[[str], bool]

_CN = re.compile(r"[1-9](?<![\dA-Za-z]\d)\d{5} ?(?:18|19|20)\d{6} ?\d{3}[\dXx](?![\dA-Za-z])")
_START = re.compile(r"\d+")
_GROUPS = re.compile(r"[A-Za-z0-9]{1,18}(?:[ ./-][A-Za-z0-9]{1,11}){0,8}")
SHORTEST = 8
_AS_SHAPE = str.maketrans(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "9999999999" + "A" * 26 + "a" * 26
)
_UPPER_SHAPE = str.maketrans("a", "A")
LONGEST_WRITTEN = 26

_BRITISH = re.compile(r"[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]")
_HONG_KONG = re.compile(r"(?<![\w-])[A-Z]{1,2}\d{6}\([\dA]\)")
_KOREAN = re.compile(r"\d{6}-[1-8]\d{6}")


def chinese_ids(text: str) -> Iterator[Span]:
    """Chinese ids by shape and birth date: one with a mistyped digit is hidden too."""
    for found in _CN.finditer(text):
        if _has_birth_date(found.group()):
            yield Span(found.start(), found.end(), LABEL)


def national_ids(text: str) -> Iterator[Span]:
    """Ids of other countries that their shape or their check digits tell from other numbers."""
    done = 0
    for digit in _START.finditer(text):
        at = digit.start()
        if at < done:
            continue
        start = _with_letters(text, at, done)
        if start and (text[start - 1].isalnum() or text[start - 1] in "-_@."):
            continue
        groups = _GROUPS.match(text, start, start + LONGEST_WRITTEN)
        if groups is None or groups.end() - start < SHORTEST:
            continue
        end = _end_of_id(text, start, groups.group())
        if end is not None and not (re.search("[A-Za-z]", text[start:end]) is None and is_of_an_order(text, start)):
            done = end
            yield Span(start, end, LABEL)


def _with_letters(text: str, at: int, done: int) -> int:
    """Where the letters before a digit begin, that are a part of the number."""
    start = at
    while start > max(done, at - 6) and text[start - 1].isascii() and text[start - 1].isalpha():
        start -= 1
    if (
        start == at
        and at > 2
        and text[at - 1] in " -"
        and text[at - 3 : at - 1].isupper()
        and text[at - 3 : at - 1].isascii()
    ):
        before = text[at - 4 : at - 3]
        if at - 3 >= done and not before.isalnum():
            return at - 3  # "AB 12 34 56 C"
    if start == at and at > 1 and text[at - 1] == "-" and text[at - 2 : at - 1] in ("X", "Y", "Z"):
        return at - 2
    return start


def _end_of_id(text: str, start: int, written: str) -> int | None:
    """Where the longest id ends that these groups begin with."""
    if text.startswith("(", start + len(written)):
        found = _HONG_KONG.match(text, start)
        if found is not None:
            return found.end()
    ends = [at for at, char in enumerate(written) if char in " ./-"]
    for size in (len(written), *reversed(ends)):
        if size < SHORTEST:
            return None
        after = text[start + size : start + size + 2]
        if after[:1].isalnum() or (after[:1] in ("-", "_") and after[1:].isalnum() and size == len(written)):
            continue
        if _is_id(written[:size]):
            return start + size
    return None


def _is_id(written: str) -> bool:
    shape = written.translate(_AS_SHAPE)
    upper = shape.translate(_UPPER_SHAPE)
    if upper in _shapes():
        return any(check(written) for check in _shapes()[upper])
    return False


def _always(written: str) -> bool:
    return True


def _is_british(written: str) -> bool:
    return _BRITISH.fullmatch(written) is not None


@cache
def _shapes() -> dict[str, tuple[Check, ...]]:
    """Which checks there are for each way of writing."""
    # modules of many countries, of which a console that reads no such number needs none
    from stdnum.ar import cuit
    from stdnum.be import nn
    from stdnum.ca import sin
    from stdnum.ch import ssn as ahv
    from stdnum.cl import rut
    from stdnum.cz import rc
    from stdnum.dk import cpr
    from stdnum.es import dni, nie
    from stdnum.fi import hetu
    from stdnum.fr import nir
    from stdnum.ie import pps
    from stdnum.in_ import pan
    from stdnum.mx import curp
    from stdnum.my import nric
    from stdnum.no import fodselsnummer
    from stdnum.ro import cnp
    from stdnum.se import personnummer

    table: dict[str, tuple[Check, ...]] = {}
    rows: tuple[tuple[Check, str], ...] = (
        (_always, "999-99-9999|999.999.999-99|9-9999-99999-99-9"),
        (_is_swiss, "999.9999.9999.99"),
        (ahv.is_valid, "9999999999999"),
        (_is_korean, "999999-9999999"),
        (
            _is_british,
            "AA999999A|AA99 99 99A|AA99 99 99 A|AA 99 99 99 A|AA 999999 A|AA999999 A|AA 999999A|AA 99 99 99A",
        ),
        (dni.is_valid, "99999999A|99999999-A|99.999.999-A|99.999.999A"),
        (nie.is_valid, "A9999999A|A-9999999-A|A9999999-A|A-9999999A"),
        (_always, "AAAAAA99A99A999A"),  # Italy: mistyped ones too, nothing else is written like it
        (nir.is_valid, "999999999999999|9999999999999 99|9 99 99 99 999 999 99|9 99 99 9A 999 999 99|999999A99999999"),
        (personnummer.is_valid, "999999-9999|99999999-9999"),
        (cpr.is_valid, "999999-9999"),
        (hetu.is_valid, "999999-999A|999999-9999|999999A999A"),
        (rc.is_valid, "999999/9999"),
        (nn.is_valid, "99.99.99-999.99"),
        (rut.is_valid, "99.999.999-9|9.999.999-9|99.999.999-A|9.999.999-A|99999999-A"),
        (cuit.is_valid, "99-99999999-9"),
        (curp.is_valid, "AAAA999999AAAAAA99|AAAA999999AAAAAAA9"),
        (fodselsnummer.is_valid, "999999 99999"),
        (cnp.is_valid, "9999999999999"),
        (pps.is_valid, "9999999A|9999999AA"),
        (pan.is_valid, "AAAAA9999A"),
        (nric.is_valid, "999999-99-9999"),
        (sin.is_valid, "999-999-999"),
        (_is_taiwanese, "A999999999"),
        (_is_singaporean, "A9999999A"),
    )
    for check, shapes in rows:
        for shape in shapes.split("|"):
            table[shape] = (*table.get(shape, ()), check)
    return table


def _is_swiss(written: str) -> bool:
    return written.startswith("756.")


def _is_korean(written: str) -> bool:
    return _KOREAN.fullmatch(written) is not None


_LETTERS_OF_TAIWAN = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def _is_taiwanese(written: str) -> bool:
    """The letter of a place as 10 to 35, then a checksum with weights 8 to 1."""
    if written[0] not in _LETTERS_OF_TAIWAN or written[1] not in "1289":
        return False
    tens, ones = divmod(10 + _LETTERS_OF_TAIWAN.index(written[0]), 10)
    total = (
        tens
        + 9 * ones
        + sum(int(digit) * weight for digit, weight in zip(written[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True))
    )
    return total % 10 == 0


def _is_singaporean(written: str) -> bool:
    """Seven weighted digits that give the last letter, by citizen (S, T) or foreigner (F, G, M)."""
    total = sum(int(digit) * weight for digit, weight in zip(written[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    match written[0]:
        case "S" | "T":
            return written[8] == "JZIHGFEDCBA"[(total + (4 if written[0] == "T" else 0)) % 11]
        case "F" | "G":
            return written[8] == "XWUTRQPNMLK"[(total + (4 if written[0] == "G" else 0)) % 11]
        case "M":
            return written[8] == "KLJNPQRTUWX"[10 - (total + 3) % 11]
    return False


def _has_birth_date(text: str) -> bool:
    from stdnum.cn import ric  # as in _shapes

    try:
        ric.get_birth_date(text)
    except ValueError:
        return False
    return True

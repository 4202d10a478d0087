"""Payment cards in free text: by issuer, length and check digit; what is said to be an order's number is none."""

import re
from collections.abc import Iterator

from cs_console.custody.folding import Span
from cs_console.custody.order_numbers import is_of_an_order

_SEPARATOR = r"(?: ?[.\-] ?| {1,2})"
_DIGIT_RUN = re.compile(rf"\d(?:{_SEPARATOR}?\d)*")
_DIGITS = re.compile(r"\d+")
SHORTEST_CARD, LONGEST_CARD = 12, 19
LONGEST_PHONE = 15
SMALLEST_GROUP = 3
_DOUBLED = str.maketrans("0123456789", "0246813579")


def cards(text: str) -> Iterator[Span]:
    """Payment cards by the Luhn check; the label keeps the last four digits (policy I.(2)2)."""
    for run in _DIGIT_RUN.finditer(text):
        if run.end() - run.start() < SHORTEST_CARD:
            continue
        before = text[run.start() - 1 : run.start()]
        international = before == "+"
        part_of_code = before.isascii() and before.isalpha()
        groups = [(g.start(), g.end()) for g in _DIGITS.finditer(text, run.start(), run.end())]
        at = 0
        while at < len(groups):
            found = _card_at(text, groups, at)
            if found is None or (international and _fits_a_phone(groups, found[0])):
                at += 1
                continue
            last, digits = found
            if (part_of_code and len(digits) == SHORTEST_CARD) or (
                not _looks_like_a_card(groups[at : last + 1], digits) and is_of_an_order(text, groups[at][0])
            ):
                at += 1
                continue
            yield Span(groups[at][0], groups[last][1], f"card ····{digits[-4:]}")
            at = last + 1


def _fits_a_phone(groups: list[tuple[int, int]], last: int) -> bool:
    """Whether the digits from the plus up to this group are few enough to be a number of E.164."""
    return sum(end - start for start, end in groups[: min(last, LONGEST_CARD) + 1]) <= LONGEST_PHONE


def _card_at(text: str, groups: list[tuple[int, int]], first: int) -> tuple[int, str] | None:
    """The last group of the card that begins with this one, and its digits: one that ends the run before another."""
    digits = ""
    found: tuple[int, str] | None = None
    for last in range(first, min(first + 6, len(groups))):
        start, end = groups[last]
        digits += text[start:end]
        if len(digits) > LONGEST_CARD:
            break
        if _could_be_card(digits) and passes_luhn(digits) and (found is None or last == len(groups) - 1):
            found = last, digits
        if end - start < SMALLEST_GROUP:
            break
    return found


_ISSUERS = re.compile(r"4\d{15}|(?:5[1-5]|35|6011|65|62|2[2-7])\d{12,17}|3[47]\d{13}|3[068]\d{12}")


def _looks_like_a_card(groups: list[tuple[int, int]], digits: str) -> bool:
    """By its issuer and its groups, whatever the words before it say that it is."""
    sizes = [end - start for start, end in groups]
    grouped = len(sizes) == 1 or all(size == 4 for size in sizes[:-1]) or sizes[:2] == [4, 6]
    return grouped and _ISSUERS.fullmatch(digits) is not None


def passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B. Ours because hostile text asks it 400,000 times in a mebibyte."""
    return sum(map(int, digits[-1::-2] + digits[-2::-2].translate(_DOUBLED))) % 10 == 0


def _could_be_card(digits: str) -> bool:
    """By length and issuer: a phone with its country's code must not pass for a card and keep its last four."""
    match len(digits):
        case 12:
            return digits[0] in "56"
        case 13:
            return digits[0] == "4"
        case 14 | 15:
            return digits[0] in "123"
        case 16 | 17 | 18 | 19:
            return digits[0] != "0"
    return False

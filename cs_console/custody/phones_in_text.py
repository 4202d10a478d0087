"""Phone numbers in free text: PhoneNumberMatcher where digits run, and what a person would still take for a phone."""

import re
from collections.abc import Iterator

import phonenumbers
from phonenumbers import PhoneNumberMatcher, PhoneNumberType

from cs_console.custody.folding import Span, blanked
from cs_console.custody.order_numbers import is_in_a_code, is_of_an_order
from cs_console.custody.word_shapes import AMOUNT_SIGNS

FEWEST_DIGITS, MOST_DIGITS = 7, 15
SHORTEST_NAMED = 5
MOST_WORK = 8_000
LOOK_WORK = 4
"""How much looking one text is worth, in windows tried (asking PhoneNumberMatcher counts as LOOK_WORK of them). A text
with more numbers than that is not a letter: all its long numbers are hidden without further checks."""
LONGEST_CHUNK = 60
LONGEST_GROUP = 20
MOST_GROUPS = 6

_RUN = re.compile(r"[+(]{0,2}\d(?:[ ()./\-~]{0,3}\d)*")
_GROUP = re.compile(r"[+(]{0,2}\d+")
_DIGITS = re.compile(r"\d+")
_NUMERALS = re.compile("[零〇一二三四五六七八九幺](?:[ -]?[零〇一二三四五六七八九幺]){6,14}")
_BROKEN = re.compile(
    r"(?P<first>(?<![\d(+])[+(]{0,2}\d[\d ()./-]{0,16}+)(?<=[\d) /-])(?P<gap>\n ?>? ?)(?=\(?\d{2,4}[ ./-]?\d{2,})"
)
_AT_BREAK = re.compile(r"[\d)/-] ?\n[> ]{0,3}[(\d]")
MOST_OF_A_SUM = 9
MOST_BREAKS = 20
_AS_DIGITS = str.maketrans("零〇一二三四五六七八九幺", "001234567891")
_DATES = re.compile(
    r"(?<![\d+./-])(?:"
    r"(?:1[89]|20)\d\d(?P<a>[-/.])(?:0?[1-9]|1[0-2])(?P=a)(?:[12]\d|3[01]|0?[1-9])"
    r"|(?:[12]\d|3[01]|0?[1-9])(?P<b>[-/.])(?:0?[1-9]|1[0-2])(?P=b)(?:1[89]|20)\d\d"
    r"|(?:0?[1-9]|1[0-2])/(?:[12]\d|3[01]|0?[1-9])/(?:1[89]|20)\d\d"
    r")(?![\d(/-])"
    r"|(?<![\d:])(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?(?![\d:])"
    r"|(?:1[89]|20)\d\d ?年"
)
_NAMED = re.compile(
    r"(?:(?<![a-z])(?:tel(?:e?ph?on\w{0,9}|[eé]fono?|efoon\w{0,8}|em[o]vel)?|phones?|phone\w{0,7}|mobile?\w{0,8}|"
    r"movil\w{0,3}"
    r"|cell(?:phone|ular\w{0,2})?|cellulare|call(?:ed|ing)?|fax\w{0,7}|whats ?app|viber|wechat|sms|text(?: me)?|dial|"
    r"ring|land ?line"
    r"|number is|handy\w{0,7}|rufnummer|nummer ist|nummer lautet|fono|movil|celular|llam\w{0,8}|chiam\w{0,8}|"
    r"appel\w{0,6}|portable|joindre"
    r"|joignable|numero est|numero es|numero e|ligar|ligue\w?|bel(?:len)?|anruf\w{0,5}|rufen|erreich\w{0,5}|"
    r"festnetz\w{0,7}|mobil\w{0,7}"
    r"|reach(?: me)?|fijo|fixe|fisso|fixo|komorka|zadzwon)(?![a-z])"
    r"|телефон|тел|звон|моб|电话|電話|手机|手機|座机|座機|热线|微信|联系|聯絡|致电|拨打|携帯|携帯番号|お電話|전화|"
    r"휴대폰|연락"
    r"|هاتف|جوال|موبايل|تلفون|اتصل|رقم|טלפון|โทร|फोन|मोबाइल)"
    r"\.?[^\d\n\x00.!?;。！？]{0,20}\n?[^\d\n\x00.!?;。！？]{0,4}\Z",
    re.IGNORECASE,
)
_SURELY_PHONE = re.compile(r"\+|1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
_IN_FOURS = re.compile(r"[A-Z]{2}\d\d \d{4} \d{1,4}(?!\d)")
"""As references of payments are written (ISO 11649), and accounts with a wrong digit."""
_LATER_GROUP = re.compile(r"\d{2,} [A-Z]{1,3}\Z")
_CODE_GOES_ON = re.compile(r"[+(0]|1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
"""What follows a number that is said to be none, and may be a phone all the same."""
_AMOUNTS = re.compile(
    r"(?<![\d.,+(-])(?<![\d)] )(?:[1-9]\d{0,2}(?:[., ]\d{3}){1,3}|[1-9]\d{0,8}|0)[.,]\d{2}(?![\d.,]|[ /-]\d)"
)
_LEAD = re.compile(
    r"(?:(?<![\d.])[178][ -]?(?:\(\d{2,5}\)[ -]?)?|(?:\+|(?<!\d)00)\d{1,3}[ ]?(?:\(\d{0,3}\)[ ]?)?|\(\d{2,5}\)[ ]?)\Z"
)
_AREA = re.compile(r"(?<![\d.,:/-])(?<!\d )\d{2,3}[ -]\Z")
"""Digits in front of a number that the matcher took for complete: an area's code of a country it was not asked for."""
_EXTENSION = re.compile(
    r"[ ,(]{0,2}(?:#|(?:x|ext|extn|extension|durchwahl|dw|poste|interno|int|ramal|anexo|toestel|nebenstelle|kl|klappe|"
    r"wew)[. ]{0,2}"
    r"|转分机|轉分機|转|轉|分机号?|分機|内線(?:番号)?|內線|内线|доб\.? ?)"
    r"[:：]? ?\d{1,6}(?!\d)\)?",
    re.IGNORECASE,
)
LONGEST_LEAD = 12
_MONEY = re.compile(AMOUNT_SIGNS, re.IGNORECASE)
_NAME_WINDOW = 36
_GROUPED_LIKE_ONE = re.compile(r"\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}")


def phones(text: str, looks: "Looks") -> Iterator[Span]:
    """Phones of the looks' regions in national form, and international ones of any country; [mobile] where it is known.

    The pieces of one text share their looks.
    """
    dated = _undated(_in_one_line(_in_digits(text)))
    for run in _RUN.finditer(dated):
        if run.end() - run.start() < SHORTEST_NAMED:
            continue
        done = run.start()
        for span in _in_run(dated, run.start(), run.end(), looks):
            whole = _whole(dated, span, done)
            if _is_money(text, whole):
                continue
            done = whole.end
            yield whole


def _is_money(text: str, span: Span) -> bool:
    """Whether a currency follows; a sum of that many digits is more likely a phone before another word."""
    return (
        _MONEY.match(text, span.end) is not None
        and not text.startswith(("+", "0", "("), span.start)
        and _count(text[span.start : span.end]) <= MOST_OF_A_SUM
    )


def _in_digits(text: str) -> str:
    """Numbers that are spelt out in Chinese numerals, as digits in the same places."""
    if text.isascii():
        return text
    return _NUMERALS.sub(lambda run: run.group().translate(_AS_DIGITS), text)


def _in_one_line(text: str) -> str:
    """With a space for the break inside a number that is clearly one: it has a plus, or is said to be a phone."""
    if _AT_BREAK.search(text) is None:
        return text
    breaks = [
        found
        for found in _BROKEN.finditer(text)
        if found["first"].startswith("+") or _NAMED.search(text[max(0, found.start() - _NAME_WINDOW) : found.start()])
    ]
    for found in breaks:
        start, end = found.span("gap")
        text = text[:start] + " " * (end - start) + text[end:] if len(breaks) <= MOST_BREAKS else text
    return text


def _undated(text: str) -> str:
    """Without days, times and amounts of money."""
    stretches: list[tuple[int, int]] = []
    done = 0
    for digits in _DIGITS.finditer(text):
        at = digits.start()
        found = (_DATES.match(text, at) or _AMOUNTS.match(text, at)) if at >= done else None
        if found is not None:
            done = found.end()
            stretches.append((at, done))
    return blanked(text, stretches)


def _whole(text: str, span: Span, done: int) -> Span:
    """With the country's or area's code before it, and the extension after it."""
    lead = _LEAD.search(text, max(done, span.start - LONGEST_LEAD), span.start) or _AREA.search(
        text, max(done, span.start - LONGEST_LEAD), span.start
    )
    extension = _EXTENSION.match(text, span.end)
    start = span.start if lead is None or lead.end() != span.start else lead.start()
    return Span(start, span.end if extension is None else extension.end(), span.label)


class Looks:
    """PhoneNumberMatcher with a budget and a memory for one text."""

    def __init__(self, regions: tuple[str, ...]) -> None:
        self.regions = regions or ("ZZ",)
        self.left = MOST_WORK
        self._seen: dict[str, tuple[Span, ...]] = {}

    def at(self, text: str) -> tuple[Span, ...]:
        """The phones in a short text, in order, none overlapping."""
        if text not in self._seen:
            self._seen[text] = tuple(self._look(text))
        return self._seen[text]

    def _look(self, text: str) -> Iterator[Span]:
        taken: list[tuple[int, int]] = []
        for region in self.regions:
            self.left -= LOOK_WORK
            for match in PhoneNumberMatcher(text, region):
                if all(match.end <= start or match.start >= end for start, end in taken):
                    taken.append((match.start, match.end))
                    yield Span(match.start, match.end, _label(match.number))
            if _count(text) - sum(_count(text[start:end]) for start, end in taken) < SHORTEST_NAMED:
                return


def _label(number: phonenumbers.PhoneNumber) -> str:
    return "mobile" if phonenumbers.number_type(number) == PhoneNumberType.MOBILE else "phone"


def _in_run(text: str, start: int, end: int, looks: Looks) -> Iterator[Span]:
    """The phones of one run of digits and separators."""
    if not text.startswith("+", start) and (
        is_of_an_order(text, start)
        or (
            is_in_a_code(text, start)
            and not _CODE_GOES_ON.match(text, start)
            and not _NAMED.search(text[max(0, start - _NAME_WINDOW) : start])
        )
    ):
        apart = text.find(" ", start, end)
        if apart < 0 or not _CODE_GOES_ON.match(text, apart + 1):
            return
        start = apart + 1
    before = text[max(0, start - 1) : start]
    if before.isascii() and before.isalpha() and not _NAMED.search(text[max(0, start - _NAME_WINDOW) : start]):
        # "AB12 34..." is a code; digits separate from it can be a phone unless it is a long code's next groups
        apart = text.find(" ", start, end)
        if apart < 0 or _count(text[apart:end]) > MOST_DIGITS:
            return
        later = _LATER_GROUP.search(text[max(0, start - 12) : start]) or _IN_FOURS.match(text, max(0, start - 2))
        if later and not _SURELY_PHONE.match(text, apart + 1):
            return
        start = apart + 1
    for first, last in _chunks(text, start, end):
        if looks.left <= 0:
            if _count(text[first:last]) >= FEWEST_DIGITS:
                yield Span(first, last, "number")
            continue
        found = sorted(
            (Span(first + s.start, first + s.end, s.label) for s in looks.at(text[first:last])), key=lambda s: s.start
        )
        yield from found
        at = first
        for span in (*found, Span(last, last, "")):
            if _count(text[at : span.start]) >= SHORTEST_NAMED:
                yield from _left_over(text, at, span.start, looks)
            at = span.end


def _chunks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The run in pieces that a number of several groups fits in, cut between groups; no group too long for a phone."""
    first = last = start
    for group in _GROUP.finditer(text, start, end):
        too_long = group.end() - group.start() > LONGEST_GROUP
        if last > first and (too_long or group.end() - first > LONGEST_CHUNK):
            yield first, last
            last = first
        if too_long:
            first = last = group.end()
            continue
        first = first if last > first else group.start()
        last = group.end()
    if last > first:
        yield first, last


def _left_over(text: str, start: int, end: int, looks: Looks) -> Iterator[Span]:
    """What the matcher passed over: several numbers written one after the other, and numbers that are not in use."""
    groups = [(g.start(), g.end()) for g in _GROUP.finditer(text, start, end)]
    at = 0
    while at < len(groups):
        span = _window(text, groups, at, looks)
        if span is None:
            at += 1
            continue
        yield span
        at = next((n for n, group in enumerate(groups) if group[0] >= span.end), len(groups))


def _window(text: str, groups: list[tuple[int, int]], first: int, looks: Looks) -> Span | None:
    start = groups[first][0]
    for last in range(min(first + MOST_GROUPS, len(groups)) - 1, first - 1, -1):
        end = groups[last][1]
        looks.left -= 1
        digits = _count(text[start:end])
        if digits > MOST_DIGITS + 2 or digits < SHORTEST_NAMED:
            continue
        written = text[start:end]
        if looks.left > 0 and digits >= FEWEST_DIGITS and last > first:
            found = looks.at(written)
            if found and found[0].start <= 1 and found[-1].end == len(written):
                return Span(start, end, found[0].label)
        if _taken_for_phone(text, start, written, digits, looks.regions):
            return Span(start, end, "phone")
    return None


def _taken_for_phone(text: str, start: int, written: str, digits: int, regions: tuple[str, ...]) -> bool:
    """By how it is written or introduced, in use or not."""
    if written.startswith(("+", "00")):
        return digits >= FEWEST_DIGITS + 1
    if digits > MOST_DIGITS:
        return False
    if _NAMED.search(text[max(0, start - _NAME_WINDOW) : start]):
        return True
    if digits < FEWEST_DIGITS:
        return False
    if _EXTENSION.match(text, start + len(written)):
        return True
    if _GROUPED_LIKE_ONE.fullmatch(written):
        return True
    led = written.startswith(("0", "(")) and (digits >= 9 or not written.isdigit())
    return led and any(_possible(written, region) for region in regions)


def _possible(written: str, region: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(written, region))
    except phonenumbers.NumberParseException:
        return False


def _count(text: str) -> int:
    return sum(map(str.isdigit, text))

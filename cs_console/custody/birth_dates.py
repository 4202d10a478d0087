"""Dates of birth: a date that a word like "born" or "birthday" introduces or follows; other dates stay."""

import re

from cs_console.custody.folding import Span
from cs_console.custody.word_shapes import word_set

LABEL = "date of birth"
_WINDOW = 56

_MONTHS = (
    "jan|feb|fev|mar|maer|mrt|apr|avr|abr|may|mai|maj|mei|mag|jun|juin|giu|jul|juil|lug|aug|aout|ago|sep|set|oct|okt|"
    "ott|out|"
    "nov|dec|dez|dic|des|ene|gen|sty|lut|kwi|cze|lip|sie|wrz|paz|lis|gru|"
    "янв|фев|мар|апр|мая|маи|июн|июл|авг|сен|окт|ноя|дек"
)
_MONTH = rf"(?:{_MONTHS})[^\W\d_]{{0,9}}\.?"
_NTH = r"(?:st|nd|rd|th|er|o|a|e|°)?\.?"
_OF = r"(?:of |de |del |di |d')?"
_NUMERALS = "〇零一二三四五六七八九十廿卅"
DATE = (
    r"(?:"
    r"\d{4} ?[-/.] ?\d{1,2} ?[-/.] ?\d{1,2}\.?(?!\d)"
    r"|\d{1,2} ?[-/.] ?\d{1,2} ?[-/.] ?(?:\d{4}|\d{2})(?!\d)"
    rf"|\d{{1,2}}{_NTH}[ -]{{1,2}}{_OF}{_MONTH},?(?:[ -](?:of |de |del )?'?(?:\d{{4}}|\d{{2}})(?!\d))?"
    rf"|{_MONTH},? {_OF}(?:19|20)\d\d(?!\d)"
    rf"|{_MONTH} ?\d{{1,2}}{_NTH}(?:,? ?'?(?:\d{{4}}|\d{{2}})(?!\d))?"
    r"|(?:(?:明治|大正|昭和|平成|令和|民国|民國) ?)?(?:\d{1,4}|元) ?[年년] ?\d{1,2} ?[月월](?: ?\d{1,2} ?[日号號일]?)?"
    rf"|[{_NUMERALS}]{{2,4}}年[{_NUMERALS}]{{1,3}}月[{_NUMERALS}]{{1,3}}[日号號]?"
    r"|\d{1,2} ?[月월] ?\d{1,2} ?[日号號일]"
    r"|(?:19|20)\d{6}(?!\d)"
    r")"
)
_YEAR = r"(?:19|20)\d\d(?![\d.,/-]\d|\d)(?: ?[年년])?"
_LINK = (
    r"(?:[\s:,.;()=*–-]|(?:on|is|was|in|en|am|wurde|worden|ich|the|of|le|el|den|der|um|du|em|il|est|es|e|era|ist|war|lautet|date|datum|as|"
    r"op|"
    r"dnia|dn|roku|my|day|no|nel|al|een|la|data|fecha|nac|naissance|nacimiento|nascita|nascimento|a|was|was:|and|dia|"
    r"jour|tag|"
    r"это|года)(?!\w)|[是为為于於は日期时間时间의은는이가을를])"
)
_PLACE = r"(?:(?:in|a|au|aux|en|em|no|na|zu|nel|nella|im|te|w|near|bei) [^\W\d_]+(?:[ -][^\W\d_]+){0,2},? )"
_AFTER = re.compile(rf"{_LINK}{{0,9}}(?:{_PLACE}{_LINK}{{0,5}})?(?P<date>{DATE})")
_NUMBER = re.compile(rf"[0-9{_NUMERALS}]")
_YEAR_AFTER = re.compile(rf"{_LINK}{{0,9}}(?P<date>{_YEAR})")
_BEFORE = re.compile(
    rf"(?<![\d./-])(?P<date>{DATE})"
    r"(?:[ ,(]|(?:in|is|ist|est|es|e|my|mein|meine|ma|mon|mi|mia|minha|meu|date|of|was|wurde|ich|sono|he|she|they|the|"
    r"data|di|"
    r"mijn|moja|the|deine|ihr|sein|fecha|de|day|dia|war|era|la|il|hij|ik|i|we|er|sie)(?!\w)|"
    r"(?:in|a|en|em|zu) [^\W\d_]+(?= )){0,7}\Z"
)

AFTER_OR_BEFORE = word_set(
    "born birth birthdate birthday birthdays dob geboren geb geborene geborener geburtsdatum geburtstag geburtstage "
    "naissance anniversaire nac nacido nacida nacio naci nacimiento cumpleanos nato nata nascita compleanno nascido "
    "nascida "
    "nasci nasceu nascimento aniversario geboortedatum geboorte verjaardag urodzony urodzona urodzilem urodzilam "
    "urodzenia "
    "urodziny fodt fodd fodelsedag fodselsdato syntynyt dogum родился родилась рождения рожд 생년월일 생일 생일은"
)
AFTER = ("ne", "nee", "ur", "r")
YEAR_TOO = word_set(
    "born geboren ne nee nac nacido nacida nacio naci nato nata nascido nascida nasci nasceu urodzony urodzona fodt "
    "fodd "
    "родился родилась"
)
UNSPACED_WORDS = (
    "出生日期", "出生年月日", "出生年月", "出生于", "出生於", "出生", "生日", "生于", "生於", "生年月日", "誕生日",
    "诞生",
    "生まれ", "生年", "태어", "생년월일", "생일",
)  # fmt: skip
_BORN_AFTER_DATE = ("出生", "生まれ", "生日", "誕生日", "태어", "생일", "诞生")
_SUFFIX = re.compile(r"(?:に|で|在[\u3400-\u9fff]{2,6}|[于於]|[ ,]|是我的?|が私の|は|我的?|에|의)*\Z")
_BEFORE_UNSPACED = re.compile(rf"(?<![\d./-])(?P<date>{DATE}|{_YEAR})(?P<rest>[^\d\n]{{0,9}})\Z")


def birth(text: str, lower: str, start: int, end: int) -> Span | None:
    """The date after this word, else the one before it."""
    return _after(lower, start, end) or _before(lower, start)


def birth_after(text: str, lower: str, start: int, end: int) -> Span | None:
    """The date after a word that also means other things ("né" folded is a negation): it has to follow at once."""
    if lower[start:end] in ("ur", "r") and lower[end : end + 1] != ".":
        return None
    return _after(lower, start, end)


def birth_by_letters(text: str, lower: str, start: int, end: int) -> Span | None:
    """D.O.B."""
    return _after(lower, start, end) if lower[max(0, start - 4) : start] in ("d.o.", " d.o", "d/o/") else None


def birth_unspaced(text: str, lower: str, start: int, end: int) -> Span | None:
    """In Chinese, Japanese and Korean, where the word often follows its date."""
    before = lower[max(0, start - _WINDOW) : start]
    found = _BEFORE_UNSPACED.search(before) if _NUMBER.search(before) else None
    if found and lower[start:end] in _BORN_AFTER_DATE and _SUFFIX.fullmatch(found["rest"]):
        first = max(0, start - _WINDOW)
        return Span(first + found.start("date"), first + found.end("date"), LABEL)
    after = _AFTER.match(lower, end) or _YEAR_AFTER.match(lower, end)
    return Span(*_trimmed(lower, *after.span("date")), LABEL) if after else None


def _after(lower: str, start: int, end: int) -> Span | None:
    found = _AFTER.match(lower, end)
    if found is None and lower[start:end] in YEAR_TOO:
        found = _YEAR_AFTER.match(lower, end)
    return Span(*_trimmed(lower, *found.span("date")), LABEL) if found else None


def _before(lower: str, start: int) -> Span | None:
    first = max(0, start - _WINDOW)
    found = _BEFORE.search(lower[first:start]) if _NUMBER.search(lower, first, start) else None
    return Span(*_trimmed(lower, first + found.start("date"), first + found.end("date")), LABEL) if found else None


def _trimmed(lower: str, start: int, end: int) -> tuple[int, int]:
    while end > start and lower[end - 1] in " .,":
        end -= 1
    return start, end

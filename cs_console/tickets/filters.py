"""The queue's filter language: `kind:appeal state:open assignee:me due:<3d -channel:call #10482`.

Terms are joined by "and", values after a comma by "or", a leading minus turns a term round. A word without a colon is
looked for in the tickets' texts (`tickets/search`); a number is, too, in quotation marks.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NoReturn

from cs_console.errors import BadFilter
from cs_console.filter_line import ANYWHERE, Word, filter_words
from cs_console.plain_text import one_line
from models.enums import Channel, Priority, TicketKind, TicketState

MAX_TEXT = 300
MAX_TERMS = 20
MAX_VALUES = 20
FILTER_WORDS = (
    "kind: state: verified: assignee: priority: tag: channel: lang: due: received: updated: older: newer: unread: "
    "answered: snoozed: #number, or a word"
)
ME, UNASSIGNED = "me", "none"
YES, NO = "yes", "no"

_NUMBER = re.compile(r"(-?)#?([0-9]{1,9})")
_AGE = re.compile(r"([0-9]{1,4})([hdw])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COMPARED = re.compile(r"(<=|>=|<|>|=)?(.*)", re.DOTALL)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_FIRST_YEAR, _LAST_YEAR = 1971, 2999
_ONE_DAY = timedelta(days=1)


class Key(StrEnum):
    """What a term speaks of."""

    KIND = "kind"
    STATE = "state"
    ASSIGNEE = "assignee"
    PRIORITY = "priority"
    CHANNEL = "channel"
    LANGUAGE = "language"
    NUMBER = "number"
    VERIFIED = "verified"
    TAG = "tag"
    UNREAD = "unread"
    ANSWERED = "answered"
    SNOOZED = "snoozed"
    DUE = "due"
    RECEIVED = "received"
    UPDATED = "updated"


YES_OR_NO = frozenset({Key.VERIFIED, Key.UNREAD, Key.ANSWERED, Key.SNOOZED})
"""What a ticket is or is not."""


Moment = datetime | timedelta
"""A fixed moment in UTC, or a distance from the moment at which the filter is used."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these values, or none of them. Due knows only "none": no due date. `typed`: the word as it was written."""

    key: Key
    values: tuple[str, ...]
    negated: bool = False
    typed: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` on and before `high`; either may be open."""

    key: Key
    low: Moment | None
    high: Moment | None
    typed: str = field(default="", compare=False)

    def bounds(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Both ends as moments in UTC."""
        return _at(self.low, now), _at(self.high, now)


@dataclass(frozen=True, slots=True)
class Sought:
    """One word, or several in quotation marks, to be found in the tickets' texts."""

    text: str
    typed: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Filter:
    """An understood expression. An empty one lets every ticket through."""

    choices: tuple[Choice, ...] = ()
    spans: tuple[Span, ...] = ()
    sought: tuple[Sought, ...] = ()
    text: str = field(default="", compare=False)

    def choice(self, key: Key) -> Choice | None:
        """The term that asks for values of this key, if there is one."""
        return next((choice for choice in self.choices if choice.key is key and not choice.negated), None)

    @property
    def terms(self) -> "tuple[Term, ...]":
        """Every term, in no order that matters."""
        return (*self.choices, *self.spans, *self.sought)

    @property
    def words(self) -> tuple[str, ...]:
        """What is looked for in the tickets' texts, as it was typed."""
        return tuple(one.text for one in self.sought)

    def without(self, term: "Term") -> str:
        """The expression with that term taken out."""
        return " ".join(one.typed for one in self.terms if one is not term)


Term = Choice | Span | Sought


def parse(text: str) -> Filter:
    """Understand a filter expression; days are days of the console's own time zone.

    Raises BadFilter naming the word, where it is in `text`, and what is possible, and nothing else whatever the text.
    """
    line, text = text, text.strip()
    if len(text) > MAX_TEXT:
        raise BadFilter(f"The filter is longer than {MAX_TEXT} characters.", "Use fewer terms.")
    if text.count('"') % 2:
        mark = BadFilter("A quotation mark is not closed.", 'Write state:"to verify" or state:to-verify.', '"')
        mark.at = line.rindex('"')
        raise mark
    ascii_marks = text.replace("：", ":").replace("＃", "#")  # what an input method for Chinese types
    shift = len(line) - len(line.lstrip())
    words = tuple(filter_words(ascii_marks, ANYWHERE))
    if len(words) > MAX_TERMS:
        raise BadFilter(f"The filter has more than {MAX_TERMS} terms.", "Use fewer terms.")
    choices: list[Choice] = []
    spans: list[Span] = []
    sought: list[Sought] = []
    for word in words:
        try:
            if _is_free(word):
                sought.append(Sought(word.bare, word.typed))
                continue
            term = replace(_term(word), typed=word.typed)
            if isinstance(term, Span):
                spans.append(term)
                continue
            if any(term.key is other.key and term.negated is other.negated for other in choices):
                raise BadFilter(
                    f"Duplicate term: {term.key}.", f"Use {term.key}: once, with commas between the values."
                )
            choices.append(term)
        except BadFilter as refused:
            _point_at(refused, word, shift)
            raise
    return Filter(tuple(choices), tuple(spans), tuple(sought), text)


def _is_free(word: Word) -> bool:
    """Whether it is looked for in the texts. Raises BadFilter for a minus before such a word."""
    if word.key is not None or word.bare.lstrip("-").startswith("#"):
        return False
    if _NUMBER.fullmatch(word.bare) and word.typed == word.bare:  # in quotation marks it is one that is in a text
        return False
    if word.negated:
        raise BadFilter("A minus does not work before a word that is searched for.", "Leave the word out.")
    return True


def _point_at(refused: BadFilter, word: Word, shift: int) -> None:
    """Say where the wrong piece of a word is; the whole word where no piece of it is meant."""
    found = re.search(rf'(?<=[:,"]){re.escape(refused.wrong)}(?=[,"]|$)', word.typed) if refused.wrong else None
    refused.wrong = refused.wrong if found else word.typed
    refused.at = shift + word.starts + (found.start() if found else 0)


def _term(word: Word) -> Choice | Span:
    number = _NUMBER.fullmatch(word.bare)
    if number:
        return Choice(Key.NUMBER, (str(int(number[2])),), bool(number[1]))
    if word.key is None:
        raise BadFilter(f"“{one_line(word.bare, 40)}” is not a ticket's number.", f"Possible: {FILTER_WORDS}.")
    name, value = word.key.casefold(), word.value.strip()
    read = _READERS.get(name)
    if read is None:
        raise BadFilter(f"“{one_line(word.bare, 40)}” is not a filter term.", f"Possible: {FILTER_WORDS}.")
    if not value:
        raise BadFilter(f"{name}: has no value.", f"Possible: {FILTER_WORDS}.")
    term = read(name, value)
    if not word.negated:
        return term
    if isinstance(term, Span):
        raise BadFilter(f"A minus does not work before {name}:.", "Reverse the sign instead: < for >.")
    return Choice(term.key, term.values, negated=True)


def _listed(key: Key, possible: tuple[str, ...]) -> Callable[[str, str], Choice]:
    """A reader of values out of a list; a hyphen or underscore may stand for a space."""

    def read(name: str, value: str) -> Choice:
        chosen = []
        for one in _values(name, value):
            plain = one.casefold().replace("-", " ").replace("_", " ")
            if plain not in possible:
                _no_such(key, one, ", ".join(word.replace(" ", "-") for word in possible))
            chosen.append(plain)
        return Choice(key, tuple(dict.fromkeys(chosen)))

    return read


def _yes_or_no(key: Key) -> Callable[[str, str], Choice]:
    """A reader of yes or no."""

    def read(_name: str, value: str) -> Choice:
        if value.casefold() not in (YES, NO):
            _no_such(key, value, f"{key}:yes, {key}:no")
        return Choice(key, (value.casefold(),))

    return read


def _tag(name: str, value: str) -> Choice:
    return Choice(Key.TAG, tuple(dict.fromkeys(one.casefold() for one in _values(name, value))))


def _assignee(name: str, value: str) -> Choice:
    return Choice(Key.ASSIGNEE, tuple(dict.fromkeys(_values(name, value))))


def _language(name: str, value: str) -> Choice:
    chosen = []
    for one in _values(name, value):
        if not _LANGUAGE.fullmatch(one.casefold()):
            _no_such(Key.LANGUAGE, one, "a language's code, like en, zh or pt-br")
        chosen.append(one.casefold())
    return Choice(Key.LANGUAGE, tuple(dict.fromkeys(chosen)))


def _numbers(name: str, value: str) -> Choice:
    chosen = []
    for one in _values(name, value):
        found = _NUMBER.fullmatch(one)
        if found is None or found[1]:
            _no_such(Key.NUMBER, one, "a ticket's number, like #10482")
        chosen.append(str(int(found[2])))
    return Choice(Key.NUMBER, tuple(dict.fromkeys(chosen)))


def _values(name: str, value: str) -> list[str]:
    values = [one.strip() for one in value.split(",")]
    if len(values) > MAX_VALUES:
        raise BadFilter(f"{name}: has more than {MAX_VALUES} values.", "Use fewer.")
    if not all(values):
        raise BadFilter(f"{name}: has an empty value.", "Put one comma between two values, and none at the end.")
    return values


def _due(_name: str, value: str) -> Choice | Span:
    word = value.casefold()
    if word == UNASSIGNED:
        return Choice(Key.DUE, (UNASSIGNED,))
    if word in ("late", "overdue"):
        return Span(Key.DUE, None, timedelta(0))
    sign, rest = _compared(word)
    age = _age(rest)
    if age is not None and sign:
        return Span(Key.DUE, None, age) if sign in ("<", "<=") else Span(Key.DUE, age, None)
    day = _day(rest)
    if day is None:
        _no_such(Key.DUE, value, "<3d, >2w, <2026-12-01, late, none")
    return _days(Key.DUE, sign, day)


def _past(key: Key) -> Callable[[str, str], Span]:
    """A reader of days gone by, and of ages."""

    def read(_name: str, value: str) -> Span:
        sign, rest = _compared(value.casefold())
        age = _age(rest)
        if age is not None and sign:
            return _aged(key, older=sign in (">", ">="), age=age)
        day = _day(rest)
        if day is None:
            _no_such(key, value, ">2026-11-01, <=2026-11-30, 2026-11-20, <3d")
        return _days(key, sign, day)

    return read


def _older_or_newer(name: str, value: str) -> Span:
    age = _age(value.casefold())
    if age is None:
        possible = f"Possible: {name}:12h, {name}:3d, {name}:2w."
        raise BadFilter(f"“{one_line(value, 40)}” is not an age.", possible, value)
    return _aged(Key.RECEIVED, older=name == "older", age=age)


def _aged(key: Key, *, older: bool, age: timedelta) -> Span:
    return Span(key, None, -age) if older else Span(key, -age, None)


def _days(key: Key, sign: str, day: date) -> Span:
    starts, ends = _start_of(day), _start_of(day + _ONE_DAY)
    if sign == "<":
        return Span(key, None, starts)
    if sign == "<=":
        return Span(key, None, ends)
    if sign == ">":
        return Span(key, ends, None)
    return Span(key, starts, None if sign == ">=" else ends)


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time()).astimezone(UTC)  # a naive time is the console's own


def _compared(value: str) -> tuple[str, str]:
    found = _COMPARED.fullmatch(value)
    assert found is not None  # the pattern fits every text
    return found[1] or "", found[2].strip()


def _age(text: str) -> timedelta | None:
    found = _AGE.fullmatch(text)
    return None if found is None else int(found[1]) * _UNITS[found[2]]


def _day(text: str) -> date | None:
    if not _DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST_YEAR <= day.year <= _LAST_YEAR else None


def _at(moment: Moment | None, now: datetime) -> datetime | None:
    return now + moment if isinstance(moment, timedelta) else moment


def _no_such(key: Key, value: str, possible: str) -> NoReturn:
    raise BadFilter(f"Unknown {key} “{one_line(value, 40)}”.", f"Possible: {possible}.", value)


_READERS: dict[str, Callable[[str, str], Choice | Span]] = {
    "kind": _listed(Key.KIND, tuple(TicketKind)),
    "state": _listed(Key.STATE, tuple(TicketState)),
    "priority": _listed(Key.PRIORITY, tuple(one.name.lower() for one in Priority)),
    "channel": _listed(Key.CHANNEL, tuple(Channel)),
    **{key.value: _yes_or_no(key) for key in sorted(YES_OR_NO)},
    "assignee": _assignee,
    "tag": _tag,
    "language": _language,
    "lang": _language,
    "number": _numbers,
    "due": _due,
    "received": _past(Key.RECEIVED),
    "updated": _past(Key.UPDATED),
    "older": _older_or_newer,
    "newer": _older_or_newer,
}

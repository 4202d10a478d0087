"""Filter expressions for the access log: `agent:mei ticket:10482 outcome:refused since:2026-11-01`."""

import re
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta

from cs_console.access_log.action_words import ANY_VIEW, action_of_words
from cs_console.access_log.aliases import pseudonym_of_alias
from cs_console.errors import BadFilter
from cs_console.filter_line import AROUND_VALUE, filter_words
from models.enums import Action, Result

_PSEUDONYM = re.compile(r"[0-9a-f]{4,16}")
_MOST = 2**31 - 1


@dataclass(frozen=True)
class LogFilter:
    """What entries to show; empty means any. `since` is the first moment, `until` the first that is too late.

    `requester` is a pseudonym or the beginning of one; `action` a code, or ANY_VIEW.
    """

    agent: str = ""
    ticket: int | None = None
    requester: str = ""
    action: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of what is filtered by: what a record of the reading holds."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) not in ("", None))


def parse_log_filter(text: str) -> LogFilter:
    """Understand a filter expression. Days and times without a zone are local.

    Raises BadFilter with a sentence that names the word.
    """
    found = LogFilter()
    for one in filter_words(text, AROUND_VALUE):
        word = one.typed
        number = word.removeprefix("#") if word.startswith("#") else ""
        key = "ticket" if number else _COLUMNS.get(one.key or "", one.key)
        if key not in _READERS or one.negated:
            raise BadFilter(
                f"Unknown term “{word}”.",
                "Use who: (or agent:) what: (or action:) ticket: requester: outcome: since: until:, each with a value.",
            )
        value = number or one.value
        if not value:
            raise BadFilter(f"“{word}” has no value.", f"Write it after the colon, like {_EXAMPLES[key]}.")
        if key in found.keys:
            raise BadFilter(f"“{word}”: duplicate term {key}.", "Use each term once.")
        found = _READERS[key](found, word, value)
    if found.since is not None and found.until is not None and found.since >= found.until:
        raise BadFilter("“until” is not after “since”, so no entry can match.", "Correct one of the two.")
    return found


def words_of_filter(text: str) -> tuple[str, ...]:
    """The terms of a filter expression as they were typed, right or wrong."""
    return tuple(word.typed for word in filter_words(text, AROUND_VALUE))


def with_or_without(text: str, term: str) -> str:
    """The filter with this term, in place of another of its key; without it where it has it already."""
    words = words_of_filter(text)
    if term in words:
        return " ".join(word for word in words if word != term)
    key = _COLUMNS.get(term.partition(":")[0], term.partition(":")[0])
    others = (word for word in words if _COLUMNS.get(word.partition(":")[0], word.partition(":")[0]) != key)
    return " ".join((*others, term))


def parse_moment(text: str, whole_day: bool = False) -> datetime:
    """A day (2026-11-01) or a time in ISO 8601, local where it names no zone. Raises ValueError.

    With `whole_day`, a day means its end: the moment the next one begins.
    """
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = date.fromisoformat(text) + timedelta(days=1 if whole_day else 0)
            return datetime(day.year, day.month, day.day).astimezone()
        moment = datetime.fromisoformat(text)
        if not 1970 < moment.year < 9999:
            raise ValueError(text)
        return moment if moment.tzinfo else moment.astimezone()
    except OverflowError:
        raise ValueError(text) from None


def _agent(found: LogFilter, _word: str, value: str) -> LogFilter:
    return replace(found, agent=value)


def _ticket(found: LogFilter, word: str, value: str) -> LogFilter:
    digits = value.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10 and 0 < int(digits) <= _MOST):
        raise BadFilter(f"“{word}”: a ticket is a number.", f"Write {_EXAMPLES['ticket']}.")
    return replace(found, ticket=int(digits))


def pseudonym_beginning(word: str, value: str) -> str:
    """`value`, an alias or the beginning of a pseudonym, as the latter. Raises BadFilter with a sentence that names the
    word.
    """
    beginning = pseudonym_of_alias(value) or value.lower()
    if not _PSEUDONYM.fullmatch(beginning):
        raise BadFilter(
            f"“{word}”: this is neither a requester's alias nor a pseudonym (4 to 16 characters of 0-9 and a-f).",
            f"Write {_EXAMPLES['requester']}.",
        )
    return beginning


def _requester(found: LogFilter, word: str, value: str) -> LogFilter:
    return replace(found, requester=pseudonym_beginning(word, value))


def _action(found: LogFilter, word: str, value: str) -> LogFilter:
    value = action_of_words(value)
    if value != ANY_VIEW and value not in {action.value for action in Action}:
        near = sorted(action.value for action in Action if action.value.startswith(value[:4]))
        example = f'{_EXAMPLES["action"]}, what:"revealed a field" or what:views'
        hint = f"Perhaps {' or '.join(near)}." if near else f"Write {example}."
        raise BadFilter(f"“{word}”: unknown action.", hint)
    return replace(found, action=value)


def _outcome(found: LogFilter, word: str, value: str) -> LogFilter:
    if value not in {result.value for result in Result}:
        raise BadFilter(f"“{word}”: unknown outcome.", f"Use {' or '.join(result.value for result in Result)}.")
    return replace(found, outcome=value)


def _since(found: LogFilter, word: str, value: str) -> LogFilter:
    return replace(found, since=_moment(word, value, whole_day=False))


def _until(found: LogFilter, word: str, value: str) -> LogFilter:
    return replace(found, until=_moment(word, value, whole_day=True))


def _moment(word: str, value: str, whole_day: bool) -> datetime:
    try:
        return parse_moment(value, whole_day)
    except ValueError:
        raise BadFilter(f"“{word}”: not a day or time.", "Write 2026-11-01 or 2026-11-01T09:30.") from None


_READERS = {
    "agent": _agent,
    "ticket": _ticket,
    "requester": _requester,
    "action": _action,
    "outcome": _outcome,
    "since": _since,
    "until": _until,
}
_COLUMNS = {"who": "agent", "what": "action"}
"""The columns of the list by their titles."""
_EXAMPLES = {
    "agent": "agent:mei",
    "ticket": "ticket:10482",
    "requester": "requester:quiet-otter-417",
    "action": "action:field.revealed",
    "outcome": "outcome:refused",
    "since": "since:2026-11-01",
    "until": "until:2026-11-30",
}

"""What a filter finds, in words: a sentence for the whole of it, a few words for each term."""

from datetime import datetime, timedelta

from cs_console.local_time import day_with_year
from cs_console.tickets.filters import ME, UNASSIGNED, YES, Choice, Filter, Key, Moment, Sought, Span, Term
from models.columns import MICROSECOND
from models.enums import TicketKind

_KINDS = {
    TicketKind.RIGHTS: "rights requests",
    TicketKind.INQUIRY: "inquiries",
    TicketKind.APPEAL: "appeals",
    TicketKind.REPORT: "reports",
    TicketKind.COMPLAINT: "complaints",
}
_BEFORE_VALUE = {
    Key.STATE: "",
    Key.PRIORITY: "priority ",
    Key.TAG: "tagged ",
    Key.CHANNEL: "by ",
    Key.LANGUAGE: "in ",
}
_IS, _IS_NOT = 0, 1
_SAID = {
    Key.VERIFIED: ("verified", "never verified"),
    Key.UNREAD: ("unread", "read"),
    Key.ANSWERED: ("requester answered", "no answer waiting"),
    Key.SNOOZED: ("snoozed", "not snoozed"),
}
_ONE_DAY, _ONE_HOUR = timedelta(days=1), timedelta(hours=1)


def sentence(asked: Filter) -> str:
    """What the filter will find: "Appeals and reports, with you, due within 3 days." An empty one: "All tickets." """
    kinds = next((one for one in asked.choices if one.key is Key.KIND and not one.negated), None)
    subject = _joined([_KINDS[TicketKind(value)] for value in kinds.values]) if kinds else "tickets"
    rest = [term_words(term) for term in asked.terms if term is not kinds]
    words = ", ".join([subject if kinds or rest else "all tickets", *rest])
    return f"{words[0].upper()}{words[1:]}."


def term_words(term: Term) -> str:
    """One term in a few words: "with me" is how it is typed, "with you" how it reads."""
    if isinstance(term, Sought):
        return f"with “{term.text}”"
    return _span_words(term) if isinstance(term, Span) else _choice_words(term)


def _choice_words(choice: Choice) -> str:
    if choice.key in _SAID:
        return _SAID[choice.key][_IS if (choice.values == (YES,)) is not choice.negated else _IS_NOT]
    if choice.key is Key.DUE:
        return "with a due date" if choice.negated else "without a due date"
    if choice.key is Key.NUMBER:
        words = _joined([f"#{value}" for value in choice.values])
    elif choice.key is Key.KIND:
        words = _joined([_KINDS[TicketKind(value)] for value in choice.values])
    elif choice.key is Key.ASSIGNEE:
        words = _joined([_with(name) for name in choice.values])
    else:
        words = _BEFORE_VALUE[choice.key] + _joined(list(choice.values))
    return f"not {words}" if choice.negated else words


def _with(name: str) -> str:
    folded = name.casefold()
    if folded == UNASSIGNED:
        return "unassigned"
    return "with you" if folded == ME else f"with {name}"


def _span_words(span: Span) -> str:
    if span.key is Key.DUE:
        return _due_words(span)
    low, high = span.low, span.high
    if isinstance(low, timedelta):
        return f"{span.key} in the last {_length(-low)}"
    if isinstance(high, timedelta):
        return f"{span.key} more than {_length(-high)} ago"
    return f"{span.key} {_days(low, high)}"


def _due_words(span: Span) -> str:
    low, high = span.low, span.high
    if isinstance(high, timedelta):
        return f"due within {_length(high)}, or late" if high else "late"
    if isinstance(low, timedelta):
        return f"due in more than {_length(low)}"
    return f"due {_days(low, high)}"


def _days(low: Moment | None, high: Moment | None) -> str:
    """Days of the console's own time zone; a span ends with the day before its end."""
    first = day_with_year(low) if isinstance(low, datetime) else ""
    last = day_with_year(high - MICROSECOND) if isinstance(high, datetime) else ""
    if first and last:
        return f"on {first}" if first == last else f"from {first} to {last}"
    return f"from {first} on" if first else f"up to {last}"


def _length(span: timedelta) -> str:
    whole, unit = (span // _ONE_DAY, "day") if span % _ONE_DAY == timedelta(0) else (span // _ONE_HOUR, "hour")
    return f"{whole} {unit}{'' if whole == 1 else 's'}"


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"

"""An invitation (RFC 5545) as words: what it is called, when and where it is, and what it says."""

from datetime import UTC, date, datetime
from typing import Any

from cs_console.local_time import sortable

_MOST_BYTES = 256 * 1024
_MOST_EVENTS = 10
_KINDS = ("VEVENT", "VTODO", "VJOURNAL")


def calendar_to_text(text: str) -> str:
    """The words of its first events, with times in the zone that it names; empty where nothing can be read."""
    from icalendar import Calendar  # only for mail with an invitation

    if len(text) > _MOST_BYTES:
        return ""
    try:
        calendars = Calendar.from_ical(_lines(text), multiple=True)
        events = [event for calendar in calendars for event in calendar.walk() if event.name in _KINDS]
        shown = [words for words in map(_event, events[:_MOST_EVENTS]) if words]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError):
        return ""
    return "\n\n".join(shown)


def _lines(text: str) -> str:
    """As the standard wants them: without empty lines, each with both ends."""
    return "\r\n".join(line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line) + "\r\n"


def _event(event: Any) -> str:
    lines = [
        _named("Invitation", _first(event, "SUMMARY")),
        _named("When", _when(event)),
        _named("Where", _first(event, "LOCATION")),
        _named("Answer", _first(event, "COMMENT")),
    ]
    words = "\n".join(line for line in lines if line)
    description = _first(event, "DESCRIPTION").strip()
    return "\n\n".join(part for part in (words, description) if part)


def _named(name: str, words: str) -> str:
    return f"{name}: {' '.join(words.split())}" if words.strip() else ""


def _first(event: Any, name: str) -> str:
    value = event.get(name, "")
    value = value[0] if isinstance(value, list) and value else value
    return str(value)


def _when(event: Any) -> str:
    start = _time(event, "DTSTART") or _time(event, "DUE")
    end = _time(event, "DTEND")
    if start and end and start[:10] == end[:10] and len(end) > 10:
        end = end[11:]
        zone = start[16:]
        start = start.removesuffix(zone) if zone and end.endswith(zone) else start
    return f"{start} to {end}" if start and end and end != start else start


def _time(event: Any, name: str) -> str:
    """A day, or a moment with its zone; as it is written where it cannot be read."""
    written = event.get(name)
    if written is None:
        return ""
    at = getattr(written, "dt", None)
    if isinstance(at, datetime):
        zone = str(written.params.get("TZID", "")) or ("UTC" if at.tzinfo else "")
        as_written = sortable(at, at.tzinfo) if at.tzinfo else sortable(at.replace(tzinfo=UTC), UTC)
        return f"{as_written} {zone}".rstrip()
    if isinstance(at, date):
        return f"{at:%Y-%m-%d}"
    return str(getattr(written, "to_ical", lambda: written)() if at is None else at)

"""When a letter that is sent later goes out: what is offered, what a person may type, and how it is said.

All in the machine's local time, or in the zone that is given.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from cs_console.errors import BadInput
from cs_console.local_time import hour, weekday

LONGEST = timedelta(days=90)
LONGEST_TYPED = 40
MORNING = time(8)
EXAMPLES = "tomorrow 9:00, mon 8:00, 3 dec 14:30, 2026-12-03 14:30, in 90 min"
_MINUTES = {"m": 1, "min": 1, "minute": 1, "h": 60, "hour": 60, "d": 1440, "day": 1440, "w": 10080, "week": 10080}
_SPAN = re.compile(r"(?:in )?(\d{1,4}) ?([a-z]+?)s?\.?")
_CLOCK = re.compile(r"(?:(.*?)(?:[ ,t]|\bat\b|^)+)?(\d{1,2})(?:[:.h](\d{2}))?(?: ?(am|pm))?(?: uhr)?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})?")
_NAMED = re.compile(r"(\d{1,2})\.? ([a-z]{3,9})\.?(?: (\d{4}))?|([a-z]{3,9})\.? (\d{1,2})(?:,? (\d{4}))?")
_WEEKDAY = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|[a-z]{3}")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NOT_READ = f"Write it like one of these: {EXAMPLES}."


@dataclass(frozen=True, slots=True)
class SendTime:
    """A time that is offered."""

    title: str
    at: datetime


def offered(now: datetime, zone: tzinfo | None = None) -> tuple[SendTime, ...]:
    """What is offered at that moment, the soonest first."""
    here = now.astimezone(zone)
    monday = here.date() + timedelta(days=7 - here.weekday())
    times = [SendTime("In 1 hour", now + timedelta(hours=1)), SendTime("In 2 hours", now + timedelta(hours=2))]
    times.append(SendTime("Tomorrow morning", _local(here.date() + timedelta(days=1), MORNING, zone)))
    if monday != here.date() + timedelta(days=1):
        times.append(SendTime("Monday morning", _local(monday, MORNING, zone)))
    return tuple(times)


def typed_time(typed: str, now: datetime, zone: tzinfo | None = None) -> datetime:
    """The moment that a person typed: a span, or a day and a time of day. A day without a time means its morning.

    Raises BadInput for what cannot be read, is past, or lies further ahead than LONGEST.
    """
    words = " ".join(typed.casefold().split())
    read = len(words) <= LONGEST_TYPED
    at = (_span(words, now) or _moment(words, now.astimezone(zone), zone)) if read else None
    if at is None:
        raise BadInput("That time cannot be read.", _NOT_READ)
    require_sendable(at, now)
    return at


def require_sendable(at: datetime, now: datetime) -> None:
    """Refuse a time that is past, or further ahead than LONGEST. Raises BadInput."""
    if at <= now:
        raise BadInput("That time is past.", "Choose a later one.")
    if at > now + LONGEST:
        raise BadInput(f"A message can be kept for {LONGEST.days} days at most.", "Choose an earlier time.")


def when_words(at: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """`in 8 s`, `today at 17:30`, `tomorrow at 08:00`, `on 3 Dec, Thu at 08:00`."""
    left = (at - now).total_seconds()
    if left <= 0:
        return "now"
    if left < 60:
        return f"in {max(1, round(left))} s"
    days = (at.astimezone(zone).date() - now.astimezone(zone).date()).days
    on = {0: "today", 1: "tomorrow"}.get(days) or f"on {weekday(at, zone)}"
    return f"{on} at {hour(at, zone)}"


def _span(words: str, now: datetime) -> datetime | None:
    found = _SPAN.fullmatch(words)
    minutes = _MINUTES.get(found[2]) if found else None
    return now + timedelta(minutes=int(found[1]) * minutes) if found and minutes else None


def _moment(words: str, here: datetime, zone: tzinfo | None) -> datetime | None:
    day, clock = _day(words, here), MORNING
    if day is None and (found := _CLOCK.fullmatch(words)):
        read = _clock(found[2], found[3], found[4])
        day = _day((found[1] or "").strip(" ,"), here) if found[1] else here.date()
        if day is None or read is None or not (found[1] or found[3] or found[4]):
            return None
        clock = read
        if not found[1] and _local(day, clock, zone) <= here:  # a time of day alone: the next time that it comes
            day += timedelta(days=1)
    return None if day is None else _local(day, clock, zone)


def _clock(hours: str, minutes: str | None, half: str | None) -> time | None:
    at = int(hours)
    if half:
        if not 1 <= at <= 12:
            return None
        at = at % 12 + (12 if half == "pm" else 0)
    return time(at, int(minutes or 0)) if at < 24 and int(minutes or 0) < 60 else None


def _day(words: str, here: datetime) -> date | None:
    today = here.date()
    near = {"today": 0, "tomorrow": 1}.get(words)
    if near is not None:
        return today + timedelta(days=near)
    name = words.removeprefix("on ").removeprefix("next ")
    if name[:3] in _DAYS and _WEEKDAY.fullmatch(name):
        return today + timedelta(days=(_DAYS.index(name[:3]) - today.weekday() - 1) % 7 + 1)
    for pattern, parts in _DATES:
        if found := pattern.fullmatch(name):
            return _date(*parts(found), today)
    return None


def _date(year: int | None, month: int, day: int, today: date) -> date | None:
    """The day; without a year the next one of that name."""
    try:
        if year is not None:
            return date(year, month, day)
        this = date(today.year, month, day)
        return this if this >= today else date(today.year + 1, month, day)
    except ValueError:
        return None


_Parts = tuple[int | None, int, int]


def _of_iso(found: re.Match[str]) -> _Parts:
    return int(found[1]), int(found[2]), int(found[3])


def _of_dotted(found: re.Match[str]) -> _Parts:
    return int(found[3]) if found[3] else None, int(found[2]), int(found[1])


def _of_named(found: re.Match[str]) -> _Parts:
    day, month, year = (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
    known = _MONTHS.index(month[:3]) + 1 if month[:3] in _MONTHS else 0  # 0 is no month, and no date
    return int(year) if year else None, known, int(day)


_DATES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Parts]], ...] = (
    (_ISO, _of_iso),
    (_DOTTED, _of_dotted),
    (_NAMED, _of_named),
)


def _local(day: date, at: time, zone: tzinfo | None) -> datetime:
    """That time of day there, as a moment; one that a clock change leaves out is an hour later."""
    moment = datetime.combine(day, at, zone)
    return moment.astimezone() if zone is None else moment

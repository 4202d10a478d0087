"""A ticket's clock as one line that explains itself."""

from datetime import datetime, timedelta, tzinfo
from itertools import groupby

from cs_console.deadlines.clock import Clock, moved_to_working_day, stopped_for
from cs_console.local_time import day, weekday
from cs_console.policy.clock_rules import ClockRules
from cs_console.policy.days_off import holidays_between
from cs_console.policy.schema import Pack
from models.enums import TicketKind


def clock_words(pack: Pack, kind: TicketKind, clock: Clock, now: datetime | None = None) -> str:
    """The clock in words, its dates in the pack's time zone: "30 days from verification on 3 Nov: 3 Dec, Thu".

    The line has everything that moved the date, and how late it is at `now`; None for a ticket that waits for nothing
    any more. For kinds that end without a decision it is the first response that has a date, until it was given
    (policy IX).
    """
    explained, when, then = _parts(pack, kind, clock, now)
    return f"{explained}: {when}{then}" if when else f"{explained}{then}"


def due_first_words(pack: Pack, kind: TicketKind, clock: Clock, now: datetime | None = None) -> str:
    """The same with the date at its front, where a narrow screen cuts no date off: "due 3 Dec, Thu: 30 days from"."""
    explained, when, then = _parts(pack, kind, clock, now)
    return f"due {when}: {explained}" if when and not then else clock_words(pack, kind, clock, now)


def _parts(pack: Pack, kind: TicketKind, clock: Clock, now: datetime | None) -> tuple[str, str, str]:
    """What the date is made of, the date with how late it is ("" where there is none), and the outcome."""
    if not clock.decides:
        return _first_response_words(pack, kind, clock, now)
    if clock.starts is None:
        return "starts when the requester is verified", "", ""
    rules = pack.clock
    words = f"{term_words(rules)} from {clock.since} on {day(clock.starts, rules.zone)}"
    words += _stop_words(rules, clock)
    if clock.extended is not None:
        words += f", extended by {extension_words(rules)} (told {day(clock.extended, rules.zone)})"
    if moved_to_working_day(rules, clock):
        words += ", then the next working day"
    when = "" if clock.ends is None else weekday(clock.ends, rules.zone)
    if clock.due is not None:
        when += _late_words(clock.due, now, rules.zone)
    then = "" if clock.answered is None else f"; answered on {day(clock.answered, rules.zone)}"
    if clock.answered is not None and clock.review is not None:
        then += f", review on {day(clock.review, rules.zone)}"
    return words, when, then


def term_words(rules: ClockRules) -> str:
    """The term itself: "30 days", "1 month"."""
    if rules.respond_months is not None:
        return _counted(rules.respond_months, "month")
    return _counted(rules.respond_days or 0, "day")


def extension_words(rules: ClockRules) -> str:
    """How much an extension adds; empty where the policy knows none."""
    more = rules.extension
    if more is None:
        return ""
    return _counted(more.months, "month") if more.months is not None else _counted(more.days or 0, "day")


def _late_words(due: datetime, now: datetime | None, zone: tzinfo) -> str:
    """How late it is, in days of the pack's calendar: ", 8 days late"."""
    if now is None or now <= due:
        return ""
    days = (now.astimezone(zone).date() - due.astimezone(zone).date()).days
    return f", {_counted(days, 'day')} late" if days else ", late"


def _first_response_words(pack: Pack, kind: TicketKind, clock: Clock, now: datetime | None) -> tuple[str, str, str]:
    zone = pack.clock.zone
    if clock.responded is not None:
        return f"first response given on {day(clock.responded, zone)}", "", ""
    received, due = clock.received.astimezone(zone), clock.first_response_due.astimezone(zone)
    holidays = holidays_between(pack.clock, received.date(), due.date())
    left_out = f" ({_counted(holidays, 'holiday')})" if holidays else ""
    days = _counted(pack.kinds[kind].first_response_working_days, "working day")
    when = weekday(due, zone) + _late_words(clock.first_response_due, now, zone)
    return f"first response within {days} of {day(received, zone)}{left_out}", when, ""


def _stop_words(rules: ClockRules, clock: Clock) -> str:
    words = ""
    ended = sorted((stop for stop in clock.stops if stop.ended is not None), key=lambda stop: stop.cause)
    for cause, stops in groupby(ended, key=lambda stop: stop.cause):
        total = sum((stopped_for(rules, stop) for stop in stops), timedelta())
        days = round(total / timedelta(days=1))
        words += f", stopped {_counted(days, 'day') if days else 'less than a day'} for {cause}"
    if clock.stopped is not None:
        words += f", stopped since {day(clock.stopped.begun, rules.zone)} for {clock.stopped.cause}"
    return words


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"

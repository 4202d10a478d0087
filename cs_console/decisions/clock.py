"""When an answer is due: every number comes from the pack that the ticket was opened under (policy V.4, IX)."""

from datetime import UTC, datetime, timedelta

from cs_console.policy.schema import Pack
from models.enums import TicketKind


def due_at(pack: Pack, received: datetime, verified: datetime | None) -> datetime | None:
    """`respond_days` after the later of the moments that start the clock; None while one of them is missing.

    Moments are aware UTC datetimes. The policy knows no extension, so this takes none (V.4).
    """
    moments = {"received": received, "verified": verified}
    starts = [moments[name] for name in pack.clock.starts]
    known = [moment for moment in starts if moment is not None]
    if not known or len(known) < len(starts):
        return None
    return max(known) + timedelta(days=pack.clock.respond_days)


def first_response_due(pack: Pack, kind: TicketKind, received: datetime) -> datetime:
    """The same time of day, so many working days (in UTC) after the request came in (policy IX, "promptly")."""
    left = pack.kinds[kind].first_response_working_days
    due = received.astimezone(UTC)
    while left > 0:
        due += timedelta(days=1)
        if due.isoweekday() in pack.clock.working_days:
            left -= 1
    return due


def clock_words(
    pack: Pack,
    kind: TicketKind,
    received: datetime,
    verified: datetime | None,
    due: datetime | None,
    first_response: datetime | None,
    *,
    stands: bool = False,
) -> str:
    """The clock of one ticket in words: "30 days from verification on 3 Nov: 3 Dec, Thu", or what it waits for.

    `due` is the answer's due date as the ticket holds it: a review starts the clock anew, a fee stops it until work
    goes on. `stands`: the newest decision is not past its review, so that only a fee can have moved the date. For kinds
    that end without a decision it is the first response that has a date, until it was given (policy IX).
    """
    if not pack.kinds[kind].needs_decision:
        if first_response is not None:
            return f"first response given on {_day(first_response)}"
        days = pack.kinds[kind].first_response_working_days
        last = first_response_due(pack, kind, received)
        return f"first response within {days} working days of {_day(received)}: {_weekday(last)}"
    if due is None:
        return "starts when the requester is verified" if verified is None else "stopped when a fee was asked for"
    start = due - timedelta(days=pack.clock.respond_days)
    what = {received: "receipt", verified: "verification"}.get(start, "")
    if not what and stands:
        return f"{pack.clock.respond_days} days, without the wait for a fee: {_weekday(due)}"
    what = what or "the review"
    return f"{pack.clock.respond_days} days from {what} on {_day(start)}: {_weekday(due)}"


def long_date(moment: datetime) -> str:
    """A date as letters write it, in UTC: "3 December 2026"."""
    day = moment.astimezone(UTC)
    return f"{day.day} {day:%B %Y}"


def _day(moment: datetime) -> str:
    day = moment.astimezone(UTC)
    return f"{day.day} {day:%b}"


def _weekday(moment: datetime) -> str:
    return f"{_day(moment)}, {moment.astimezone(UTC):%a}"

"""How a moment reads: in the machine's local time, or in the time zone that is given (a pack's, UTC)."""

from datetime import UTC, date, datetime, timedelta, tzinfo


def hour(at: datetime, zone: tzinfo | None = None) -> str:
    """`14:31`"""
    return f"{at.astimezone(zone):%H:%M}"


def second(at: datetime, zone: tzinfo | None = None) -> str:
    """`14:31:07`, for what lasts minutes."""
    return f"{at.astimezone(zone):%H:%M:%S}"


def day(at: datetime, zone: tzinfo | None = None) -> str:
    """`21 Nov`"""
    return short_date(at.astimezone(zone))


def weekday(at: datetime, zone: tzinfo | None = None) -> str:
    """`3 Dec, Thu`, for a day that is waited for."""
    return f"{day(at, zone)}, {at.astimezone(zone):%a}"


def day_with_year(at: datetime, zone: tzinfo | None = None) -> str:
    """`21 Nov 2026`; in UTC for terms that last to the end of a day."""
    return date_words(at.astimezone(zone))


def moment(at: datetime, zone: tzinfo | None = None) -> str:
    """`21 Nov 09:12`"""
    return f"{day(at, zone)} {hour(at, zone)}"


def moment_with_year(at: datetime, zone: tzinfo | None = None) -> str:
    """`21 Nov 2026 09:12:07`"""
    return f"{day_with_year(at, zone)} {second(at, zone)}"


def hour_or_moment(at: datetime, now: datetime) -> str:
    """`14:01` if that was today, else `21 Nov 09:12`."""
    return hour(at) if at.astimezone().date() == now.astimezone().date() else moment(at)


def length(span: timedelta) -> str:
    """`3 d`, `5 h`, `20 min`: rounded down, so that it never says more time than passed."""
    minutes = max(span, timedelta()) // timedelta(minutes=1)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 24 * 60 else f"{minutes // (24 * 60)} d"


def sortable(at: datetime, zone: tzinfo | None = None) -> str:
    """`2026-11-21 09:12`, for the columns of a list."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def in_utc(at: datetime) -> str:
    """`2026-11-21 09:12 UTC`, where clocks are compared."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def date_words(on: date) -> str:
    """A date that has no time: `21 Nov 2026`."""
    return f"{short_date(on)} {on:%Y}"


def short_date(on: date) -> str:
    """The same without its year: `21 Nov`."""
    return f"{on.day} {on:%b}"

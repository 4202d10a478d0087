"""When a letter goes out: what people type, in the time zone in which they sit, and how it is said back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cs_console.delivery.send_times import LONGEST, offered, require_sendable, typed_time, when_words
from cs_console.errors import BadInput

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
"""A Monday, 10:30 in Berlin."""


@pytest.mark.parametrize(
    ("typed", "local"),
    [
        ("17:00", "2026-11-30 17:00"),
        ("5pm", "2026-11-30 17:00"),
        ("8:00", "2026-12-01 08:00"),
        ("today 17:30", "2026-11-30 17:30"),
        ("tomorrow", "2026-12-01 08:00"),
        (" Tomorrow  at 9 ", "2026-12-01 09:00"),
        ("tomorrow 9:15", "2026-12-01 09:15"),
        ("tue", "2026-12-01 08:00"),
        ("Monday 8:00", "2026-12-07 08:00"),
        ("next monday, 8:00", "2026-12-07 08:00"),
        ("on friday 14:00", "2026-12-04 14:00"),
        ("3 dec 14:30", "2026-12-03 14:30"),
        ("December 3 14:30", "2026-12-03 14:30"),
        ("3. Dezember 14:30", None),
        ("1 jan", "2027-01-01 08:00"),
        ("2026-12-03 14:30", "2026-12-03 14:30"),
        ("2026-12-03T14:30", "2026-12-03 14:30"),
        ("3.12. 14:30", "2026-12-03 14:30"),
        ("03.12.2026", "2026-12-03 08:00"),
        ("in 90 min", "2026-11-30 12:00"),
        ("in 2 hours", "2026-11-30 12:30"),
        ("2h", "2026-11-30 12:30"),
        ("in 3 days", "2026-12-03 10:30"),
        ("in 1 week", "2026-12-07 10:30"),
        ("", None),
        ("soon", None),
        ("9", None),
        ("tomorrow 25:00", None),
        ("tomorrow 9:75", None),
        ("31 feb 9:00", None),
        ("12/03", None),
        ("in 5 parsecs", None),
        ("13pm", None),
        ("today 8:00", None),
        ("2025-12-03 14:30", None),
        ("in 0 min", None),
        ("in 9999 weeks", None),
        ("2027-11-30 09:00", None),
    ],
)
def test_a_time_as_people_type_it(typed: str, local: str | None) -> None:
    if local is None:
        with pytest.raises(BadInput):
            typed_time(typed, NOW, BERLIN)
    else:
        assert f"{typed_time(typed, NOW, BERLIN).astimezone(BERLIN):%Y-%m-%d %H:%M}" == local


@given(st.text(max_size=60))
@example("tomorrow" + " ," * 20_000 + "x")
@example("1" * 50_000)
@example("٣ dec ٣:٣٠")
def test_whatever_is_typed_is_a_time_to_come_or_refused(typed: str) -> None:
    try:
        at = typed_time(typed, NOW, BERLIN)
    except BadInput:
        return
    assert NOW < at <= NOW + LONGEST


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(seconds=-3), "now"),
        (timedelta(0), "now"),
        (timedelta(milliseconds=200), "in 1 s"),
        (timedelta(seconds=8), "in 8 s"),
        (timedelta(seconds=59), "in 59 s"),
        (timedelta(hours=2), "today at 12:30"),
        (timedelta(hours=14), "tomorrow at 00:30"),
        (timedelta(days=3), "on 3 Dec, Thu at 10:30"),
    ],
)
def test_how_it_is_said(ahead: timedelta, words: str) -> None:
    assert when_words(NOW + ahead, NOW, BERLIN) == words


def test_what_is_offered_lies_ahead_in_order() -> None:
    for day in range(14):
        now = NOW + timedelta(days=day, hours=day)
        times = [one.at for one in offered(now, BERLIN)]
        assert times[:2] == sorted(times[:2])
        assert len(set(times)) == len(times)
        for at in times:
            require_sendable(at, now)
        assert [at.astimezone(BERLIN).hour for at in times[2:]] == [8] * (len(times) - 2)


def test_a_morning_is_eight_o_clock_there_after_the_clocks_change_too() -> None:
    before = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)  # the night after it they go back an hour
    assert typed_time("tomorrow", before, BERLIN).astimezone(UTC).hour == 7
    assert typed_time("today 18:00", before, BERLIN).astimezone(UTC).hour == 16

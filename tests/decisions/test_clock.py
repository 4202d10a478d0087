"""The clock counts as the policy says: from verification, in days, and never without it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.decisions.clock import clock_words, due_at, first_response_due, long_date
from models.enums import TicketKind
from tests.decisions.cases import pack

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # a date's parts, year first


def rights_words(received: datetime, verified: datetime | None) -> str:
    """The clock of a rights request as it was verified."""
    return clock_words(pack(), TicketKind.RIGHTS, received, verified, due_at(pack(), received, verified), None)


def test_nothing_is_due_before_verification() -> None:
    assert due_at(pack(), utc(2026, 11, 1, 9), None) is None


@given(received=MOMENTS, verified=MOMENTS)
def test_the_answer_is_due_30_days_after_the_later_of_receipt_and_verification(
    received: datetime, verified: datetime
) -> None:
    assert due_at(pack(), received, verified) == max(received, verified) + timedelta(days=30)


def test_the_number_comes_from_the_pack_not_from_code() -> None:
    rules = pack()
    shorter = rules.model_copy(
        update={"clock": rules.clock.model_copy(update={"respond_days": 7, "starts": ("received",)})}
    )
    assert due_at(shorter, utc(2026, 11, 1), None) == utc(2026, 11, 8)


def test_the_line_says_from_when_and_until_which_day() -> None:
    assert rights_words(utc(2026, 11, 1, 9), utc(2026, 11, 3, 14)) == "30 days from verification on 3 Nov: 3 Dec, Thu"


def test_a_request_that_came_after_an_earlier_verification_counts_from_its_receipt() -> None:
    assert rights_words(utc(2026, 11, 5, 9), utc(2026, 11, 3, 14)) == "30 days from receipt on 5 Nov: 5 Dec, Sat"


def test_the_line_before_verification_says_what_it_waits_for() -> None:
    assert rights_words(utc(2026, 11, 1, 9), None) == "starts when the requester is verified"


def test_the_line_speaks_of_the_due_date_that_the_ticket_holds() -> None:
    received, verified = utc(2026, 11, 1, 9), utc(2026, 11, 3, 14)
    reviewed = utc(2027, 2, 1, 9) + timedelta(days=30)
    words = clock_words(pack(), TicketKind.RIGHTS, received, verified, reviewed, received)
    assert words == "30 days from the review on 1 Feb: 3 Mar, Wed"
    words = clock_words(pack(), TicketKind.RIGHTS, received, verified, utc(2026, 12, 8, 14), received, stands=True)
    assert words == "30 days, without the wait for a fee: 8 Dec, Tue"
    waiting = clock_words(pack(), TicketKind.RIGHTS, received, verified, None, received, stands=True)
    assert waiting == "stopped when a fee was asked for"


def test_other_kinds_show_their_first_response() -> None:
    received = utc(2026, 11, 2, 9)
    words = clock_words(pack(), TicketKind.INQUIRY, received, None, None, None)
    assert words == "first response within 15 working days of 2 Nov: 23 Nov, Mon"
    words = clock_words(pack(), TicketKind.INQUIRY, received, None, None, utc(2026, 11, 4, 9))
    assert words == "first response given on 4 Nov"


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (utc(2026, 11, 2, 9), utc(2026, 11, 23, 9)),  # Monday: three weeks on
        (utc(2026, 11, 6, 9), utc(2026, 11, 27, 9)),  # Friday
        (utc(2026, 11, 7, 9), utc(2026, 11, 27, 9)),  # Saturday counts from Monday
        (utc(2026, 11, 8, 23, 59), utc(2026, 11, 27, 23, 59)),  # Sunday too
    ],
)
def test_a_first_response_counts_working_days(received: datetime, due: datetime) -> None:
    assert first_response_due(pack(), TicketKind.REPORT, received) == due


@given(MOMENTS)
def test_a_first_response_is_due_on_a_working_day_after_15_of_them(received: datetime) -> None:
    due = first_response_due(pack(), TicketKind.INQUIRY, received)
    days = [received + timedelta(days=n) for n in range(1, (due - received).days + 1)]
    assert due.isoweekday() <= 5
    assert sum(day.isoweekday() <= 5 for day in days) == 15


def test_letters_write_dates_out() -> None:
    assert long_date(utc(2026, 12, 3, 23, 30)) == "3 December 2026"

"""The clock counts as the pack says: from verification or receipt, in days or months, with every stop and extension."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.deadlines.clock import (
    Clock,
    Happened,
    Since,
    Step,
    StopCause,
    clock_of,
    first_response_due,
    stopped_for,
)
from cs_console.errors import BadPack
from cs_console.policy.languages import in_language
from cs_console.policy.letter_lines import written_date
from cs_console.policy.schema import Pack
from models.enums import TicketKind
from tests.deadlines.clocks import month_pack, steps, utc, with_clock
from tests.decisions.cases import pack

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
BERLIN = ZoneInfo("Europe/Berlin")


def rights(rules: Pack, happened: list[Happened]) -> Clock:
    return clock_of(rules, TicketKind.RIGHTS, happened)


def end_of(*day: int) -> datetime:
    """The last microsecond of a day in Berlin."""
    start = datetime(*day, tzinfo=BERLIN) + timedelta(days=1)  # type: ignore[misc, arg-type]
    return start.astimezone(UTC) - timedelta(microseconds=1)


# --- days from verification, as the shipped pack counts


def test_nothing_is_due_before_verification() -> None:
    clock = rights(pack(), steps(utc(2026, 11, 1, 9)))
    assert (clock.starts, clock.due, clock.next) == (None, None, None)


@given(received=MOMENTS, verified=MOMENTS)
def test_the_answer_is_due_30_days_after_the_later_of_receipt_and_verification(
    received: datetime, verified: datetime
) -> None:
    clock = rights(pack(), steps(received, verified))
    assert clock.due == clock.term_ends == clock.next == max(received, verified) + timedelta(days=30)


def test_the_number_comes_from_the_pack_not_from_code() -> None:
    shorter = with_clock(respond_days=7, starts=("received",))
    assert rights(shorter, steps(utc(2026, 11, 1))).due == utc(2026, 11, 8)


def test_a_kind_that_ends_without_a_decision_waits_for_its_first_response_alone() -> None:
    received = utc(2026, 11, 2, 9)
    clock = clock_of(pack(), TicketKind.INQUIRY, steps(received, received))
    assert (clock.due, clock.next) == (None, utc(2026, 11, 23, 9))
    assert clock_of(pack(), TicketKind.INQUIRY, steps(received, responded=received)).next is None


# --- months, as Regulation (EEC, Euratom) 1182/71 counts them


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (utc(2026, 11, 3, 9), end_of(2026, 12, 3)),
        (utc(2026, 11, 3, 23, 30), end_of(2026, 12, 4)),  # the 4th already where the desk is
        (utc(2026, 1, 31, 9), end_of(2026, 3, 2)),  # 28 February is a Saturday: the next working day
        (utc(2027, 1, 29, 9), end_of(2027, 3, 1)),  # 28 February is a Sunday
        (utc(2028, 1, 31, 9), end_of(2028, 2, 29)),  # the month's last day
        (utc(2026, 12, 15, 9), end_of(2027, 1, 15)),
        (utc(2026, 11, 26, 9), end_of(2026, 12, 28)),  # Christmas Day is Saturday's eve: 26 is a Saturday and holiday
        (utc(2025, 12, 6, 9), end_of(2026, 1, 7)),  # Epiphany is a holiday in Bavaria
        (utc(2026, 2, 28, 9), end_of(2026, 3, 30)),  # 28 March is a Saturday; the clocks change on the 29th
    ],
)
def test_a_month_ends_with_the_day_of_its_number_or_the_next_working_day(received: datetime, due: datetime) -> None:
    assert rights(month_pack(), steps(received)).due == due


def test_without_that_rule_a_term_ends_on_a_day_off() -> None:
    relaxed = month_pack(ends_on_working_day=False)
    assert rights(relaxed, steps(utc(2026, 1, 31, 9))).due == end_of(2026, 2, 28)


def test_elsewhere_the_holiday_is_a_working_day() -> None:
    assert rights(month_pack(holidays="DE-BE"), steps(utc(2025, 12, 6, 9))).due == end_of(2026, 1, 6)


def test_a_term_in_days_can_end_on_a_working_day_too() -> None:
    rules = with_clock(ends_on_working_day=True)
    thursday = utc(2026, 11, 5, 9)  # 30 days on is a Saturday
    assert rights(rules, steps(thursday, thursday)).due == utc(2026, 12, 7, 23, 59, 59, 999_999)


@given(received=MOMENTS, months=st.integers(1, 24))
def test_a_term_in_months_is_never_shorter_than_its_shortest_month(received: datetime, months: int) -> None:
    due = rights(month_pack(respond_months=months), steps(received)).due
    assert due is not None
    assert due - received >= timedelta(days=28) * months
    assert due.astimezone(BERLIN).isoweekday() <= 5


# --- stops


def test_asking_for_identity_stops_the_clock_until_it_is_proven() -> None:
    received, asked, verified = utc(2026, 11, 3, 9), utc(2026, 11, 5, 9), utc(2026, 11, 10, 8)
    waiting = rights(month_pack(), steps(received, identity_asked=asked))
    assert (waiting.due, waiting.next) == (None, utc(2026, 11, 24, 9))  # a first response is owed still
    assert waiting.stopped is not None
    proven = rights(month_pack(), steps(received, verified, identity_asked=asked))
    assert proven.stopped is None
    assert [(stop.cause, stop.begun, stop.ended) for stop in proven.stops] == [(StopCause.IDENTITY, asked, verified)]
    assert proven.due == end_of(2026, 12, 8)  # five days on the calendar, less an hour


def test_a_verification_that_nobody_asked_for_stops_nothing() -> None:
    clock = rights(month_pack(), steps(utc(2026, 11, 3, 9), utc(2026, 11, 9, 15)))
    assert (clock.stops, clock.since, clock.due) == ((), Since.RECEIPT, end_of(2026, 12, 3))


def test_identity_asked_for_after_the_term_stops_nothing() -> None:
    received = utc(2026, 10, 12, 8)
    over = utc(2026, 11, 12, 23, 0)  # midnight in Berlin
    late = rights(month_pack(), steps(received, identity_asked=over))
    assert (late.due, late.stops) == (end_of(2026, 11, 12), ())
    in_time = rights(month_pack(), steps(received, identity_asked=over - timedelta(seconds=1)))
    assert (in_time.due, len(in_time.stops)) == (None, 1)
    longer = rights(month_pack(), steps(received, extended=utc(2026, 11, 2), identity_asked=over))
    assert (longer.due, len(longer.stops)) == (None, 1)


def test_where_the_pack_does_not_say_so_identity_stops_nothing() -> None:
    received, asked = utc(2026, 11, 3, 9), utc(2026, 11, 5, 9)
    assert rights(month_pack(identity_stops=False), steps(received, identity_asked=asked)).due == end_of(2026, 12, 3)


def test_a_clock_that_starts_with_verification_is_not_stopped_by_asking_for_it() -> None:
    received, asked, verified = utc(2026, 11, 3, 9), utc(2026, 11, 5, 9), utc(2026, 11, 9, 15)
    clock = rights(with_clock(identity_stops=True), steps(received, verified, identity_asked=asked))
    assert (clock.stops, clock.due) == ((), verified + timedelta(days=30))


def test_every_wait_for_a_fee_is_left_out() -> None:
    at = utc(2026, 11, 3, 9)
    days = [at + timedelta(days=n) for n in (0, 5, 9, 12, 20)]
    happened = [
        *steps(days[0], days[0]),
        Happened(Step.FEE_ASKED, days[1]),
        Happened(Step.WENT_ON, days[2]),
        Happened(Step.FEE_ASKED, days[3]),
        Happened(Step.WENT_ON, days[4]),
    ]
    clock = rights(pack(), happened)
    assert clock.due == at + timedelta(days=30 + 4 + 8)
    assert rights(pack(), happened[:-1]).due is None
    assert rights(with_clock(fee_stops=False), happened).due == at + timedelta(days=30)


# --- extension, review, answer


def test_an_extension_adds_to_the_term_once() -> None:
    received, told, again = utc(2026, 11, 3, 9), utc(2026, 11, 20, 9), utc(2026, 11, 25, 9)
    clock = rights(month_pack(), [*steps(received, extended=told), Happened(Step.EXTENDED, again)])
    assert (clock.extended, clock.due, clock.term_ends) == (told, end_of(2027, 2, 3), end_of(2026, 12, 3))


def test_a_pack_that_knows_no_extension_counts_none() -> None:
    """A ticket may have been moved here from a pack that does."""
    received = utc(2026, 11, 3, 9)
    clock = rights(pack(), steps(received, received, extended=utc(2026, 11, 20, 9)))
    assert (clock.extended, clock.due) == (None, received + timedelta(days=30))


def test_a_review_starts_the_clock_anew() -> None:
    received, reviewed = utc(2026, 11, 3, 9), utc(2027, 2, 1, 9)
    more = {"fee_asked": utc(2026, 11, 5), "went_on": utc(2026, 11, 9), "reviewed": reviewed}
    clock = rights(pack(), steps(received, received, **more))
    assert (clock.since, clock.stops, clock.due) == (Since.REVIEW, (), reviewed + timedelta(days=30))


def test_an_answer_ends_the_clock_and_its_review_date_is_next() -> None:
    received, decided, review = utc(2026, 11, 3, 9), utc(2026, 11, 9, 9), utc(2027, 2, 7, 9)
    happened = [*steps(received, received, responded=decided), Happened(Step.DECIDED, decided, review)]
    clock = rights(pack(), happened)
    assert (clock.answered, clock.due, clock.ends) == (decided, None, received + timedelta(days=30))
    assert (clock.review, clock.next) == (review, review)
    again = rights(pack(), [*happened, Happened(Step.REVIEWED, review)])
    assert (again.answered, again.review, again.due) == (None, None, review + timedelta(days=30))


def test_an_answer_that_waits_for_a_fee_is_none_yet() -> None:
    received, asked, went_on = utc(2026, 11, 3, 9), utc(2026, 11, 9, 9), utc(2026, 11, 12, 9)
    more = {"decided": asked, "fee_asked": asked, "went_on": went_on}
    clock = rights(pack(), steps(received, received, **more))
    assert (clock.answered, clock.due) == (None, received + timedelta(days=33))


# --- in whatever order

LATER = st.integers(0, 200 * 24).map(lambda hours: utc(2026, 11, 3, 9) + timedelta(hours=hours))
ANY_STEP = st.sampled_from([step for step in Step if step is not Step.RECEIVED])
PACKS = {
    "days": pack(),
    "months": month_pack(),
    "months, fees stop nothing": month_pack(fee_stops=False),
    "days, to a working day": with_clock(ends_on_working_day=True),
}


@given(name=st.sampled_from(sorted(PACKS)), moves=st.lists(st.tuples(ANY_STEP, LATER), max_size=12), dice=st.randoms())
def test_whatever_happens_in_whatever_order(name: str, moves: list[tuple[Step, datetime]], dice: Random) -> None:
    rules = PACKS[name]
    happened = [*steps(utc(2026, 11, 3, 9)), *(Happened(step, at) for step, at in moves)]
    clock = rights(rules, happened)
    dice.shuffle(happened)
    assert rights(rules, happened) == clock
    assert clock.due is None or clock.starts is None or clock.due >= clock.starts
    assert (clock.due is None) == (clock.starts is None or clock.stopped is not None or clock.answered is not None)
    ends = [stop.ended for stop in clock.stops]
    assert None not in ends[:-1]
    for stop in clock.stops:
        assert clock.starts is not None
        assert stop.begun >= clock.starts
        assert stopped_for(rules.clock, stop) >= timedelta()
    for stop, after in pairwise(clock.stops):
        assert stop.ended is not None
        assert after.begun >= stop.ended
    if clock.term_ends is not None and clock.ends is not None:
        assert clock.ends >= clock.term_ends


# --- the first response


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (utc(2026, 11, 2, 9), utc(2026, 11, 23, 9)),  # Monday: three weeks on
        (utc(2026, 11, 6, 9), utc(2026, 11, 27, 9)),  # Friday
        (utc(2026, 11, 7, 9), utc(2026, 11, 27, 9)),  # Saturday counts from Monday
        (utc(2026, 11, 8, 23, 59), utc(2026, 11, 27, 23, 59)),  # Sunday too
        (utc(2026, 9, 18, 9), utc(2026, 10, 15, 9)),  # five holidays, and two days of weekends worked instead
    ],
)
def test_a_first_response_counts_working_days(received: datetime, due: datetime) -> None:
    assert first_response_due(pack(), TicketKind.REPORT, received) == due


@given(MOMENTS)
def test_a_first_response_is_due_on_a_working_day_after_15_of_them(received: datetime) -> None:
    rules = with_clock(holidays="")
    due = first_response_due(rules, TicketKind.INQUIRY, received)
    days = [received + timedelta(days=n) for n in range(1, (due - received).days + 1)]
    assert due.isoweekday() <= 5
    assert sum(day.isoweekday() <= 5 for day in days) == 15


def test_days_begin_where_the_desk_is() -> None:
    """Sunday evening in UTC is Monday morning in Shanghai: the first of the 15 days is Tuesday."""
    rules = with_clock(time_zone="Asia/Shanghai")
    assert first_response_due(rules, TicketKind.REPORT, utc(2026, 11, 8, 23, 59)) == utc(2026, 11, 29, 23, 59)


def test_a_country_that_nobody_knows_is_refused_not_guessed() -> None:
    with pytest.raises(BadPack) as refused:
        first_response_due(with_clock(holidays="XX"), TicketKind.REPORT, utc(2026, 11, 8))
    assert "the holidays of 'XX' are not known" in refused.value.problems[0]


def test_letters_write_dates_out() -> None:
    late, berlin = utc(2026, 12, 3, 23, 30), with_clock(time_zone="Europe/Berlin")
    assert written_date(with_clock(), late) == "3 December 2026"
    assert written_date(berlin, late) == "4 December 2026"
    assert written_date(in_language(berlin, "zh"), late) == "2026年12月4日"

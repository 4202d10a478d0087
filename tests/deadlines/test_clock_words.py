"""The line that explains a ticket's clock: from when, what was left out or added, until which day."""

from datetime import datetime, timedelta

from cs_console.deadlines.clock import Happened, Step, clock_of
from cs_console.deadlines.clock_words import clock_words, due_first_words
from cs_console.policy.schema import Pack
from models.enums import TicketKind
from tests.deadlines.clocks import month_pack, steps, utc
from tests.decisions.cases import pack


def words(rules: Pack, happened: list[Happened], kind: TicketKind = TicketKind.RIGHTS) -> str:
    return clock_words(rules, kind, clock_of(rules, kind, happened))


RECEIVED, VERIFIED = utc(2026, 11, 1, 9), utc(2026, 11, 3, 14)


def test_the_line_says_from_when_and_until_which_day() -> None:
    assert words(pack(), steps(RECEIVED, VERIFIED)) == "30 days from verification on 3 Nov: 3 Dec, Thu"


def test_a_request_that_came_after_an_earlier_verification_counts_from_its_receipt() -> None:
    assert words(pack(), steps(utc(2026, 11, 5, 9), VERIFIED)) == "30 days from receipt on 5 Nov: 5 Dec, Sat"


def test_the_line_before_verification_says_what_it_waits_for() -> None:
    assert words(pack(), steps(RECEIVED)) == "starts when the requester is verified"


def test_stops_stand_in_the_line() -> None:
    asked, proven = utc(2026, 11, 5, 9), utc(2026, 11, 9, 15)
    received = utc(2026, 11, 3, 9)
    assert words(month_pack(), steps(received, identity_asked=asked)) == (
        "1 month from receipt on 3 Nov, stopped since 5 Nov for identity"
    )
    assert words(month_pack(), steps(received, proven, identity_asked=asked)) == (
        "1 month from receipt on 3 Nov, stopped 4 days for identity: 7 Dec, Mon"
    )


def test_a_fee_stands_in_the_line_too() -> None:
    def line(hours: float | None) -> str:
        went_on = None if hours is None else VERIFIED + timedelta(days=2, hours=hours)
        return words(pack(), steps(RECEIVED, VERIFIED, fee_asked=VERIFIED + timedelta(days=2), went_on=went_on))

    assert line(None) == "30 days from verification on 3 Nov, stopped since 5 Nov for a fee"
    assert line(12 * 24) == "30 days from verification on 3 Nov, stopped 12 days for a fee: 15 Dec, Tue"
    assert line(3) == "30 days from verification on 3 Nov, stopped less than a day for a fee: 3 Dec, Thu"


def test_an_extension_says_when_it_was_told() -> None:
    assert words(month_pack(), steps(utc(2026, 11, 3, 9), extended=utc(2026, 11, 20, 9))) == (
        "1 month from receipt on 3 Nov, extended by 2 months (told 20 Nov): 3 Feb, Wed"
    )


def test_a_day_off_says_why_the_term_is_longer() -> None:
    assert words(month_pack(), steps(utc(2026, 11, 5, 9))) == (
        "1 month from receipt on 5 Nov, then the next working day: 7 Dec, Mon"
    )


def test_a_review_and_an_answer_are_told() -> None:
    reviewed = utc(2027, 2, 1, 9)
    assert words(pack(), steps(RECEIVED, VERIFIED, reviewed=reviewed)) == "30 days from the review on 1 Feb: 3 Mar, Wed"
    answered = Happened(Step.DECIDED, utc(2026, 11, 20, 9), reviewed)
    assert words(pack(), [*steps(RECEIVED, VERIFIED), answered]) == (
        "30 days from verification on 3 Nov: 3 Dec, Thu; answered on 20 Nov, review on 1 Feb"
    )


def test_days_are_those_of_the_packs_time_zone() -> None:
    late: datetime = utc(2026, 11, 3, 23, 30)
    assert words(month_pack(), steps(late)) == "1 month from receipt on 4 Nov: 4 Dec, Fri"


def test_other_kinds_show_their_first_response() -> None:
    received = utc(2026, 11, 2, 9)
    assert words(pack(), steps(received), TicketKind.INQUIRY) == (
        "first response within 15 working days of 2 Nov: 23 Nov, Mon"
    )
    assert words(pack(), steps(received, responded=utc(2026, 11, 4, 9)), TicketKind.INQUIRY) == (
        "first response given on 4 Nov"
    )


def test_holidays_are_counted_in_the_line() -> None:
    assert words(pack(), steps(utc(2026, 9, 18, 9)), TicketKind.INQUIRY) == (
        "first response within 15 working days of 18 Sep (6 holidays): 15 Oct, Thu"
    )


def late(rules: Pack, happened: list[Happened], now: datetime, kind: TicketKind = TicketKind.RIGHTS) -> str:
    return clock_words(rules, kind, clock_of(rules, kind, happened), now)


def test_an_overdue_clock_says_how_late_it_is() -> None:
    received = utc(2026, 10, 20, 9)
    line = "1 month from receipt on 20 Oct: 20 Nov, Fri"
    over = utc(2026, 11, 20, 23)  # midnight in Berlin
    assert late(month_pack(), steps(received), over - timedelta(seconds=1)) == line
    assert late(month_pack(), steps(received), over) == f"{line}, 1 day late"
    assert late(month_pack(), steps(received), utc(2026, 11, 28, 12)) == f"{line}, 8 days late"
    answered = steps(received, decided=utc(2026, 11, 19, 9))
    assert late(month_pack(), answered, utc(2026, 11, 28, 12)) == f"{line}; answered on 19 Nov"
    hours = late(pack(), steps(RECEIVED, VERIFIED), utc(2026, 12, 3, 15))
    assert hours == "30 days from verification on 3 Nov: 3 Dec, Thu, late"


def test_a_first_response_says_how_late_it_is_until_it_was_given() -> None:
    now = utc(2026, 11, 24, 10)
    line = late(pack(), steps(utc(2026, 11, 2, 9)), now, TicketKind.INQUIRY)
    assert line == "first response within 15 working days of 2 Nov: 23 Nov, Mon, 1 day late"
    given = steps(utc(2026, 11, 2, 9), responded=utc(2026, 11, 24, 9))
    assert late(pack(), given, now, TicketKind.INQUIRY) == "first response given on 24 Nov"


def test_a_narrow_screen_has_the_date_first() -> None:
    def first(happened: list[Happened], now: datetime) -> str:
        return due_first_words(pack(), TicketKind.RIGHTS, clock_of(pack(), TicketKind.RIGHTS, happened), now)

    now = utc(2026, 11, 20)
    assert first(steps(RECEIVED, VERIFIED), now) == "due 3 Dec, Thu: 30 days from verification on 3 Nov"
    assert first(steps(RECEIVED, VERIFIED), utc(2026, 12, 5)).startswith("due 3 Dec, Thu, 2 days late: 30 days")
    assert first(steps(RECEIVED), now) == "starts when the requester is verified"
    asked = steps(RECEIVED, VERIFIED, fee_asked=VERIFIED)
    assert first(asked, now) == "30 days from verification on 3 Nov, stopped since 3 Nov for a fee"

"""What `policy check` says of a pack's clock: terms, time zones, holidays and what requesters are told."""

from pathlib import Path

import pytest

from tests.adoption.test_pack_check import broken, line_of

EXTENSION = """
[clock.extension]
months = 2
approver = "supervisor"
clause = "12(3)"
text = "We need until {{ due }}: {{ reason }}"

[languages.zh.clock.extension]
text = "{{ due }} {{ reason }}"
"""
BEFORE = "# --- what can be asked for"


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("respond_days = 30\n", "", "clock", "needs respond_days or respond_months"),
        ("respond_days = 30", "respond_days = 30\nrespond_months = 1", "clock", "not both"),
        ("respond_days = 30", "respond_months = 0", "clock.respond_months", "greater than or equal to 1"),
        ('time_zone = "UTC"', 'time_zone = "Asia/Shangai"', "clock.time_zone", "did you mean 'Asia/Shanghai'?"),
        ('time_zone = "UTC"', 'time_zone = "../etc"', "clock.time_zone", "is not a time zone"),
        ('holidays = "CN"', 'holidays = "XX"', "clock.holidays", "the holidays of 'XX' are not known"),
        ('holidays = "CN"', 'holidays = "DE-BYY"', "clock.holidays", "did you mean 'BY'?"),
        ('holidays = "CN"', 'holidays = "China"', "clock.holidays", "does not have the form"),
        ("fee_stops = true", "fee_stopps = true", "clock.fee_stopps", "did you mean 'fee_stops'?"),
        ("request #{{ ticket }} we have", "request we have", "clock.identity_text", "does not contain {{ ticket }}"),
        ("request #{{ ticket }} we have", "request {{ tiket }} we have", "clock.identity_text", "'tiket'"),
    ],
)
def test_a_mistake_in_the_clock_is_told_where_it_stands(
    tmp_path: Path, old: str, new: str, key: str, says: str
) -> None:
    (found,) = broken(tmp_path, old, new)
    assert found.key == key
    assert says in found.message
    assert found.line >= line_of("[clock]")


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("months = 2", "", "clock.extension", "needs months or days"),
        ("months = 2", "months = 2\ndays = 3", "clock.extension", "not both"),
        ("months = 2", "month = 2", "clock.extension.month", "did you mean 'months'?"),
        ('approver = "supervisor"', 'approver = "boss"', "clock.extension.approver", "is not one of"),
        ("{{ due }}", "then", "clock.extension.text", "does not contain {{ due }}"),
        ("{{ reason }}", "no reason", "clock.extension.text", "does not contain {{ reason }}"),
    ],
)
def test_a_mistake_in_an_extension_is_told(tmp_path: Path, old: str, new: str, key: str, says: str) -> None:
    assert broken(tmp_path, BEFORE, EXTENSION + BEFORE) == ()
    found = broken(tmp_path, BEFORE, EXTENSION.replace(old, new) + BEFORE)
    assert any(problem.key == key and says in problem.message for problem in found)

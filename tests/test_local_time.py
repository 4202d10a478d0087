"""Moments as people read them: in one place, in local time unless a zone is given."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cs_console import local_time

ROOT = Path(__file__).parent.parent
LATE = datetime(2026, 11, 3, 23, 30, 7, tzinfo=UTC)


@pytest.fixture(autouse=True)
def shanghai() -> Iterator[None]:
    """Where it is the next day already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        yield
    time.tzset()


def test_a_moment_reads_in_local_time() -> None:
    assert local_time.moment(LATE) == "4 Nov 07:30"
    assert local_time.moment_with_year(LATE) == "4 Nov 2026 07:30:07"
    assert local_time.sortable(LATE) == "2026-11-04 07:30"
    assert local_time.in_utc(LATE) == "2026-11-03 23:30 UTC"


def test_a_given_zone_comes_first() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert local_time.moment(LATE, berlin) == "4 Nov 00:30"
    assert local_time.weekday(LATE, UTC) == "3 Nov, Tue"
    assert local_time.day_with_year(LATE, UTC) == "3 Nov 2026"


def test_today_is_the_local_day() -> None:
    assert local_time.hour_or_moment(LATE, LATE + timedelta(hours=16)) == "07:30"
    assert local_time.hour_or_moment(LATE, LATE - timedelta(hours=8)) == "4 Nov 07:30"


def test_no_other_module_writes_moments() -> None:
    elsewhere = [
        file.name
        for folder in ("cs_console", "screens")
        for file in Path(ROOT, folder).rglob("*.py")
        if re.search(r"%H:%M|%b\b|strftime", file.read_text("utf-8"))
    ]
    assert sorted(elsewhere) == ["crash_report.py", "local_time.py", "tombstones.py"]

"""Asking for one country's holidays imports that country's, not the library's whole world."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.engines("sqlite")  # no store is asked

ASKED = """
import sys
from cs_console.policy.days_off import _days_off, unknown_country
found = _days_off("DE-BY", 2026)
assert unknown_country("DE-BY") == "" and unknown_country("DE-ZZ") and unknown_country("XX")
imported = [name for name in sys.modules if name.startswith("holidays.countries.")]
assert imported == ["holidays.countries.germany"], imported
sys.modules.pop("holidays.countries")
from holidays import country_holidays
from holidays.countries import Germany, Spain
every = country_holidays("DE", subdiv="BY", years=2026)
assert found[0] == frozenset(every) == frozenset(Germany(subdiv="BY", years=2026)) and len(found[0]) > 9
"""


def test_one_countrys_holidays_are_imported_and_are_the_librarys() -> None:
    done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

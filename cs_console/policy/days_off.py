"""Which days are working days under a pack: its days of the week, less the public holidays of its country."""

import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from cs_console.errors import BadPack
from cs_console.policy.clock_rules import ClockRules
from cs_console.policy.parts import nearest

if TYPE_CHECKING:
    from holidays import HolidayBase

ONE_DAY = timedelta(days=1)


def is_working_day(rules: ClockRules, day: date) -> bool:
    """Whether the pack counts that day. Raises BadPack for a country whose holidays are unknown."""
    holidays, worked_instead = _days_off(rules.holidays, day.year)
    return day not in holidays and (day.isoweekday() in rules.working_days or day in worked_instead)


def next_working_day(rules: ClockRules, day: date) -> date:
    """That day, or the first working day after it. Raises BadPack."""
    return next(one for one in _days_from(day) if is_working_day(rules, one))


def after_working_days(rules: ClockRules, day: date, count: int) -> date:
    """The day that is so many working days after this one, which is not counted itself. Raises BadPack."""
    end = day
    for _ in range(count):
        end = next_working_day(rules, end + ONE_DAY)
    return end


def holidays_between(rules: ClockRules, first: date, last: date) -> int:
    """How many holidays after `first` and before `last` would have been working days. Raises BadPack."""
    days = (first + timedelta(days=n) for n in range(1, (last - first).days))
    return sum(day in _days_off(rules.holidays, day.year)[0] and day.isoweekday() in rules.working_days for day in days)


def unknown_country(code: str) -> str:
    """What is wrong with the code of a country or a part of it, in words; empty where its holidays are known."""
    if not code:
        return ""
    from holidays.registry import COUNTRIES  # for packs that name a country

    country, _, part = code.partition("-")
    known = {names[1]: module for module, names in COUNTRIES.items()}
    if country not in known:
        return f"the holidays of {country!r} are not known{nearest(country, known)}"
    country_holidays = _calendars()
    parts = country_holidays(country).subdivisions
    if part and part not in parts:
        return f"the holidays of {part!r}, a part of {country}, are not known{nearest(part, parts)}"
    return ""


def _days_from(day: date) -> Iterator[date]:
    while True:
        yield day
        day += ONE_DAY


@cache
def _days_off(code: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """A year's public holidays, and the days of its weekends that are worked instead."""
    if not code:
        return frozenset(), frozenset()
    country_holidays = _calendars()  # heavy: only where a term in working days is counted
    country, _, part = code.partition("-")
    try:
        found = country_holidays(country, subdiv=part or None, years=year)
    except NotImplementedError:  # what the library raises for a country that it does not know
        problem = f"clock.holidays: {unknown_country(code)}"
        raise BadPack(f"with the holidays of {code}", (problem,)) from None
    return frozenset(found), frozenset(found.weekend_workdays)


def _calendars() -> Callable[..., "HolidayBase"]:
    """The library's `country_holidays`, which then imports the module of the country that it is asked for.

    Its package `countries` would import those of all others first: 279 modules, 9 MB and a seventh of a second.
    """
    import holidays  # slow to import: only where a term in working days is counted

    name = f"{holidays.__name__}.countries"
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(Path(one) / "countries") for one in holidays.__path__]
        sys.modules[name] = package
    return holidays.country_holidays

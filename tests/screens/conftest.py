"""What the tests of the screens share."""

from collections.abc import Iterator
from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet

from screens.widgets import notice_bar
from tests.support.at_rest import wait_by_the_event_loop

A_TEST_LONG = 120.0


@pytest.fixture(autouse=True)
def _notices_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice must not fade before a busy machine has looked at the screen again."""
    monkeypatch.setattr(notice_bar, "SECONDS_SHOWN", A_TEST_LONG)
    monkeypatch.setattr(notice_bar, "PROBLEM_SECONDS", A_TEST_LONG)


@pytest.fixture(scope="session", autouse=True)
def _stylesheets_are_parsed_once() -> Iterator[None]:
    """Every application parses the same dozen style sheets again: a sixth of these tests' time."""
    parsed: dict[object, object] = {}
    parse = Stylesheet._parse_rules

    def once(self: Stylesheet, css: str, read_from: Any, *rest: Any, **named: Any) -> Any:
        key = (css, read_from, rest, *sorted(named.items()), frozenset(self._variables.items()))
        if key not in parsed:
            parsed[key] = parse(self, css, read_from, *rest, **named)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_one_waits_longer_than_the_console_works() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        wait_by_the_event_loop(patch)
        yield

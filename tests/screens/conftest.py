"""What the tests of the screens share."""

import pytest

from screens.widgets import notice_bar

A_TEST_LONG = 120.0


@pytest.fixture(autouse=True)
def _notices_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice must not fade before a busy machine has looked at the screen again."""
    monkeypatch.setattr(notice_bar, "SECONDS_SHOWN", A_TEST_LONG)
    monkeypatch.setattr(notice_bar, "PROBLEM_SECONDS", A_TEST_LONG)

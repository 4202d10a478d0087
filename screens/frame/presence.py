"""Whether a person is at the console, judged by keys, clicks and pastes."""

from collections.abc import Callable

from cs_console.clock import elapsed

TOUCH_SECONDS = 15.0
"""The shortest time between two updates of the session's last activity; the service allows no more."""


class Presence:
    """When the person was last active. `seconds` returns the seconds passed since a fixed moment."""

    def __init__(self, seconds: Callable[[], float] = elapsed) -> None:
        self._seconds = seconds
        self._last = self._touched = seconds()

    @property
    def idle(self) -> float:
        """Seconds since the last activity."""
        return self._seconds() - self._last

    def begin(self) -> None:
        """Start counting: the person has just signed in or unlocked, and the session knows it already."""
        self._last = self._touched = self._seconds()

    def seen(self) -> bool:
        """Note activity. Returns whether it is time to tell the session."""
        self._last = self._seconds()
        if self._last - self._touched < TOUCH_SECONDS:
            return False
        self._touched = self._last
        return True

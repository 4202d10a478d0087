"""Whether somebody sits at the console, by the keys, clicks and pastes that come."""

from collections.abc import Callable

from cs_console.clock import elapsed

TOUCH_SECONDS = 15.0
"""How often at most the session's last activity is written; the service allows no more."""


class Presence:
    """When somebody was last there. `seconds` tells how much time has passed since some moment."""

    def __init__(self, seconds: Callable[[], float] = elapsed) -> None:
        self._seconds = seconds
        self._last = self._touched = seconds()

    @property
    def idle(self) -> float:
        """Seconds since somebody was last there."""
        return self._seconds() - self._last

    def begin(self) -> None:
        """Somebody has just proven to be there; the session knows it already."""
        self._last = self._touched = self._seconds()

    def seen(self) -> bool:
        """Somebody is there. Returns whether it is time to tell the session."""
        self._last = self._seconds()
        if self._last - self._touched < TOUCH_SECONDS:
            return False
        self._touched = self._last
        return True

"""What time it is, in one place, so that tests can say so; and the desk's own time, which never runs back."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Protocol

PARTED = timedelta(minutes=5)
"""How far wall and monotonic clock may part before the wall clock is not believed any more."""
LONG_UNUSED = timedelta(days=30)
"""A desk whose newest entry is older than this believes no clock until a second person confirms it."""


class Clock(Protocol):
    """Anything that tells the time as an aware UTC datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def seconds(self) -> float:
        return elapsed()


def elapsed() -> float:
    """Seconds since some moment, those included in which the machine slept (where the system can tell)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class DeskClock:
    """The desk's time: the machine's, but never before the desk's newest entry, and only while it can be believed.

    A wall clock that parts from the monotonic one by more than PARTED (it was set), or that finds the newest entry
    more than LONG_UNUSED old, is not believed: time goes on from what was believed last, until `confirm`.
    """

    def __init__(self, source: Clock) -> None:
        self.source = source
        self._seconds: Callable[[], float] = getattr(source, "seconds", None) or (lambda: source.now().timestamp())
        self._lock = Lock()
        self._anchor: tuple[datetime, float] | None = None
        """What was believed last: a moment, and the monotonic seconds at it."""
        self._latest: datetime | None = None
        self._parted = timedelta()
        self.parted_on_record = False
        """Whether it is on record that this clock is not believed now."""

    def now(self) -> datetime:
        """The desk's time, in UTC. It never runs back."""
        with self._lock:
            return self._now()

    @property
    def parted(self) -> timedelta:
        """How far the machine's clock is ahead of the believed time (behind: below zero); zero while it is believed."""
        with self._lock:
            self._now()
            return self._parted

    def begin(self, newest: datetime | None) -> None:
        """Start from the time of the desk's newest entry."""
        if self._anchor is not None:  # it runs already
            if newest is not None:
                self.seen(newest)
            return
        with self._lock:
            wall, seconds = self.source.now(), self._seconds()
            believed = newest is None or timedelta() <= wall - newest <= LONG_UNUSED
            self._anchor = (wall if believed or newest is None else newest, seconds)
            self._latest = newest

    def seen(self, at: datetime) -> None:
        """An entry of another console has this time: what it was believed for there holds here."""
        with self._lock:
            if at <= self._now():
                return
            if at > self._believed() + PARTED:
                self._anchor = (at, self._seconds())
            self._latest = at

    def confirm(self) -> None:
        """Believe the machine's clock as it is now. It has to be past every entry."""
        with self._lock:
            self._anchor = (self.source.now(), self._seconds())

    def _believed(self) -> datetime:
        moment, seconds = self._anchor or (self.source.now(), self._seconds())
        return moment + timedelta(seconds=self._seconds() - seconds)

    def _now(self) -> datetime:
        wall = self.source.now()
        if self._anchor is None:
            self._anchor = (wall, self._seconds())
        at = self._believed()
        ahead = wall - at
        self._parted = ahead if abs(ahead) > PARTED else timedelta()
        if not self._parted:
            at = wall
        if self._latest is None or at > self._latest:
            self._latest = at
        return self._latest

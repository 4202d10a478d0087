"""What follows when no one is at the console: the session stays awake only with keys, then it locks, then it ends."""

from collections.abc import Callable
from functools import partial

from cs_console.errors import ConsoleError, SessionEnded
from screens.frame.presence import Presence
from screens.frame.session_app import SessionApp
from screens.frame.session_calls import stay_awake


class IdleWatch:
    """`lock` hides everything; `end` ends the session for the reason it is given."""

    def __init__(
        self, app: SessionApp, presence: Presence, *, lock: Callable[[], None], end: Callable[[str], None]
    ) -> None:
        self._app = app
        self._presence = presence
        self._lock = lock
        self._end = end

    def seen(self) -> None:
        """The agent did something: now and then the session is told, which may have ended elsewhere."""
        if self._presence.seen() and self._app.session is not None:
            self._app.in_background(partial(stay_awake, self._app.session), self._told)

    def _told(self, problem: ConsoleError | None) -> None:
        if isinstance(problem, SessionEnded):
            self._app.session_over(problem)

    def check(self) -> None:
        """Lock or end the session if the agent has been inactive for as long as the settings say."""
        idle, settings = self._presence.idle, self._app.settings
        if idle >= settings.idle_sign_out:
            self._presence.begin()
            self._end(f"you were inactive for {settings.idle_sign_out // 60} minutes")
        elif idle >= settings.idle_hide:
            self._lock()

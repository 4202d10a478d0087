"""The right side of the header: who is signed in, the time, and the log's state."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from cs_console.local_time import hour, hour_or_moment
from screens.frame.console import HeaderState
from screens.frame.session_app import SessionApp
from screens.widgets.header_bar import HeaderBar

if TYPE_CHECKING:
    from cs_console.access_log.state import LogState
    from cs_console.desk import Desk


class Header:
    """Keeps every open screen's header up to date, behind a dialog too."""

    def __init__(self, app: SessionApp) -> None:
        self._app = app
        self._log_state: LogState | None = None

    def show(self) -> None:
        """Draw the headers again if anything in them changed."""
        session = self._app.session
        if session is None:
            return
        now = session.desk.clock.now()
        roles = ", ".join(sorted(session.agent.roles))
        log, whole = log_words(self._log_state)
        state = HeaderState(
            f"{session.agent.name} · {roles}", hour(now), log, whole, signed_words(self._log_state, now)
        )
        if state != self._app.header:
            self._app.header = state
            for screen in self._app.screen_stack:
                for bar in screen.query(HeaderBar):
                    bar.refresh()

    def read_log(self, desk: "Desk") -> None:
        """Read the log's state in the background, then show it."""
        self._app.in_background(partial(self._read, desk))

    def _read(self, desk: "Desk") -> None:
        from cs_console.access_log.state import log_state

        self._app.on_ui(partial(self._log_read, log_state(desk)))

    def _log_read(self, state: "LogState") -> None:
        self._log_state = state
        self.show()
        if state.ok is None and self._app.session is not None:
            self._app.in_background(self._app.session.desk.require_stores)  # which tells whether it is busy or away


def log_words(state: "LogState | None") -> tuple[str, bool]:
    """The log's state for the header: `log ✓ 1 284`, a cross when it is broken, a dot when it cannot be asked now."""
    if state is None:
        return "", True
    sign = {True: "✓", False: "✗ broken", None: "·"}[state.ok]
    words = f"log {sign} {state.size:,}".replace(",", " ")
    return f"{words} · {state.clock}" if state.clock else words, state.ok is not False


def signed_words(state: "LogState | None", now: datetime) -> str:
    """The log's last checkpoint for the header: `signed 14:02`, with the day when that was not today."""
    if state is None or state.last_checkpoint_at is None:
        return ""
    return f"signed {hour_or_moment(state.last_checkpoint_at, now)}"

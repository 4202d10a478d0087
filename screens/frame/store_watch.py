"""Whether the store answers: while it does not, every screen says so, and it is polled at growing intervals."""

from collections.abc import Callable

from cs_console.errors import ConsoleError, StoreUnavailable
from screens.frame.autosave import Drafting
from screens.frame.session_app import SessionApp
from screens.widgets.store_banner import StoreBanner

FIRST_WAIT = 0.5
LONGEST_WAIT = 4.0


class StoreWatch:
    """`back` is called when the store answers again, after every screen was told."""

    def __init__(self, app: SessionApp, back: Callable[[], None]) -> None:
        self._app = app
        self._back = back
        self._wait = FIRST_WAIT
        self.away = False

    def lost(self) -> None:
        """The store could not be reached: report it and start polling. The sign-in screen reports it by itself."""
        if self._app.session is not None and not self.away:
            self.away = True
            self._wait = FIRST_WAIT
            self._show()
            self._ask_later()

    def _ask_later(self) -> None:
        self._app.set_timer(self._wait, self._ask_now)
        self._wait = min(2 * self._wait, LONGEST_WAIT)

    def _ask_now(self) -> None:
        self._app.in_background(self._ask, self._answered)

    def _ask(self) -> None:
        """Raises StoreUnavailable while the store is away; for a worker thread."""
        session = self._app.session
        if session is not None:
            session.desk.require_stores()

    def _answered(self, problem: ConsoleError | None) -> None:
        if isinstance(problem, StoreUnavailable):
            self._ask_later()
        else:
            self.away = False
            self._show()
            self._back()

    def _show(self) -> None:
        for screen in self._app.all_screens():
            for banner in screen.query(StoreBanner):
                banner.display = self.away
            if not self.away and isinstance(screen, Drafting):
                screen.store_back()

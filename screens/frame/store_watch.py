"""Whether the store answers: while it does not, it is polled at growing intervals."""

from collections.abc import Callable

from cs_console.errors import ConsoleError, StoreUnavailable
from screens.frame.background import BackgroundApp

FIRST_WAIT = 0.5
LONGEST_WAIT = 4.0


class StoreWatch:
    """`ask` raises StoreUnavailable while the store is away, in a worker thread; `told` hears of each change."""

    def __init__(self, app: BackgroundApp, ask: Callable[[], None], told: Callable[[bool], None]) -> None:
        self._app = app
        self._ask = ask
        self._told = told
        self._wait = FIRST_WAIT
        self.away = False

    def lost(self) -> None:
        """The store could not be reached: report it and start polling."""
        if not self.away:
            self.away = True
            self._wait = FIRST_WAIT
            self._told(True)
            self._ask_later()

    def _ask_later(self) -> None:
        self._app.set_timer(self._wait, self._ask_now)
        self._wait = min(2 * self._wait, LONGEST_WAIT)

    def _ask_now(self) -> None:
        self._app.in_background(self._ask, self._answered)

    def _answered(self, problem: ConsoleError | None) -> None:
        if isinstance(problem, StoreUnavailable):
            self._ask_later()
        else:
            self.away = False
            self._told(False)

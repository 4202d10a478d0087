"""From a correct password to the queue: what is due before the work begins, and the news since the last time."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from cs_console.plain_text import plain
from models.roles import REVIEWS_STAFF
from screens.frame.console_screen import ConsoleScreen
from screens.frame.modes import PlaceModes
from screens.frame.session_app import SessionApp
from screens.frame.session_calls import staff_news
from screens.widgets.notice_bar import Tone

if TYPE_CHECKING:
    from cs_console.desk import DeskSession
    from cs_console.staff.sign_in import SignedIn

PASSWORD, SECOND_FACTOR, UNDERTAKING = "password", "second factor", "undertaking"


class Entering:
    """The steps that an agent must take first, one screen each. `entered` is called before the queue is shown."""

    def __init__(self, app: SessionApp, modes: PlaceModes, entered: Callable[[], None]) -> None:
        self._app = app
        self._place_modes = modes
        self._entered = entered
        self._last_here: datetime | None = None
        self.steps: list[str] = []

    def signed_in(self, result: "SignedIn") -> None:
        """Show the agent's next screen: a new password, a second factor, the undertaking, or the queue."""
        self._last_here = result.last_signed_in
        self.steps = [
            *[PASSWORD] * result.must_change_password,
            *[SECOND_FACTOR] * result.second_factor_due,
            *[UNDERTAKING] * result.undertaking_due,
        ]
        self._next_step()

    def step_done(self) -> None:
        """The required step is done: continue."""
        self.steps.pop(0)
        self._next_step()

    def _next_step(self) -> None:
        self._app.down_to_base()
        if not self.steps:
            self.enter()
        elif self.steps[0] == PASSWORD:
            from screens.sign_in.password import PasswordScreen

            self._app.push_screen(PasswordScreen(due=True))
        elif self.steps[0] == SECOND_FACTOR:
            from screens.sign_in.second_factor import SecondFactorScreen

            self._app.push_screen(SecondFactorScreen(due=True))
        else:
            from screens.sign_in.undertaking import UndertakingScreen

            self._app.push_screen(UndertakingScreen())

    def enter(self) -> None:
        """Show the queue; those who review accounts are told what changed since they were last here."""
        self._place_modes.open()
        self._entered()
        self._app.switch_mode("queue")
        session = self._app.session
        if session is not None and not session.agent.roles.isdisjoint(REVIEWS_STAFF):
            self._app.in_background(partial(self._read_news, session, self._last_here))

    def _read_news(self, session: "DeskSession", since: datetime | None) -> None:
        words = staff_news(session, since)
        if words:
            self._app.on_ui(partial(self._tell_news, words))

    def _tell_news(self, words: str) -> None:
        if isinstance(self._app.screen, ConsoleScreen) and self._app.session is not None:
            self._app.screen.say(plain(words), Tone.INFO)

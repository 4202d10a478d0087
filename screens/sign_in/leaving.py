"""Every way out of a session: signing out, inactivity, an end from elsewhere, and leaving the console."""

from collections.abc import Callable
from functools import partial

from cs_console.errors import ConsoleError, SessionEnded
from screens.frame.console import HeaderState
from screens.frame.console_screen import ConsoleScreen
from screens.frame.dialog import Dialog
from screens.frame.kept_drafts import save_kept
from screens.frame.modes import DOOR, PlaceModes
from screens.frame.session_app import SessionApp
from screens.frame.session_calls import leave
from screens.sign_in.sign_in import SignInScreen
from screens.widgets.notice_bar import Tone


class Leaving:
    """What was typed is saved first, and nothing stays on screen. `forget` clears what else belongs to a session."""

    def __init__(self, app: SessionApp, modes: PlaceModes, forget: Callable[[], None]) -> None:
        self._app = app
        self._place_modes = modes
        self._forget = forget
        self.without_saving = False
        """Whether the next ctrl+q leaves even if typed text cannot be saved: the agent was told so."""

    def sign_out(self) -> None:
        """End the session with a signed checkpoint of the log."""
        session = self._app.session
        if session is not None:
            self._app.hide_values()
            self._app.in_background(partial(leave, session, self._app.unsaved()), self._signed_out)

    def _signed_out(self, problem: ConsoleError | None) -> None:
        if isinstance(problem, SessionEnded):
            self.session_over(problem)
            return
        if problem is not None:
            self._say(problem)
            return
        self._go_out()
        if isinstance(self._app.screen, SignInScreen):
            self._app.screen.say("You are signed out. Your drafts are saved.", Tone.DONE)

    def end_session(self, why: str) -> None:
        """End the session without being asked to, for this reason."""
        session = self._app.session
        if session is not None:
            self._app.in_background(partial(leave, session, self._app.unsaved(), why), partial(self._ended, why))

    def _ended(self, why: str, problem: ConsoleError | None) -> None:
        self.session_over(problem if isinstance(problem, SessionEnded) else SessionEnded(why))

    def session_over(self, why: SessionEnded) -> None:
        """The session has ended: return to the sign-in screen with the reason."""
        if self._app.session is None:
            return
        self._go_out()
        if isinstance(self._app.screen, SignInScreen):
            self._app.screen.refuse(str(why))

    def _go_out(self) -> None:
        app = self._app
        session, app.session = app.session, None
        if session is None:
            return
        app.hide_values()
        app.kept_drafts.save(session, app.unsaved())
        self._forget()
        app.header = HeaderState()
        app.forget_clipboard()
        if app.current_mode == DOOR:
            app.down_to_base()
        else:
            app.switch_mode(DOOR)
        self._place_modes.close()
        if isinstance(app.screen, SignInScreen):
            app.screen.open_again()

    # --- the end of the console

    def quit(self) -> None:
        """Leave without asking, unless typed text cannot be saved: then a second time leaves anyway."""
        session = self._app.session
        self._app.hide_values()
        if self.without_saving:
            self._finish()
        elif session is None:
            self._app.in_background(partial(save_kept, list(self._app.kept_drafts.waiting)), self._left)
        else:
            self._app.in_background(partial(leave, session, self._app.unsaved()), self._left)

    def _left(self, problem: ConsoleError | None) -> None:
        if problem is None or isinstance(problem, SessionEnded):
            self._finish()
            return
        self.without_saving = True
        self._say(problem)

    def _finish(self) -> None:
        problem = self._app.door.problem
        self._app.exit(return_code=problem.exit_status if problem is not None else 0)

    def _say(self, problem: ConsoleError) -> None:
        if isinstance(self._app.screen, ConsoleScreen | Dialog):
            again = " Press ctrl+q again to leave without saving." if self.without_saving else ""
            self._app.screen.say(f"{problem}{again}", Tone.ERROR)

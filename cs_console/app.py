"""ConsoleApp: puts the console together from the parts of its frame, and gives it its keys."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events

import screens
from cs_console.clock import elapsed
from cs_console.errors import BadSettings, ConsoleError, SessionEnded
from cs_console.faults import say_one_sentence
from cs_console.plain_text import plain
from cs_console.terminal import explain_without_terminal, has_terminal
from screens.frame.console_screen import ConsoleScreen
from screens.frame.header import Header
from screens.frame.idle_watch import IdleWatch
from screens.frame.modes import DOOR, PlaceModes
from screens.frame.presence import Presence
from screens.frame.screen_lock import ScreenLock
from screens.frame.session_app import SessionApp
from screens.frame.session_calls import deliver_held, keep_up, warm_up
from screens.frame.store_watch import StoreWatch
from screens.frame.theme import use_theme
from screens.registry import app_bindings, key_problems
from screens.sign_in.entering import Entering
from screens.sign_in.leaving import Leaving
from screens.sign_in.sign_in import SignInScreen
from screens.widgets.notice_bar import Said
from screens.widgets.signs import use_signs

if TYPE_CHECKING:
    from datetime import datetime

    from textual.command import Provider

    from cs_console.desk import Desk, DeskSession
    from cs_console.settings import Settings
    from cs_console.staff.sign_in import SignedIn

FRAME_CSS = Path(screens.__path__[0]) / "frame" / "console.tcss"
FIRST_PAINT_SECONDS = 0.15
TICK_SECONDS = 1.0
REFRESH_SECONDS = 10.0
UPKEEP_SECONDS = 60.0
A_MOMENT = 0.1
"""After the time of a held letter: the clock must have passed it."""


def palette_commands() -> "type[Provider]":
    """The palette's provider, imported when it is first opened."""
    from screens.frame.palette import ConsoleCommands  # with fuzzy search, which starting has no use for

    return ConsoleCommands


class ConsoleApp(SessionApp, inherit_bindings=False):
    """The console application. Pass a `session` to start signed in, a `desk` to start with open stores.

    `seconds` returns the seconds passed since a fixed moment; idleness is measured with it.
    """

    TITLE = "cs-console"
    CSS_PATH = FRAME_CSS
    BINDINGS = app_bindings()
    COMMANDS = {palette_commands}
    MODES: ClassVar[dict[str, Any]] = {DOOR: SignInScreen}
    DEFAULT_MODE = DOOR

    def __init__(
        self,
        settings: "Settings",
        session: "DeskSession | None" = None,
        desk: "Desk | None" = None,
        seconds: Callable[[], float] = elapsed,
    ) -> None:
        """Raises BadSettings for an unknown theme or key."""
        super().__init__(settings, session, desk)
        self.crash_folder = settings.home
        self._presence = Presence(seconds)
        self._place_modes = PlaceModes(self)
        self._entering = Entering(self, self._place_modes, self._entered)
        self._leaving = Leaving(self, self._place_modes, self._forget_session)
        self._lock = ScreenLock(self)
        self._idle = IdleWatch(self, self._presence, lock=self.action_lock, end=self._leaving.end_session)
        self._stores = StoreWatch(self, back=self._refresh)
        self._header = Header(self)
        use_theme(self, settings.theme)
        use_signs(settings.signs)
        for problem in key_problems(settings.keys):
            raise BadSettings(f"{problem}.", "Fix [keys] in console.toml.")
        self.set_keymap(settings.keys)

    def on_mount(self) -> None:
        self.set_interval(TICK_SECONDS, self._tick)
        self.set_interval(REFRESH_SECONDS, self._refresh)
        self.set_interval(UPKEEP_SECONDS, self._keep_up)
        if self.session is not None:
            self._entering.enter()
        if not self.door.is_settled:
            # not before the first paint: both would wait for the same interpreter lock
            told = partial(self.on_ui, self.door.tell_waiting)
            self.set_timer(FIRST_PAINT_SECONDS, partial(self.door.open_in_background, told, warm_up))

    # --- the desk

    def on_desk(self, then: Callable[[ConsoleError | None], None]) -> None:
        """Call `then` on the UI thread once the desk is open (None) or could not be opened (why)."""
        self.door.when_settled(then)

    def desk(self) -> "Desk":
        """The open desk; waits for it, so call it only from worker threads. Raises StoreUnavailable."""
        return self.door.desk()

    @property
    def sample(self) -> bool:
        """Whether this is a sample desk, as its own data says; False until the stores are open."""
        return self.door.sample

    @property
    def store_away(self) -> bool:
        """Whether the store cannot be reached at the moment."""
        return self._stores.away

    def store_lost(self) -> None:
        """Show on every screen that the store cannot be reached, until it can."""
        self._stores.lost()

    # --- coming and going

    def signed_in(self, result: "SignedIn") -> None:
        """Show the agent's next screen: a new password, a second factor, the undertaking, or the queue."""
        self.session = result.session
        self._presence.begin()
        self._leaving.without_saving = False
        self._entering.signed_in(result)

    def step_done(self) -> None:
        """The required step is done: continue."""
        self._entering.step_done()

    def _entered(self) -> None:
        self._tick()
        self._refresh()

    def session_over(self, why: SessionEnded) -> None:
        """Return to the sign-in screen with the reason. Typed text is saved as drafts, and nothing stays on screen."""
        self._leaving.session_over(why)

    def _forget_session(self) -> None:
        self._lock.forget()
        self._header.forget()
        self._entering.steps = []

    def action_sign_out(self) -> None:
        """End the session with a signed checkpoint of the log, after saving what was typed."""
        self._leaving.sign_out()

    async def action_quit(self) -> None:
        """Leave without asking, unless typed text cannot be saved: then a second ctrl+q leaves anyway."""
        self._leaving.quit()

    # --- the lock

    def action_lock(self) -> None:
        """Hide everything until the agent's password is typed."""
        if self.session is not None and not self.locked and not self._entering.steps:
            self._lock.lock()

    def unlocked(self) -> None:
        """The right password was typed on the lock screen."""
        self._presence.begin()
        self._lock.unlock()

    def say_late(self, said: Said) -> None:
        """Say what became of a change whose own screen is gone, on the screen that is on top; not over the lock."""
        self._lock.say_late(said)

    # --- going to other screens

    def go_to(self, mode: str) -> None:
        """Show the queue, the approvals, the erasures or the access log, at its first screen."""
        self._place_modes.go_to(mode)

    def action_go_to(self, mode: str) -> None:
        """Go to a place from the palette."""
        self.go_to(mode)

    def show_help(self, about: type[ConsoleScreen[Any]]) -> None:
        """Show the keys and the help of such a screen."""
        from screens.frame.help import HelpScreen  # not needed before the first paint

        self.push_screen(HelpScreen(about))

    def show_phone(self) -> None:
        """Show what the outbox received, in the demo."""
        if self.sample and self.session is not None and not self.locked:
            from screens.demo.phone import PhoneScreen  # in the demo alone

            self.open_once(PhoneScreen)

    def action_command_palette(self) -> None:
        """Find a command by its name."""
        from screens.frame.palette import Palette  # not needed before the first paint

        self.open_once(Palette)

    def action_change_theme(self) -> None:
        """Choose between dark, light and high contrast."""
        from screens.frame.palette import Palette, ThemeCommands  # not needed before the first paint

        self.open_once(Palette, providers=[ThemeCommands], placeholder="Theme")

    def action_account(self) -> None:
        """The agent's own password and second factor."""
        if isinstance(self.screen, ConsoleScreen):
            from screens.sign_in.account import open_account  # not needed before the first paint

            open_account(self.screen)

    # --- what happens by itself

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While locked, and before signing in, only leaving is possible."""
        inside = self.session is not None and not self.locked
        if action in {"command_palette", "lock", "go_to", "change_theme", "account"}:
            return inside and not self._entering.steps
        return inside if action == "sign_out" else True

    async def on_event(self, event: events.Event) -> None:
        """Count every key, click and paste as activity of the agent; drop those that arrive after the end."""
        if self._exit and isinstance(event, events.InputEvent):
            return
        if isinstance(event, events.Key | events.MouseDown | events.Paste) and not self.locked:
            self._idle.seen()
        if isinstance(event, events.Paste) and not event.is_forwarded:
            lines = event.text.replace("\r\n", "\n").replace("\r", "\n")  # terminals send line ends as Enter does
            event = events.Paste(plain(lines))  # fields draw their content unchanged
        await super().on_event(event)

    def _tick(self) -> None:
        """Once a second: whether the agent is still there, and the clock in the header."""
        if self.session is not None:
            self._idle.check()
        self._header.show()

    def _refresh(self) -> None:
        """Every ten seconds: refresh the log's state, and what changes by itself on the top screen."""
        if self.store_away:
            return  # all this runs as soon as the store is back
        self.kept_drafts.try_again()
        if self.session is None:
            return
        self._header.read(self.session)
        if isinstance(self.screen, ConsoleScreen) and not self.locked:
            self.screen.refresh_now()

    def deliver_held(self, number: int, at: "datetime") -> None:
        """Send what is held on a ticket once its time has come, while this console runs; else an upkeep does."""
        if self.session is not None:
            desk = self.session.desk
            left = (at - desk.clock.now()).total_seconds()
            if left <= UPKEEP_SECONDS:  # what goes out later can wait for the upkeep
                send = partial(deliver_held, desk, number)
                self.set_timer(max(left, 0.0) + A_MOMENT, partial(self.in_background, send, self._delivered))

    def _delivered(self, _problem: ConsoleError | None) -> None:
        """Show what became of it. What could not be sent is tried again by the upkeep."""
        if isinstance(self.screen, ConsoleScreen) and not self.locked:
            self.screen.refresh_now()

    def _keep_up(self) -> None:
        """Once a minute: what has to happen while someone works here."""
        if self.session is not None:
            self.in_background(partial(keep_up, self.session.desk))


def run(settings: "Settings") -> None:
    """Open the console in this terminal. Exit status 3 if the desk could not be opened, 1 after a crash.

    Without a terminal it says so (2), or what is wrong with the desk (3), and touches nothing. Raises BadSettings.
    """
    if not has_terminal():
        sys.exit(explain_without_terminal(settings))
    say_one_sentence()
    app = ConsoleApp(settings)
    app.run()
    app.door.close()
    if app.return_code:
        sys.exit(app.return_code)

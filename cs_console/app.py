"""ConsoleApp: modes, theme, keys, palette and the idle lock."""

import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.screen import Screen

import screens
from cs_console.clock import elapsed
from cs_console.errors import BadSettings, ConsoleError, SessionEnded, StoreUnavailable
from cs_console.faults import say_one_sentence
from cs_console.plain_text import plain
from cs_console.terminal import explain_without_terminal, has_terminal
from models.roles import REVIEWS_STAFF
from screens.frame.autosave import Drafting, Drafts, save_all
from screens.frame.background import BackgroundApp
from screens.frame.console import HeaderState
from screens.frame.console_screen import ConsoleScreen
from screens.frame.desk_loader import DeskLoader
from screens.frame.dialog import Dialog
from screens.frame.forgetting import forget_texts
from screens.frame.modes import INSIDE, palette_commands
from screens.frame.presence import Presence
from screens.frame.session_calls import (
    keep_up,
    leave,
    log_words,
    read_log_state,
    signed_words,
    staff_news,
    stay_awake,
    warm_up,
)
from screens.frame.store_watch import StoreWatch
from screens.frame.theme import THEMES
from screens.registry import app_bindings, key_problems
from screens.sign_in.sign_in import SignInScreen
from screens.widgets.header_bar import HeaderBar
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.store_banner import StoreBanner

if TYPE_CHECKING:
    from cs_console.access_log.state import LogState
    from cs_console.desk import Desk, DeskSession
    from cs_console.settings import Settings
    from cs_console.staff.sign_in import SignedIn

FRAME_CSS = Path(screens.__path__[0]) / "frame" / "console.tcss"
DOOR = "door"
FIRST_PAINT_SECONDS = 0.15
TICK_SECONDS = 1.0
REFRESH_SECONDS = 10.0
UPKEEP_SECONDS = 60.0


class ConsoleApp(BackgroundApp, inherit_bindings=False):
    """The console application. Pass a `desk` to start signed in, an `desk` to start with open stores.

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
        super().__init__()
        self.settings = settings
        self.crash_folder = settings.home
        self.session: DeskSession | None = session
        self.header = HeaderState()
        self.locked = False
        self.door = DeskLoader(settings, desk or (session.desk if session is not None else None))
        self._waiting: list[Callable[[ConsoleError | None], None]] = []
        self._steps: list[str] = []
        self._presence = Presence(seconds)
        self._stores = StoreWatch(self, self._ask_stores, self._show_stores)
        self._log_state: LogState | None = None
        self._kept: list[tuple[DeskSession, Drafts]] = []
        self._to_say: list[Said] = []
        self._last_here: datetime | None = None
        self._inside = False
        self._leave_without_saving = False
        self._dress(settings)

    def _dress(self, settings: "Settings") -> None:
        for name in list(self.available_themes):
            self.unregister_theme(name)  # the screens are not designed for Textual's own themes
        for theme in THEMES:
            self.register_theme(theme)
        if settings.theme not in self.available_themes:
            names = ", ".join(sorted(self.available_themes))
            raise BadSettings(f"theme: unknown theme {settings.theme!r}.", f"Choose one of {names}.")
        self.theme = settings.theme
        for problem in key_problems(settings.keys):
            raise BadSettings(f"{problem}.", "Fix [keys] in console.toml.")
        self.set_keymap(settings.keys)

    def on_mount(self) -> None:
        self.set_interval(TICK_SECONDS, self._tick)
        self.set_interval(REFRESH_SECONDS, self._refresh)
        self.set_interval(UPKEEP_SECONDS, self._keep_up)
        if self.session is not None:
            self._enter()
        if not self.door.is_settled:
            # not before the first paint: both would wait for the same interpreter lock
            self.set_timer(FIRST_PAINT_SECONDS, partial(self.door.open_in_background, self._desk_told, warm_up))

    # --- the desk

    def _desk_told(self, problem: ConsoleError | None) -> None:
        self.on_ui(partial(self._desk_opened, problem))

    def _desk_opened(self, problem: ConsoleError | None) -> None:
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then(problem)

    def on_desk(self, then: Callable[[ConsoleError | None], None]) -> None:
        """Call `then` on the UI thread once the desk is open (None) or could not be opened (why)."""
        if self.door.is_settled:
            then(self.door.problem)
        else:
            self._waiting.append(then)

    def desk(self) -> "Desk":
        """The open desk; waits for it, so call it only from worker threads. Raises StoreUnavailable."""
        return self.door.desk()

    @property
    def sample(self) -> bool:
        """Whether this is a sample desk, as its own data says; False until the stores are open."""
        return self.door.sample

    # --- coming and going

    def signed_in(self, result: "SignedIn") -> None:
        """Show the agent's next screen: a new password, a second factor, the undertaking, or the queue."""
        self.session = result.session
        self._presence.begin()
        self._leave_without_saving = False
        self._last_here = result.last_signed_in
        self._steps = [
            *["password"] * result.must_change_password,
            *["second factor"] * result.second_factor_due,
            *["undertaking"] * result.undertaking_due,
        ]
        self._next_step()

    def step_done(self) -> None:
        """The required step is done: continue."""
        self._steps.pop(0)
        self._next_step()

    def _next_step(self) -> None:
        self._down_to_base()
        if not self._steps:
            self._enter()
        elif self._steps[0] == "password":
            from screens.sign_in.password import PasswordScreen

            self.push_screen(PasswordScreen(due=True))
        elif self._steps[0] == "second factor":
            from screens.sign_in.second_factor import SecondFactorScreen

            self.push_screen(SecondFactorScreen(due=True))
        else:
            from screens.sign_in.undertaking import UndertakingScreen

            self.push_screen(UndertakingScreen())

    def _enter(self) -> None:
        if not self._inside:
            self._inside = True
            for mode, screen in INSIDE.items():
                self.add_mode(mode, screen)
        self._tick()
        self._refresh()
        self.switch_mode("queue")
        if self.session is not None and not self.session.agent.roles.isdisjoint(REVIEWS_STAFF):
            self.in_background(partial(self._read_news, self.session, self._last_here))

    def _read_news(self, session: "DeskSession", since: datetime | None) -> None:
        words = staff_news(session, since)
        if words:
            self.on_ui(partial(self._tell_news, words))

    def _tell_news(self, words: str) -> None:
        if isinstance(self.screen, ConsoleScreen) and self.session is not None:
            self.screen.say(plain(words), Tone.INFO)

    def go_to(self, mode: str) -> None:
        """Show the queue, the approvals, the erasures or the access log, at its first screen."""
        if self.session is None or self.locked or mode not in INSIDE:
            return
        self._hide_values()
        self._down_to_base()
        if mode != self.current_mode:
            self.switch_mode(mode)
            self._down_to_base()
        if isinstance(self.screen, ConsoleScreen) and self.screen.is_mounted:
            self.screen.arrived()

    def action_go_to(self, mode: str) -> None:
        """Go to a place from the palette."""
        self.go_to(mode)

    def show_help(self, where: str) -> None:
        """Show the keys and the help of the screen that is called so in the registry."""
        from screens.frame.help import HelpScreen

        self.push_screen(HelpScreen(where))

    def show_phone(self) -> None:
        """Show what the outbox received, in the demo."""
        if self.sample and self.session is not None and not self.locked:
            from screens.demo.phone import PhoneScreen

            self._open_once(PhoneScreen)

    def session_over(self, why: SessionEnded) -> None:
        """Return to the sign-in screen with the reason. Typed text is saved as drafts, and nothing stays on screen."""
        if self.session is None:
            return
        self._go_out()
        if isinstance(self.screen, SignInScreen):
            self.screen.refuse(str(why))

    def _go_out(self) -> None:
        session, self.session = self.session, None
        if session is None:
            return
        self._hide_values()
        self._keep(session, self._unsaved())
        self.locked = False
        self._to_say = []
        self._steps = []
        self.header = HeaderState()
        self.forget_clipboard()
        if self.current_mode == DOOR:
            self._down_to_base()
        else:
            self.switch_mode(DOOR)
        if self._inside:
            self._inside = False
            for mode in INSIDE:
                self.remove_mode(mode)
        if isinstance(self.screen, SignInScreen):
            self.screen.open_again()

    def _keep(self, session: "DeskSession", drafts: Drafts) -> None:
        """Save drafts of closing screens; while the store refuses, the screens wait here, hidden."""
        if drafts:
            self.in_background(partial(save_all, session, drafts), partial(self._keep_if_refused, session, drafts))

    def _keep_if_refused(self, session: "DeskSession", drafts: Drafts, problem: ConsoleError | None) -> None:
        if isinstance(problem, StoreUnavailable):
            self._kept.append((session, drafts))

    def action_sign_out(self) -> None:
        """End the session with a signed checkpoint of the log, after saving what was typed."""
        session = self.session
        if session is not None:
            self._hide_values()
            self.in_background(partial(leave, session, self._unsaved()), self._signed_out)

    def _signed_out(self, problem: ConsoleError | None) -> None:
        if isinstance(problem, SessionEnded):
            self.session_over(problem)
            return
        if problem is not None:
            self._say(problem)
            return
        self._go_out()
        if isinstance(self.screen, SignInScreen):
            self.screen.say("You are signed out. Your drafts are saved.", Tone.DONE)

    async def action_quit(self) -> None:
        """Leave without asking, unless typed text cannot be saved: then a second ctrl+q leaves anyway."""
        session = self.session
        self._hide_values()
        if self._leave_without_saving:
            self._finish()
        elif session is None:
            self.in_background(partial(_save_kept, list(self._kept)), self._left)
        else:
            self.in_background(partial(leave, session, self._unsaved()), self._left)

    def _left(self, problem: ConsoleError | None) -> None:
        if problem is None or isinstance(problem, SessionEnded):
            self._finish()
            return
        self._leave_without_saving = True
        self._say(problem)

    def _finish(self) -> None:
        problem = self.door.problem
        self.exit(return_code=problem.exit_status if problem is not None else 0)

    # --- the lock, and idleness

    def action_lock(self) -> None:
        """Hide everything until the agent's password is typed."""
        if self.session is None or self.locked or self._steps:
            return
        from screens.sign_in.lock import LockScreen

        self.locked = True
        self._hide_values()
        self.forget_clipboard()
        self.push_screen(LockScreen())

    def unlocked(self) -> None:
        """The right password was typed on the lock screen."""
        from screens.sign_in.lock import LockScreen

        self.locked = False
        self._presence.begin()
        for screen in self._all_screens():
            if isinstance(screen, LockScreen):
                screen.dismiss()
        for screen in self._all_screens():
            if isinstance(screen, Drafting):
                screen.release_held()
        to_say, self._to_say = self._to_say, []
        for said in to_say:
            self.say_late(said)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While locked, and before signing in, only leaving is possible."""
        inside = self.session is not None and not self.locked
        if action in {"command_palette", "lock", "go_to", "change_theme", "account"}:
            return inside and not self._steps
        return inside if action == "sign_out" else True

    def action_command_palette(self) -> None:
        """Find a command by its name."""
        from screens.frame.palette import Palette

        self._open_once(Palette)

    def action_account(self) -> None:
        """The agent's own password and second factor."""
        if isinstance(self.screen, ConsoleScreen):
            from screens.sign_in.account import open_account

            open_account(self.screen)

    def action_change_theme(self) -> None:
        """Choose between dark, light and high contrast."""
        from screens.frame.palette import Palette, ThemeCommands

        self._open_once(Palette, providers=[ThemeCommands], placeholder="Theme")

    def _open_once(self, kind: type[Screen[Any]], **options: Any) -> None:
        """Open it only if none is open: a key held down repeats, and a hundred palettes ended the console."""
        if not any(isinstance(one, kind) for one in self.screen_stack):
            self.push_screen(kind(**options))

    async def on_event(self, event: events.Event) -> None:
        """Count every key, click and paste as activity of the agent; drop those that arrive after the end."""
        if self._exit and isinstance(event, events.InputEvent):
            return
        if isinstance(event, events.Key | events.MouseDown | events.Paste) and not self.locked:
            self._seen()
        if isinstance(event, events.Paste) and not event.is_forwarded:
            lines = event.text.replace("\r\n", "\n").replace("\r", "\n")  # terminals send line ends as Enter does
            event = events.Paste(plain(lines))  # fields draw their content unchanged
        await super().on_event(event)

    def _seen(self) -> None:
        if self._presence.seen() and self.session is not None:
            self.in_background(partial(stay_awake, self.session), self._touched)

    def _touched(self, problem: ConsoleError | None) -> None:
        if isinstance(problem, SessionEnded):
            self.session_over(problem)

    def _tick(self) -> None:
        """Once a second: the clock in the header, and whether the agent is still there."""
        if self.session is None:
            return
        idle = self._presence.idle
        if idle >= self.settings.idle_sign_out:
            minutes = self.settings.idle_sign_out // 60
            words = f"you were inactive for {minutes} minutes"
            self._presence.begin()
            self.in_background(partial(leave, self.session, self._unsaved(), words), partial(self._idled_out, words))
            return
        if idle >= self.settings.idle_hide:
            self.action_lock()
        self._show_header()

    def _idled_out(self, words: str, problem: ConsoleError | None) -> None:
        self.session_over(problem if isinstance(problem, SessionEnded) else SessionEnded(words))

    # --- the header

    def _show_header(self) -> None:
        session = self.session
        if session is None:
            return
        now = session.desk.clock.now()
        clock = now.astimezone().strftime("%H:%M")
        roles = ", ".join(sorted(session.agent.roles))
        log, whole = log_words(self._log_state)
        state = HeaderState(f"{session.agent.name} · {roles}", clock, log, whole, signed_words(self._log_state, now))
        if state != self.header:
            self.header = state
            for screen in self.screen_stack:  # behind a dialog too
                for bar in screen.query(HeaderBar):
                    bar.refresh()

    def _refresh(self) -> None:
        """Every ten seconds: refresh the log's state, and what changes by itself on the top screen."""
        if self.store_away:
            return  # all this runs as soon as the store is back
        kept, self._kept = self._kept, []
        for session, drafts in kept:
            self._keep(session, drafts)
        if self.session is None:
            return
        self.in_background(partial(self._read_log_state, self.session.desk))
        if isinstance(self.screen, ConsoleScreen) and not self.locked:
            self.screen.refresh_now()

    @property
    def store_away(self) -> bool:
        """Whether the store cannot be reached at the moment."""
        return self._stores.away

    def store_lost(self) -> None:
        """Show on every screen that the store cannot be reached, until it can; the sign-in screen does so by itself."""
        if self.session is not None:
            self._stores.lost()

    def _ask_stores(self) -> None:
        session = self.session
        if session is not None:
            session.desk.require_stores()

    def _show_stores(self, away: bool) -> None:
        for screen in self._all_screens():
            for banner in screen.query(StoreBanner):
                banner.display = away
            if not away and isinstance(screen, Drafting):
                screen.store_back()
        if not away:
            self._refresh()

    def _read_log_state(self, desk: "Desk") -> None:
        self.on_ui(partial(self._log_read, read_log_state(desk)))

    def _log_read(self, state: "LogState") -> None:
        self._log_state = state
        self._show_header()
        if state.ok is None and self.session is not None:
            self.in_background(self.session.desk.require_stores)  # which tells whether it is busy or away

    def _keep_up(self) -> None:
        if self.session is not None:
            self.in_background(partial(keep_up, self.session.desk))

    # --- what is shared

    def _all_screens(self) -> list[Screen[Any]]:
        # Textual names only the stack of the current mode in public
        return [screen for stack in self._screen_stacks.values() for screen in stack]

    def _hide_values(self) -> None:
        for screen in self._all_screens():
            if isinstance(screen, ConsoleScreen | Dialog):
                screen.hide_values()
        forget_texts()

    def _unsaved(self) -> Drafts:
        return _typed_on(self._all_screens())

    def _down_to_base(self) -> None:
        """Close all but the first screen of this mode; typed text is saved."""
        above = self.screen_stack[1:]
        if self.session is not None:
            self._keep(self.session, _typed_on(above))
        for _screen in above:
            self.pop_screen()

    def has_open(self, screen: Screen[Any]) -> bool:
        """Whether that screen is open, on top or not."""
        return any(screen in stack for stack in self._screen_stacks.values())

    def say_late(self, said: Said) -> None:
        """Say what became of a change whose own screen is gone, on the screen that is on top; not over the lock."""
        if self.locked:
            self._to_say.append(said)
            return
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Drafting):
                screen.say(said)
                return

    def _say(self, problem: ConsoleError) -> None:
        if isinstance(self.screen, ConsoleScreen | Dialog):
            words = (
                f"{problem} Press ctrl+q again to leave without saving." if self._leave_without_saving else str(problem)
            )
            self.screen.say(words, Tone.ERROR)


def _typed_on(open_screens: list[Screen[Any]]) -> Drafts:
    found = [(screen, screen.unsaved()) for screen in open_screens if isinstance(screen, Drafting)]
    return [(screen, typed) for screen, typed in found if typed]


def _save_kept(kept: list[tuple["DeskSession", Drafts]]) -> None:
    for session, drafts in kept:
        save_all(session, drafts)


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

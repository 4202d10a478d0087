"""The places of `g`: there from signing in until the session ends."""

from screens.frame.console_screen import ConsoleScreen
from screens.frame.modes import INSIDE
from screens.frame.session_app import SessionApp


class Places:
    """Textual's modes of a signed-in agent; each keeps its own stack of screens."""

    def __init__(self, app: SessionApp) -> None:
        self._app = app
        self._open = False

    def open(self) -> None:
        """Make them reachable."""
        if not self._open:
            self._open = True
            for mode, screen in INSIDE.items():
                self._app.add_mode(mode, screen)

    def close(self) -> None:
        """Remove them with all their screens; another mode is shown by then."""
        if self._open:
            self._open = False
            for mode in INSIDE:
                self._app.remove_mode(mode)

    def go_to(self, mode: str) -> None:
        """Show a place at its first screen."""
        app = self._app
        if app.session is None or app.locked or mode not in INSIDE:
            return
        app.hide_values()
        app.down_to_base()
        if mode != app.current_mode:
            app.switch_mode(mode)
            app.down_to_base()
        if isinstance(app.screen, ConsoleScreen) and app.screen.is_mounted:
            app.screen.arrived()

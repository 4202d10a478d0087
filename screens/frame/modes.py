"""Textual's modes: the door, and the places of `g`, which are there from signing in until the session ends."""

from functools import partial
from pkgutil import resolve_name

from textual.screen import Screen

from screens.frame.console_screen import ConsoleScreen
from screens.frame.session_app import SessionApp
from screens.places import PLACES, Place

DOOR = "door"
"""The mode of the sign-in screen, and of what must be done before the queue."""


class PlaceModes:
    """The modes of a signed-in agent, one for each place; each keeps its own stack of screens."""

    def __init__(self, app: SessionApp) -> None:
        self._app = app
        self._open = False

    def open(self) -> None:
        """Make the places reachable."""
        if not self._open:
            self._open = True
            for place in PLACES:
                self._app.add_mode(place.name, partial(screen_of, place))

    def close(self) -> None:
        """Remove them with all their screens; another mode is shown by then."""
        if self._open:
            self._open = False
            for place in PLACES:
                self._app.remove_mode(place.name)

    def go_to(self, name: str) -> None:
        """Show a place at its first screen."""
        app = self._app
        if app.session is None or app.locked or name not in {place.name for place in PLACES}:
            return
        app.hide_values()
        app.down_to_base()
        if name != app.current_mode:
            app.switch_mode(name)
            app.down_to_base()
        if isinstance(app.screen, ConsoleScreen) and app.screen.is_mounted:
            app.screen.arrived()


def screen_of(place: Place) -> Screen[None]:
    """A new screen of that place, imported now."""
    made = resolve_name(place.screen)()
    assert isinstance(made, ConsoleScreen)
    return made

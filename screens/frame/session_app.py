"""The application as the parts of its frame know it: who is signed in, and every screen that is open."""

from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from screens.frame.autosave import Drafting, Drafts
from screens.frame.background import BackgroundApp
from screens.frame.console import HeaderState
from screens.frame.console_screen import ConsoleScreen
from screens.frame.desk_loader import DeskLoader
from screens.frame.dialog import Dialog
from screens.frame.forgetting import forget_texts
from screens.frame.kept_drafts import KeptDrafts

if TYPE_CHECKING:
    from cs_console.desk import Desk, DeskSession
    from cs_console.settings import Settings


class SessionApp(BackgroundApp, inherit_bindings=False):
    """An application at which one agent at a time is signed in."""

    def __init__(self, settings: "Settings", session: "DeskSession | None", desk: "Desk | None") -> None:
        super().__init__()
        self.settings = settings
        self.session = session
        self.header = HeaderState()
        self.locked = False
        self.door = DeskLoader(settings, desk or (session.desk if session is not None else None))
        self.kept_drafts = KeptDrafts(self)

    def all_screens(self) -> list[Screen[Any]]:
        """The open screens of every mode."""
        # Textual names only the stack of the current mode in public
        return [screen for stack in self._screen_stacks.values() for screen in stack]

    def has_open(self, screen: Screen[Any]) -> bool:
        """Whether that screen is open, on top or not."""
        return any(screen in stack for stack in self._screen_stacks.values())

    def hide_values(self) -> None:
        """Remove every revealed value, and the texts that libraries keep."""
        for screen in self.all_screens():
            if isinstance(screen, ConsoleScreen | Dialog):
                screen.hide_values()
        forget_texts()

    def unsaved(self) -> Drafts:
        """What is typed anywhere and not yet saved."""
        return _typed_on(self.all_screens())

    def down_to_base(self) -> None:
        """Close all but the first screen of this mode; typed text is saved."""
        above = self.screen_stack[1:]
        if self.session is not None:
            self.kept_drafts.save(self.session, _typed_on(above))
        for _screen in above:
            self.pop_screen()

    def open_once(self, kind: type[Screen[Any]], **options: Any) -> None:
        """Open it only if none is open: a key held down repeats, and a hundred palettes ended the console."""
        if not any(isinstance(one, kind) for one in self.screen_stack):
            self.push_screen(kind(**options))


def _typed_on(open_screens: list[Screen[Any]]) -> Drafts:
    found = [(screen, screen.unsaved()) for screen in open_screens if isinstance(screen, Drafting)]
    return [(screen, typed) for screen, typed in found if typed]

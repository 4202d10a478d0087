"""A value on the screen for a short while."""

from textual.app import ComposeResult
from textual.containers import Vertical

from screens.widgets.safe_text import PlainText


class _Shown(PlainText):
    """Literal, and out of reach of the mouse's selection: nothing of it goes to a clipboard."""

    ALLOW_SELECT = False


class RevealedValue(Vertical):
    """The value, and how long it still stands there. The text lives in this widget alone and goes with it."""

    ALLOW_SELECT = False

    def __init__(self, value: str, seconds: int) -> None:
        super().__init__()
        self._parts = (_Shown(value, classes="value"), _Shown(classes="countdown"))
        self.count(seconds)

    def compose(self) -> ComposeResult:
        yield from self._parts

    def count(self, left: int) -> None:
        """Say that so many seconds are left."""
        self._parts[1].show(f"hides in {left} s · esc hides it now · on record")

    def wipe(self) -> None:
        """Drop the text now; removing the widget, a moment later, drops what Textual drew of it."""
        self._parts[0].show("")
        self.display = False

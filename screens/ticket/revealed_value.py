"""A revealed value on the screen for a short time."""

from textual.app import ComposeResult
from textual.containers import Vertical

from screens.widgets.safe_text import PlainText


class _Shown(PlainText):
    """Literal text that the mouse cannot select: none of it reaches a clipboard."""

    ALLOW_SELECT = False


class RevealedValue(Vertical):
    """The value and how long it stays. The text is held by this widget alone and disappears with it."""

    ALLOW_SELECT = False

    def __init__(self, value: str, seconds: int) -> None:
        super().__init__()
        self._parts = (_Shown(value, classes="value"), _Shown(classes="countdown"))
        self.count(seconds)

    def compose(self) -> ComposeResult:
        yield from self._parts

    def count(self, left: int) -> None:
        """Show how many seconds are left."""
        self._parts[1].show(f"hidden in {left} s · esc hides it now · this view is recorded")

    def wipe(self) -> None:
        """Drop the text now; removing the widget a moment later drops what Textual drew of it."""
        self._parts[0].show("")
        self.display = False

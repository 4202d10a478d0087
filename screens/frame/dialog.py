"""What all dialogs share: a box in the middle of the screen that returns an answer."""

from functools import partial
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.containers import Container
from textual.screen import ModalScreen

from screens.frame.autosave import Drafting
from screens.registry import bindings_for
from screens.widgets.notice_bar import NoticeBar
from screens.widgets.store_banner import StoreBanner

T = TypeVar("T")

WIDE = 120
"""From this width on, panes are shown side by side instead of one at a time (class `-wide`, else `-narrow`)."""


class Dialog(ModalScreen[T], Drafting, Generic[T]):
    """A dialog in the middle of the screen. It returns its answer; Escape means no, which is None."""

    WHERE: ClassVar[str] = "dialog"
    DIALOG_TITLE: ClassVar[str] = ""
    BINDINGS = bindings_for("dialog")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]

    def compose(self) -> ComposeResult:
        with Container(id="dialog") as box:
            box.border_title = self.DIALOG_TITLE
            yield StoreBanner(self.console.store_away)
            yield from self.body()
            yield NoticeBar()

    def body(self) -> ComposeResult:
        """The widgets of the dialog."""
        yield from ()

    def hide_values(self) -> None:
        """Remove every revealed value from the screen and end its view, as on a whole screen."""

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Close with the answer; see `go_away`."""
        return self.go_away(partial(super().dismiss, result))

    def action_back(self) -> None:
        """No."""
        self.dismiss(None)

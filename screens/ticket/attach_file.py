"""Naming a file of the operator's folder that is to be attached."""

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from screens.frame.dialog import Dialog
from screens.widgets.safe_text import PlainText

LONGEST_PATH = 1000


class PathDialog(Dialog[str]):
    """The answer is what was typed. `before` is offered again, so that a slip need not be typed twice."""

    DIALOG_TITLE = "Attach a file"
    CSS_PATH = "attach_file.tcss"

    def __init__(self, folder: Path, most: int, before: str = "") -> None:
        super().__init__()
        self._folder = folder
        self._most = most
        self._before = before

    def body(self) -> ComposeResult:
        yield PlainText(f"Enter the name of a file in {self._folder}.", classes="question")
        yield Input(self._before, id="path", placeholder="name.pdf", max_length=LONGEST_PATH)
        yield PlainText(f"At most {self._most} MB in one reply.   ↵ attach   esc back", classes="hint")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def name_it(self, event: Input.Submitted) -> None:
        """Answer with the path."""
        event.stop()
        if event.value.strip():
            self.dismiss(event.value)

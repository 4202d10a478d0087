"""Asking for a ticket's number, from any screen."""

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from screens.frame.dialog import Dialog
from screens.widgets.safe_text import PlainText

MOST_DIGITS = 9


class NumberDialog(Dialog[int]):
    """The answer is the number that was typed, with or without `#`."""

    DIALOG_TITLE = "Go to a ticket"

    def body(self) -> ComposeResult:
        yield PlainText("Which number?")
        yield Input(id="number", placeholder="#10482", max_length=MOST_DIGITS + 1)
        yield PlainText("↵ open   esc back")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def answer(self, event: Input.Submitted) -> None:
        """Answer with the number, or say that it is none."""
        event.stop()
        digits = event.value.strip().removeprefix("#").strip()
        if digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS:
            self.dismiss(int(digits))
        else:
            self.say("Type a number like #10482.")

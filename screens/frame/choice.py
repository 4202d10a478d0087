"""A dialog with a list of answers."""

from collections.abc import Iterable
from pathlib import Path

from textual import on
from textual.app import ComposeResult

from screens.frame.dialog import Dialog
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.safe_text import PlainText


class ChoiceDialog(Dialog[str]):
    """Enter chooses a line; the answer is its key. Escape chooses nothing."""

    CSS_PATH = Path(__file__).with_name("choice.tcss")

    def __init__(self, question: str, choices: Iterable[Choice], *, hint: str = "") -> None:
        super().__init__()
        self._question = question
        self._choices = tuple(choices)
        self._hint = hint

    def body(self) -> ComposeResult:
        yield PlainText(self._question, classes="question")
        yield ChoiceList(self._choices, id="choices")
        yield PlainText(self._hint or "↵ choose   esc back", classes="hint")

    def on_mount(self) -> None:
        self.query_one(ChoiceList).focus()

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Answer with the selected line."""
        event.stop()
        self.dismiss(event.option_id)

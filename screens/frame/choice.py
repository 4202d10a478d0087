"""A dialog with a list of answers."""

from collections.abc import Iterable
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from screens.frame.dialog import Dialog
from screens.widgets.choice_list import Choice, ChoiceList, columns_for, heading_row
from screens.widgets.key_hint import KeyHint
from screens.widgets.safe_text import PlainText

CRAMPED = 72
"""Below so many columns of the terminal the parts of a line are under each other, and headings say nothing."""


class ChoiceDialog(Dialog[str]):
    """Enter chooses a line; the answer is its key. Escape chooses nothing.

    With `headings` there are three columns: what is chosen, what or who it is about, and what holds of it now.
    """

    CSS_PATH = Path(__file__).with_name("choice.tcss")

    def __init__(
        self,
        question: str,
        choices: Iterable[Choice],
        *,
        hint: str = "",
        headings: tuple[str, str, str] | None = None,
    ) -> None:
        super().__init__()
        self._question = question
        self._choices = tuple(choices)
        self._hint = hint
        self._headings = headings

    def body(self) -> ComposeResult:
        yield PlainText(self._question, classes="question")
        if self._headings is None:
            yield ChoiceList(self._choices, id="choices")
        else:
            columns = columns_for(self._choices, self._headings)
            yield Static(heading_row(columns, self._headings), id="headings", markup=False)
            yield ChoiceList(self._choices, columns=columns, id="choices")
        yield KeyHint(self._hint or "↵ choose   esc back")

    def on_mount(self) -> None:
        self.set_class(self._headings is not None, "-columns")
        self.set_class(self.app.size.width < CRAMPED, "-cramped")
        self.query_one(ChoiceList).focus()

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Answer with the selected line."""
        event.stop()
        self.dismiss(event.option_id)

"""Checking what a caller says: it is typed, answered by match or no match, and forgotten."""

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from cs_console.verification.caller import LONGEST_SAID, CallerAnswer, check_caller
from models.enums import Field
from screens.console_screen import Dialog
from screens.widgets.forgetting_input import ForgettingInput
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import PlainText


class CallerDialog(Dialog[str]):
    """Answers with what came of it, in words. What was typed goes no further than the comparison."""

    CSS_PATH = "asking_text.tcss"

    def __init__(self, number: int, field: Field, title: str, words: str) -> None:
        super().__init__()
        self._number, self._field = number, field
        self._title, self._words = title, words

    def body(self) -> ComposeResult:
        yield PlainText(f"The {self._title.lower()}, as the caller says it", classes="question")
        yield ForgettingInput(id="said", max_length=LONGEST_SAID)
        yield PlainText(self._words, classes="hint")
        yield PlainText("↵ check   esc back; nothing that you type is kept", classes="hint")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def check(self, event: Input.Submitted) -> None:
        """Hold it against what is on file."""
        event.stop()
        said = event.input.value
        event.input.clear()
        if said.strip():
            work = partial(check_caller, self.desk, self._number, self._field, said, act=self.act_for("check"))
            self.change(work, lambda answer: self.dismiss(self._words_of(answer)), late=self._told)

    @property
    def called(self) -> str:
        return f"Caller of #{self._number}"

    def _told(self, answer: CallerAnswer) -> Said:
        return Said(self._words_of(answer), Tone.INFO)

    def _words_of(self, answer: CallerAnswer) -> str:
        found = "Match" if answer.match else "No match"
        left = f"{answer.left} more today" if answer.left else "no more today"
        return f"{found}: {self._title.lower()}. It verifies nobody; {left}."

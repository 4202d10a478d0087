"""Checking what a caller says: the agent types it, sees match or no match, and nothing is kept."""

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from cs_console.verification.caller import LONGEST_SAID, CallerAnswer, check_caller
from models.contact_fields import Field
from screens.frame.dialog import Dialog
from screens.widgets.forgetting_input import ForgettingInput
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import PlainText


class CallerDialog(Dialog[str]):
    """Returns the result in words. What was typed is used only for the comparison."""

    CSS_PATH = "../frame/text_dialog.tcss"

    def __init__(self, number: int, field: Field, title: str, words: str) -> None:
        super().__init__()
        self._number, self._field = number, field
        self._title, self._words = title, words

    def body(self) -> ComposeResult:
        yield PlainText(f"The {self._title.lower()}, as the caller says it", classes="question")
        yield ForgettingInput(id="said", max_length=LONGEST_SAID)
        yield PlainText(self._words, classes="hint")
        yield PlainText("↵ check   esc back   what you type is not kept", classes="hint")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def check(self, event: Input.Submitted) -> None:
        """Compare it with what is on file."""
        event.stop()
        said = event.input.value
        event.input.clear()
        if said.strip():
            work = partial(check_caller, self.session, self._number, self._field, said, act=self.act_for("check"))
            self.change_then(work, lambda answer: self.dismiss(self._words_of(answer)), late=self._told)

    @property
    def called(self) -> str:
        return f"Caller of #{self._number}"

    def _told(self, answer: CallerAnswer) -> Said:
        return Said(self._words_of(answer), Tone.INFO)

    def _words_of(self, answer: CallerAnswer) -> str:
        found = "Match" if answer.match else "No match"
        left = f"{answer.left} more today" if answer.left else "no more today"
        return f"{found}: {self._title.lower()}. This does not verify the requester; {left}."

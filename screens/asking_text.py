"""Small questions that are answered by typing: some words, or a password."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, TextArea

from cs_console.act_id import ActId, new_act
from cs_console.custody.drafts import KeptDraft, discard_draft, find_draft, save_draft
from cs_console.desk import Desk
from cs_console.errors import DoneBefore, Refusal
from screens.console import Typed
from screens.console_screen import Dialog
from screens.registry import bindings_for
from screens.widgets.notice_bar import NoticeBar, Tone
from screens.widgets.password_input import PasswordInput
from screens.widgets.safe_text import PlainText
from screens.widgets.writing_area import WritingArea

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Written:
    """Words that were asked for, the act that they are for, and where their draft is until it has happened."""

    words: str
    act: ActId
    place: str
    ticket: int


class WordsDialog(Dialog[Written]):
    """Some lines of words; `place` is where their draft is kept until they are used. Escape keeps it."""

    WHERE = "words"
    CSS_PATH = "asking_text.tcss"
    BINDINGS = bindings_for("words")

    def __init__(self, question: str, place: str, ticket: int, *, hint: str) -> None:
        super().__init__()
        self._question = question
        self._place = place
        self._ticket = ticket
        self._hint = hint
        self._loaded = False
        self._act = new_act()

    def body(self) -> ComposeResult:
        yield PlainText(self._question, classes="question")
        yield WritingArea(id="words")
        yield PlainText(self._hint, classes="hint")

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()
        self.ask(partial(find_draft, self.desk, self._place, self._ticket), self._restore)

    def _restore(self, draft: KeptDraft) -> None:
        area = self.query_one(TextArea)
        if draft.text and not area.text:
            self._act = draft.act or self._act
            area.load_text(draft.text)
            area.move_cursor(area.document.end)
        self._loaded = True

    def typed(self) -> tuple[Typed, ...]:
        """The words, once an earlier draft has been read."""
        text = self.query_one(TextArea).text
        return (Typed(self._place, text, self._ticket, self._act),) if self._loaded else ()

    def action_send(self) -> None:
        """Answer with what is written; the draft stays until the words have been used, a refusal loses nothing."""
        text = self.query_one(TextArea).text
        if text.strip():
            self._leave(Written(text, self._act, self._place, self._ticket))
        else:
            self.say("Nothing is written yet. Write it down first, or leave with escape.", Tone.WARNING)

    @on(TextArea.Changed)
    def goes_on(self) -> None:
        """What was missing is being written."""
        self.query_one(NoticeBar).clear_problem()

    def action_back(self) -> None:
        """No; the draft is kept."""
        self._leave(None)

    def _leave(self, answer: Written | None) -> None:
        save = partial(self.save, self.desk, self.unsaved())
        self.change(save, partial(self._left, answer), refused=partial(self._left, answer))

    def _left(self, answer: Written | None, _saved: object) -> None:
        self.dismiss(answer)


def forgetting_draft(desk: Desk, written: Written, work: Callable[[], Answer]) -> Answer:
    """Do the work that used the words, then forget their draft; a draft that stays does no harm. For a worker.

    Where other words went through with the act that these were written for, they are kept for another act.
    """
    try:
        answer = work()
    except DoneBefore:
        with suppress(Refusal):
            save_draft(desk, written.place, written.words, written.ticket)
        raise
    with suppress(Refusal):
        discard_draft(desk, written.place)
    return answer


class PasswordDialog(Dialog[str]):
    """The agent's own password, asked again before something weighty. It is kept nowhere."""

    CSS_PATH = "asking_text.tcss"

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def body(self) -> ComposeResult:
        yield PlainText(self._question, classes="question")
        yield PasswordInput(placeholder="your password", id="password")
        yield PlainText("↵ confirm   esc back", classes="hint")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def confirm(self, event: Input.Submitted) -> None:
        """Answer with what was typed."""
        event.stop()
        password = event.input.value
        event.input.clear()
        self.dismiss(password)

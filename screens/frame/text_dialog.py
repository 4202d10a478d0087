"""Dialogs that are answered by typing: a text or a password."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, TextArea

from cs_console.act_id import ActId, new_act
from cs_console.custody.drafts import discard_draft, find_draft, save_draft
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError, DoneBefore
from screens.frame.console import Typed
from screens.frame.dialog import Dialog
from screens.frame.steps import in_steps
from screens.registry import bindings_for
from screens.widgets.key_hint import KeyHint
from screens.widgets.notice_bar import NoticeBar, Tone
from screens.widgets.password_input import PasswordInput
from screens.widgets.safe_text import PlainText
from screens.widgets.writing_area import WritingArea

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Written:
    """A text that was asked for, the act it belongs to, and where its draft is kept until the act is done."""

    words: str
    act: ActId
    place: str
    ticket: int | None


class WordsDialog(Dialog[Written]):
    """Asks for some lines of text; `place` is where the draft is kept until it is used. Escape keeps it."""

    WHERE = "words"
    CSS_PATH = Path(__file__).with_name("text_dialog.tcss")
    BINDINGS = bindings_for("words")

    def __init__(self, question: str, place: str, ticket: int | None, *, hint: str) -> None:
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
        yield KeyHint(self._hint)

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()
        self._restore()

    @in_steps
    async def _restore(self) -> None:
        draft = await self.call(partial(find_draft, self.session, self._place, self._ticket))
        area = self.query_one(TextArea)
        if draft.text and not area.text:
            self._act = draft.act or self._act
            area.load_text(draft.text)
            area.move_cursor(area.document.end)
        self._loaded = True

    def typed(self) -> tuple[Typed, ...]:
        """The text, once an earlier draft has been loaded."""
        text = self.query_one(TextArea).text
        return (Typed(self._place, text, self._ticket, self._act),) if self._loaded else ()

    def action_send(self) -> None:
        """Answer with the text. The draft stays until the text has been used, so a refusal loses nothing."""
        text = self.query_one(TextArea).text
        if text.strip():
            self._leave(Written(text, self._act, self._place, self._ticket))
        else:
            self.say("The field is empty. Enter a text, or press escape to cancel.", Tone.WARNING)

    @on(TextArea.Changed)
    def goes_on(self) -> None:
        """Clear the notice: the person is filling in what was missing."""
        self.query_one(NoticeBar).clear_problem()

    def action_back(self) -> None:
        """Cancel; the draft is kept."""
        self._leave(None)

    @in_steps
    async def _leave(self, answer: Written | None) -> None:
        with suppress(ConsoleError):
            await self.change(partial(self.save, self.session, self.unsaved()))
        self.dismiss(answer)


def forgetting_draft(session: DeskSession, written: Written, work: Callable[[], Answer]) -> Answer:
    """Do the work that uses the text, then delete its draft; a draft that stays does no harm. For a worker.

    If the act was done before with a different text, this text is kept for another act.
    """
    try:
        answer = work()
    except DoneBefore:
        with suppress(ConsoleError):
            save_draft(session, written.place, written.words, written.ticket)
        raise
    with suppress(ConsoleError):
        discard_draft(session, written.place)
    return answer


class PasswordDialog(Dialog[str]):
    """Asks for the agent's own password again before something important. It is stored nowhere."""

    CSS_PATH = Path(__file__).with_name("text_dialog.tcss")

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def body(self) -> ComposeResult:
        yield PlainText(self._question, classes="question")
        yield PasswordInput(placeholder="your password", id="password")
        yield KeyHint("↵ confirm   esc back")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def confirm(self, event: Input.Submitted) -> None:
        """Answer with the typed text."""
        event.stop()
        password = event.input.value
        event.input.clear()
        self.dismiss(password)

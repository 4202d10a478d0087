"""Marking words that redaction missed: one message at a time, chosen by keyboard, hidden on the whole ticket."""

from dataclasses import dataclass
from functools import partial

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from cs_console.casework.conversation import TicketView, reload
from cs_console.casework.marking import SUBJECT, MarkOnTicket, mark, marks_on, unmark
from cs_console.errors import NothingThere
from cs_console.local_time import moment
from screens.frame.choice import ChoiceDialog
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.registry import bindings_for
from screens.ticket.word_cursor import WordCursor, cursor_in
from screens.widgets.choice_list import Choice
from screens.widgets.notice_bar import Said
from screens.widgets.safe_text import PlainText

MOST_LINES = 400
"""Lines of one message that are shown here; what is further down can be revealed, and reported."""
HINT = "←→ word   ⇧→ more words   ↑↓ line   tab next message"


@dataclass(frozen=True, slots=True)
class _Shown:
    """The subject or one message: what it is marked by, its heading and text."""

    item: str
    heading: str
    text: str


class MarkScreen(ConsoleScreen[Said]):
    """The words under the cursor are shown in reverse; enter hides them on the whole ticket."""

    WHERE = "mark"
    CSS_PATH = "mark.tcss"
    BINDINGS = bindings_for("mark")
    HELP_TITLE = "Hiding words"
    HELP = (
        "Move to words that should have been hidden, mark them and press enter. They are hidden on the whole ticket: "
        "in all messages and notes, in the subject, in lists, and in what comes later. The act is recorded without "
        "the words. Common words cannot be hidden, because that could change what was said. A wrong mark can be "
        "removed (x)."
    )
    PROBLEMS_FADE = True

    def __init__(self, view: TicketView) -> None:
        super().__init__()
        self.number = view.number
        self._shown = _all_of(view)
        self._at = max(0, len(self._shown) - 1)
        self._cursor = cursor_in("")
        self._hid = 0

    def body(self) -> ComposeResult:
        yield PlainText("", id="which")
        yield PlainText(HINT, id="hint")
        yield VerticalScroll(id="words", can_focus=False)

    def on_mount(self) -> None:
        self.heading = f"Hide words of #{self.number}"
        self._show_message()

    @property
    def marked(self) -> str:
        """The words that are marked now."""
        return self._cursor.text

    # --- showing

    def _show_message(self) -> None:
        one = self._shown[self._at]
        self._cursor = cursor_in("\n".join(one.text.split("\n")[:MOST_LINES]))
        self.query_one("#which", PlainText).show(f"{one.heading}   {self._at + 1} of {len(self._shown)}")
        place = self.query_one("#words", VerticalScroll)
        place.remove_children()
        place.mount_all(PlainText(line or " ", classes="line") for line in self._cursor.lines)
        self.call_after_refresh(self._show_cursor)

    def _show_cursor(self) -> None:
        lines = list(self.query("#words > .line").results(PlainText))
        marked = self._cursor.marked
        for at, widget in enumerate(lines):
            text = self._cursor.lines[at] if at < len(self._cursor.lines) else ""
            if at == self._cursor.line and marked is not None:
                start, end = marked
                widget.show_parts(text[:start], (text[start:end], "bold reverse"), text[end:])
                widget.scroll_visible(animate=False)
                widget.add_class("-marked")
            elif widget.has_class("-marked"):
                widget.remove_class("-marked")
                widget.show(text or " ")

    def _move(self, cursor: WordCursor) -> None:
        self._cursor = cursor
        self._show_cursor()

    # --- moving

    def action_move(self, by: int) -> None:
        """Move by lines."""
        self._move(self._cursor.by_line(by))

    def action_word(self, by: int) -> None:
        """Move by words."""
        self._move(self._cursor.by_word(by))

    def action_extend(self, by: int) -> None:
        """Mark more words, or fewer."""
        self._move(self._cursor.by_word(by, extends=True))

    def action_message(self, by: int) -> None:
        """Show the next message, or the one before."""
        self._at = (self._at + by) % len(self._shown)
        self._show_message()

    # --- hiding

    @in_steps
    async def action_hide_words(self) -> None:
        """Hide the marked words."""
        item = self._shown[self._at].item
        await self.change(partial(mark, self.session, self.number, item, self._cursor.text), late=_hidden)
        self.say(_hidden(None))
        await self._reload()

    @in_steps
    async def action_remove_mark(self) -> None:
        """Choose a mark that was wrong, and remove it."""
        marks = await self.call(partial(marks_on, self.session, self.number), group="marks")
        if not marks:
            self.say(NothingThere("Nothing is marked on this ticket."))
            return
        key = await self.ask(ChoiceDialog("Which mark was wrong?", [_choice(one) for one in marks]))
        if key is not None:
            await self.change(partial(unmark, self.session, self.number, key), late=_removed)
            self.say(_removed(None))
            await self._reload()

    async def _reload(self) -> None:
        view = await self.call(partial(reload, self.session, self.number), group="view")
        self._shown = _all_of(view)
        self._at = min(self._at, len(self._shown) - 1)
        self._show_message()


def _hidden(_answer: object) -> Said:
    return Said("The words are hidden on this ticket. It is recorded.")


def _removed(_answer: object) -> Said:
    return Said("The mark was removed. It is recorded.")


def _all_of(view: TicketView) -> tuple[_Shown, ...]:
    lines = (_Shown(line.id, f"{moment(line.at)}  {line.who}", line.text) for line in view.lines)
    return (_Shown(SUBJECT, "Subject", view.subject), *lines)


def _choice(one: MarkOnTicket) -> Choice:
    words = "1 word" if one.words == 1 else f"{one.words} words"
    return Choice(one.id, f"{words}, hidden {moment(one.at)}", f"by {one.agent}")

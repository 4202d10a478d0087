"""Putting one of the desk's tags on a ticket, or taking it off."""

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from models.roles import KEEPS_TAGS
from screens.frame.dialog import Dialog
from screens.widgets.choice_list import Choice, ChoiceList, mark_of
from screens.widgets.safe_text import PlainText

NEW = "+"


class TagsDialog(Dialog[str]):
    """The answer is the tag to put on or take off; behind NEW, one that is to be added to the desk's list first."""

    DIALOG_TITLE = "Tags"
    CSS_PATH = "look_up.tcss"

    def __init__(self, number: int, known: tuple[str, ...], now: tuple[str, ...]) -> None:
        super().__init__()
        self._number, self._known, self._now = number, known, now

    def body(self) -> ComposeResult:
        none = "" if self._known else " The desk has none yet; a supervisor adds them."
        yield PlainText(f"Which tag does #{self._number} get or lose?{none}", classes="question")
        yield ChoiceList((Choice(tag, tag, mark=mark_of(tag in self._now)) for tag in self._known), id="found")
        if not self.roles.isdisjoint(KEEPS_TAGS):
            yield Input(id="contact", placeholder="a new tag for the desk, one word")
        yield PlainText("↵ choose   esc back", classes="hint")

    def on_mount(self) -> None:
        self.query_one(ChoiceList).display = bool(self._known)
        if self._known:
            self.query_one(ChoiceList).focus()

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Answer with the selected tag."""
        event.stop()
        self.dismiss(event.option_id)

    @on(Input.Submitted)
    def add(self, event: Input.Submitted) -> None:
        """Answer with a new one."""
        event.stop()
        if event.value.strip():
            self.dismiss(f"{NEW}{event.value.strip()}")

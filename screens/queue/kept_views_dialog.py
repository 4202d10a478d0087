"""The views that people keep: choosing one, keeping the filter that is shown as another, removing one."""

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Input

from cs_console.tickets.filter_sentence import sentence
from cs_console.tickets.saved_views import KeptView
from screens.frame.choice import ChoiceDialog
from screens.frame.dialog import Dialog
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.safe_text import PlainText

FOR_ONESELF, FOR_THE_TEAM = "mine", "shared"


@dataclass(frozen=True, slots=True)
class Answer:
    """One of them to show or to remove, else the name under which the filter is to be kept."""

    view: KeptView | None = None
    remove: bool = False
    name: str = ""


class KeptViewsDialog(Dialog[Answer]):
    """Their letters choose them; what is typed below is the name of a new one."""

    DIALOG_TITLE = "Saved views"
    CSS_PATH = "look_up.tcss"

    def __init__(self, views: tuple[KeptView, ...], shown: str) -> None:
        super().__init__()
        self._views = views
        self._shown = shown

    def body(self) -> ComposeResult:
        yield ChoiceList(
            (Choice(str(at), f"{letter_of(at)}  {one.name}", _note(one)) for at, one in enumerate(self._views)),
            id="found",
        )
        yield PlainText(f"Keep what is shown now: {self._shown}", classes="question")
        yield Input(id="contact", placeholder="a name for it")
        yield PlainText("a letter or ↵ show   del remove   tab name   esc back", classes="hint")

    def on_mount(self) -> None:
        found = self.query_one(ChoiceList)
        found.display = bool(self._views)
        (found if self._views else self.query_one(Input)).focus()

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Show the selected view."""
        event.stop()
        if event.option_id:
            self.dismiss(Answer(self._views[int(event.option_id)]))

    def on_key(self, event: events.Key) -> None:
        """Show the view of that letter, or remove the selected one."""
        found = self.query_one(ChoiceList)
        if not found.has_focus:
            return
        if event.key == "delete" and found.current:
            event.stop()
            self.dismiss(Answer(self._views[int(found.current)], remove=True))
            return
        at = next((at for at in range(len(self._views)) if letter_of(at) == event.character), None)
        if at is not None:
            event.stop()
            self.dismiss(Answer(self._views[at]))

    @on(Input.Submitted)
    def keep_as(self, event: Input.Submitted) -> None:
        """Keep what is shown under that name."""
        event.stop()
        if event.value.strip():
            self.dismiss(Answer(name=event.value.strip()))


def letter_of(at: int) -> str:
    """The letter that chooses the view at that place; `j` and `k` move, so no view has them."""
    return "abcdefghilmnopqrstuvwxyz"[at] if at < 24 else ""


def sharing_dialog(name: str) -> ChoiceDialog:
    """Ask who sees the view."""
    return ChoiceDialog(
        f"Who sees the view {name}?",
        [
            Choice(FOR_ONESELF, "Only you"),
            Choice(FOR_THE_TEAM, "The team", "recorded; `me` in it means the person who looks"),
        ],
    )


def _note(one: KeptView) -> str:
    whose = "shared" if one.shared else "yours"
    return f"{whose}: {sentence(one.asked)}"

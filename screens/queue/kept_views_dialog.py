"""Views beside the desk's: choosing one, keeping the filter that is shown as another, removing one."""

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Input

from cs_console.errors import BadFilter
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
    """Their numbers and letters choose them; what is typed below is the name of a new one."""

    DIALOG_TITLE = "Saved views"
    CSS_PATH = "look_up.tcss"

    def __init__(self, views: tuple[KeptView, ...], shown: str) -> None:
        super().__init__()
        self._views = views
        self._keys = keys_of(views)
        self._shown = shown

    def body(self) -> ComposeResult:
        yield ChoiceList(
            (
                Choice(str(at), f"{key}  {one.name}", _note(one))
                for at, (key, one) in enumerate(zip(self._keys, self._views, strict=True))
            ),
            id="found",
        )
        yield PlainText(f"Keep what is shown now: {self._shown}", classes="question")
        yield Input(id="contact", placeholder="a name for it")
        yield PlainText("its key or ↵ show   del remove   tab name   esc back", classes="hint")

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
        """Show the view of that key, or remove the selected one."""
        found = self.query_one(ChoiceList)
        if not found.has_focus:
            return
        if event.key == "delete" and found.current:
            event.stop()
            self.dismiss(Answer(self._views[int(found.current)], remove=True))
            return
        if event.character and event.character in self._keys:
            event.stop()
            self.dismiss(Answer(self._views[self._keys.index(event.character)]))

    @on(Input.Submitted)
    def keep_as(self, event: Input.Submitted) -> None:
        """Keep what is shown under that name."""
        event.stop()
        if event.value.strip():
            self.dismiss(Answer(name=event.value.strip()))


def keys_of(views: tuple[KeptView, ...]) -> tuple[str, ...]:
    """The key of each: a number for the policy's, which come first, a letter for the others.

    `j` and `k` move, so no view has them; what comes after the last letter has no key.
    """
    numbers = sum(one.of_pack for one in views)
    keys = [str(at + 1) for at in range(numbers)] + [*"abcdefghilmnopqrstuvwxyz"]
    return tuple(keys[at] if at < len(keys) else "" for at in range(len(views)))


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
    whose = "the policy's" if one.of_pack else "shared" if one.shared else "yours"
    try:
        return f"{whose}: {sentence(one.asked)}"
    except BadFilter as refused:  # of an older console, or of a policy that was never checked
        return f"{whose}: {refused.sentence}"

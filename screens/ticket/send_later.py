"""Choosing when a reply goes out: one of the times that are offered, or a typed one."""

from collections.abc import Callable
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from cs_console.delivery.send_times import EXAMPLES, SendTime, offered, typed_time, when_words
from cs_console.errors import BadInput
from screens.frame.dialog import Dialog
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.safe_text import PlainText


class SendLaterDialog(Dialog[datetime]):
    """The answer is the moment. Times are local; the line below the field says how a typed one is understood."""

    CSS_PATH = "send_later.tcss"

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self._offered: dict[str, SendTime] = {str(at): one for at, one in enumerate(offered(now()))}

    def body(self) -> ComposeResult:
        now = self._now()
        yield PlainText("When does the reply go out? You can take it back until then (u).", classes="question")
        yield ChoiceList(
            [Choice(key, one.title, when_words(one.at, now)) for key, one in self._offered.items()], id="choices"
        )
        yield Input(id="typed", placeholder="or type a time: tomorrow 9:00")
        yield PlainText("", id="understood")
        yield PlainText("↵ choose   tab type a time   esc back", classes="hint")

    def on_mount(self) -> None:
        self.query_one(ChoiceList).focus()

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Answer with the selected time."""
        event.stop()
        if event.option_id in self._offered:
            self.dismiss(self._offered[event.option_id].at)

    @on(Input.Changed)
    def understand(self, event: Input.Changed) -> None:
        """Say how the typed time is understood so far."""
        now, words = self._now(), ""
        if event.value.strip():
            try:
                words = when_words(typed_time(event.value, now), now).capitalize()
            except BadInput:
                words = f"For example: {EXAMPLES}"
        self.query_one("#understood", PlainText).show(words)

    @on(Input.Submitted)
    def take(self, event: Input.Submitted) -> None:
        """Answer with the typed time, or say what is wrong with it."""
        event.stop()
        try:
            self.dismiss(typed_time(event.value, self._now()))
        except BadInput as refusal:
            self.say(refusal)

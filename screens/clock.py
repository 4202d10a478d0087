"""The clock of one ticket: the line that explains it, what happened, and what can be done about it now."""

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll

from cs_console.decisions.clock_view import ClockLine, ClockView
from models.enums import DeliveryState
from screens.asking_text import WordsDialog
from screens.console_screen import Dialog
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.safe_text import PlainText

EXTEND, ASK = "extend", "ask"
REASON_HINT = "ctrl+s extend, and tell the requester   esc keep as a draft"
_SENT = {
    DeliveryState.SENT: "The requester was told.",
    DeliveryState.FAILED: "The message did not go out yet; it is tried again.",
}


class ClockDialog(Dialog[str]):
    """The answer is what to do about it, EXTEND or ASK. What cannot be done now says why not."""

    CSS_PATH = "clock.tcss"

    def __init__(self, clock: ClockView) -> None:
        super().__init__()
        self._clock = clock

    def body(self) -> ComposeResult:
        clock = self._clock
        yield PlainText(f"Clock of #{clock.number}", classes="question")
        yield PlainText(clock.words, id="line")
        with VerticalScroll(id="steps"):
            for step in clock.lines:
                line = PlainText(classes="step")
                line.show_parts((step.when, "$text-muted"), f"  {_step_words(step)}")
                yield line
        yield ChoiceList(self._choices(), id="choices")
        yield PlainText(f"Dates in {clock.zone}; clause {clock.clause}", classes="hint")
        yield PlainText("↵ choose   tab steps   esc back" if self._something_to_do else "esc back", id="keys")

    def on_mount(self) -> None:
        steps = self.query_one("#steps", VerticalScroll)
        (self.query_one(ChoiceList) if self._something_to_do else steps).focus()
        steps.scroll_end(animate=False)

    @property
    def _something_to_do(self) -> bool:
        return not (self._clock.why_not_extend and self._clock.why_not_ask)

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Answer with the line under the cursor."""
        event.stop()
        self.dismiss(event.option_id)

    def _choices(self) -> list[Choice]:
        clock = self._clock
        by = f" by {clock.extension}" if clock.extension else ""
        return [
            _offer(EXTEND, f"Extend the term{by}", "The requester is told why.", clock.why_not_extend),
            _offer(ASK, "Ask for proof of identity", "The requester gets the policy's own words.", clock.why_not_ask),
        ]


def reason_dialog(clock: ClockView) -> WordsDialog:
    """Why the answer takes longer."""
    question = f"Why does the answer take {clock.extension} longer? The requester reads this."
    return WordsDialog(question, reason_place(clock.number), clock.number, hint=REASON_HINT)


def reason_place(number: int) -> str:
    """Where the reason of an extension is kept while it is written."""
    return f"extend:{number}"


def sent_words(delivery: DeliveryState) -> str:
    """What became of the word to the requester."""
    return _SENT.get(delivery, "The message to the requester is on its way.")


def _offer(key: str, title: str, note: str, why_not: str) -> Choice:
    return Choice(key, title, why_not or note, can_choose=not why_not)


def _step_words(step: ClockLine) -> str:
    words = f"{step.what}, {step.by}" if step.by else step.what
    return f"{words}: {step.reason}" if step.reason else words

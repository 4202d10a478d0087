"""The clock of one ticket: what the due date is made of, what happened, and what can be done about it now."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll

from cs_console.decisions.clock_view import ClockLine, ClockView, FeeWait
from cs_console.local_time import date_words
from models.enums import DeliveryState
from screens.frame.choice import ChoiceDialog
from screens.frame.dialog import Dialog
from screens.frame.text_dialog import WordsDialog
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import PlainText

EXTEND, ASK, PAID, UNPAID = "extend", "ask", "paid", "unpaid"
SEND = "send"
REASON_HINT = "ctrl+s extend and inform the requester   esc save as draft"
_SENT = {
    DeliveryState.SENT: Said("The requester has been informed."),
    DeliveryState.FAILED: Said("The message was not sent yet. The console will try again.", Tone.WARNING),
    DeliveryState.REFUSED: Said(
        "The message was not delivered, and the console will not try again. Use another channel.", Tone.ERROR
    ),
}


class ClockDialog(Dialog[str]):
    """The answer is what to do: EXTEND, ASK, PAID or UNPAID. What is not possible now says why."""

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
        yield PlainText(f"{zone_words(clock.zone)}; {clock.clause}", classes="hint")
        yield PlainText("↵ choose   tab steps   esc back" if self._something_to_do else "esc back", id="keys")

    def on_mount(self) -> None:
        steps = self.query_one("#steps", VerticalScroll)
        (self.query_one(ChoiceList) if self._something_to_do else steps).focus()
        steps.scroll_end(animate=False)

    @property
    def _something_to_do(self) -> bool:
        return any(choice.can_choose for choice in self._choices())

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Answer with the selected line."""
        event.stop()
        self.dismiss(event.option_id)

    def _choices(self) -> list[Choice]:
        clock = self._clock
        by = f" by {clock.extension}" if clock.extension else ""
        extend = _offer(EXTEND, f"Extend the term{by}", "The requester is told the reason.", clock.why_not_extend)
        if clock.fee is not None:  # a requester who was asked for a fee had been verified
            return [*_fee_choices(clock.fee), extend]
        ask = _offer(ASK, "Ask for proof of identity", "You see the letter before it is sent.", clock.why_not_ask)
        return [extend, ask]


class LetterDialog(Dialog[str]):
    """Shows a letter and asks whether to send it; the answer is SEND or nothing. The cursor starts on no."""

    CSS_PATH = "clock.tcss"

    def __init__(self, question: str, letter: str, send: str, note: str) -> None:
        super().__init__()
        self._question = question
        self._letter = letter
        self._send = Choice(SEND, send, note)

    def body(self) -> ComposeResult:
        yield PlainText(self._question, classes="question")
        with VerticalScroll(id="steps"):
            yield PlainText(self._letter, classes="step", id="sent")
        yield ChoiceList([Choice("no", "Do not send"), self._send], id="choices")
        yield PlainText("↵ choose   tab letter   esc back", id="keys")

    def on_mount(self) -> None:
        self.query_one(ChoiceList).focus()

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Answer with the selected line."""
        event.stop()
        self.dismiss(SEND if event.option_id == SEND else None)


def ask_dialog(clock: ClockView) -> LetterDialog:
    """Preview the letter that asks for proof of identity."""
    question = f"Ask the requester of #{clock.number} for proof of identity?"
    return LetterDialog(question, clock.identity_letter, "Send it", "The requester receives it at once.")


def unpaid_dialog(clock: ClockView) -> LetterDialog:
    """Preview the letter that closes the request as unpaid."""
    letter = clock.fee.letter if clock.fee else ""
    question = f"Close #{clock.number} because the fee was not paid?"
    return LetterDialog(question, letter, "Send it and close the request", "The requester receives it at once.")


def paid_dialog(number: int, fee: FeeWait) -> ChoiceDialog:
    """Ask on which day the fee was paid; the key of each answer is that day (ISO 8601)."""
    newest = fee.days[0]
    near = {newest: "today", newest - timedelta(days=1): "yesterday"}
    days = [Choice(one.isoformat(), f"{one:%a} {date_words(one)}", near.get(one, "")) for one in fee.days]
    return ChoiceDialog(f"On which day was the fee of #{number} paid?", days, hint="↵ record it   esc back")


def reason_dialog(clock: ClockView) -> WordsDialog:
    """Ask why the answer takes longer."""
    question = f"Why does the answer take {clock.extension} longer? The requester will read this."
    return WordsDialog(question, reason_place(clock.number), clock.number, hint=REASON_HINT)


def reason_place(number: int) -> str:
    """Where the draft of an extension's reason is kept."""
    return f"extend:{number}"


def sent_words(delivery: DeliveryState) -> Said:
    """What happened to the message to the requester."""
    return _SENT.get(delivery, Said("The message to the requester is being sent."))


def zone_words(name: str) -> str:
    """Which time zone these dates use: the policy's, which can differ from that of the other screens."""
    now = datetime.now(UTC)
    there, here = now.astimezone(ZoneInfo(name)), now.astimezone()
    if there.utcoffset() == here.utcoffset():
        return f"Dates in {name}"
    return f"Times in {name}, not in {here:%Z} as on other screens"


def _fee_choices(fee: FeeWait) -> tuple[Choice, ...]:
    return (
        _offer(PAID, "The fee was paid", "You choose the day; the work continues.", fee.why_not_paid),
        _offer(
            UNPAID, "The fee was not paid", "This closes the request. You see the letter first.", fee.why_not_unpaid
        ),
    )


def _offer(key: str, title: str, note: str, why_not: str) -> Choice:
    return Choice(key, title, why_not or note, can_choose=not why_not)


def _step_words(step: ClockLine) -> str:
    words = f"{step.what}, {step.by}" if step.by else step.what
    return f"{words}: {step.reason}" if step.reason else words

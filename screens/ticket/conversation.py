"""The lines of a ticket's conversation, redacted, oldest first."""

from collections.abc import Callable
from datetime import UTC, datetime

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll

from cs_console.casework.conversation import Line
from cs_console.casework.earlier_lines import Passage, passages_of
from cs_console.delivery.send_times import when_words
from cs_console.local_time import moment
from models.enums import DeliveryState, MailClass, MessageSort, SenderCheck
from screens.ticket.attachment_words import label_words
from screens.widgets.safe_text import PlainText

_SORTS = {
    MessageSort.NOTE: "note",
    MessageSort.CODE: "verification notice",
    MessageSort.NOTICE: "notice",
    MessageSort.REMINDER: "about verification",
    MessageSort.ACKNOWLEDGEMENT: "a form's acknowledgement",
}
_OF_A_MACHINE = {
    MailClass.AUTOMATIC: "automatic reply",
    MailClass.BOUNCE: "delivery report",
    MailClass.FEEDBACK: "complaint about our mail",
}
_CHECKED = {
    SenderCheck.NOT_CHECKED: "",
    SenderCheck.CONFIRMED: ", sender confirmed",
    SenderCheck.FAILED: ", sender not confirmed",
}
"""What our mail server says of the address: a label, which proves no one's identity."""
_DELIVERY = {
    DeliveryState.QUEUED: "not sent yet",
    DeliveryState.SENDING: "being sent",
    DeliveryState.FAILED: "not delivered",
    DeliveryState.CAME_BACK: "came back",
}


_WHY = {
    "ticket_handed_on": "the ticket changed hands",
    "writer_suspended": "its writer's account is suspended",
    "ticket_linked": "the ticket was linked to another requester",
    "contact_not_on_file": "the contact was changed",
    "erased": "the data was erased",
    "delivery_unknown": "sending it broke off, and it may have gone out",
}
"""What kept a message from going out, by an error's code; of others the notice bar and the log say more."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MessageBlock(Vertical):
    """One message: who and when, then the text. Of one that is held it says until when, counting down."""

    def __init__(
        self,
        line: Line,
        now: Callable[[], datetime] = _utc_now,
        undo_key: str = "u",
        passages: tuple[Passage, ...] = (),
        earlier_key: str = "q",
    ) -> None:
        super().__init__(classes=f"-{line.sort.value}")
        self.set_class(line.delivery is DeliveryState.CAME_BACK, "-came-back")
        self.line_id = line.id
        self._line = line
        self._now = now
        self._undo_key = undo_key
        self._passages = passages or (Passage(line.text.strip() or "(no text)"),)
        self._earlier_key = earlier_key

    def on_mount(self) -> None:
        if self._line.goes_out_at is not None:
            self.set_interval(1.0, self._count_down)

    def _count_down(self) -> None:
        self.query_one(".held", PlainText).show(self._held_words())

    def _held_words(self) -> str:
        at, undo = self._line.goes_out_at, self._line.can_take_back
        words = f"! goes out {when_words(at, self._now())}" if at is not None else ""
        return f"{words}   {self._undo_key} takes it back" if undo else words

    def compose(self) -> ComposeResult:
        yield PlainText(_head(self._line), classes="head")
        for passage in self._passages:
            if passage.folded:
                yield PlainText(f"▸ {passage.folded}   {self._earlier_key} shows them", classes="folded")
                yield PlainText(f"▾ {passage.folded}   {self._earlier_key} hides them", classes="unfolded")
            yield PlainText(passage.text, classes="words earlier" if passage.folded else "words")
        if self._line.advice:
            yield PlainText(self._line.advice, classes="advice")
        for label in self._line.attachments:
            yield PlainText(f"▪ {label_words(label)}", classes="sealed")
        if self._line.goes_out_at is not None:  # below the text: a letter can be longer than the screen
            yield PlainText(self._held_words(), classes="held")


class Conversation(VerticalScroll):
    """Scrolls by line and page; unchanged lines keep their place. What messages repeat of earlier ones, and signatures,
    are folded to one line until they are asked for."""

    BINDINGS = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
    ]

    def __init__(
        self, *, id: str, now: Callable[[], datetime] = _utc_now, undo_key: str = "u", earlier_key: str = "q"
    ) -> None:
        super().__init__(id=id, can_focus=True)
        self._earlier_key = earlier_key
        self._folds = 0
        self._now = now
        self._undo_key = undo_key
        self._lines: tuple[Line, ...] = ()

    async def show(self, lines: tuple[Line, ...], remark: str = "") -> None:
        """Show these lines instead, with `remark` above them."""
        if lines == self._lines and self.children:
            return
        grew = bool(self._lines) and len(lines) > len(self._lines)
        self._lines = lines
        with self.app.batch_update():
            await self.remove_children()
            passages = passages_of(lines)
            self._folds = sum(1 for found in passages.values() for passage in found if passage.folded)
            blocks = [
                MessageBlock(line, self._now, self._undo_key, passages.get(line.id, ()), self._earlier_key)
                for line in lines
            ]
            remarks = [PlainText(remark, classes="remark")] if remark else []
            await self.mount_all([*remarks, *blocks])
        if grew:
            self.scroll_end(animate=False)

    def turn(self) -> bool | None:
        """Show the folded lines, or fold them again: whether they are shown now, None where nothing is folded."""
        if not self._folds:
            return None
        self.toggle_class("-unfolded")
        return self.has_class("-unfolded")

    def block(self, line_id: str) -> MessageBlock | None:
        """The widget of one line."""
        return next((block for block in self.query(MessageBlock) if block.line_id == line_id), None)


def _head(line: Line) -> str:
    parts = [moment(line.at), f"{line.who}, {_sort(line)}"]
    if line.delivery in _DELIVERY:
        why = f": {_WHY[line.problem]}" if line.problem in _WHY else ""
        parts.append(f"! {_DELIVERY[line.delivery]}{why}")
    return "  ".join(parts)


def _sort(line: Line) -> str:
    if line.sort is MessageSort.AUTOMATIC:
        return _OF_A_MACHINE.get(line.mail_class, "automatic reply")
    through = ", through a list" if line.mail_class is MailClass.LIST else ""
    return f"{_SORTS.get(line.sort, line.channel.value)}{through}{_CHECKED[line.sender_check]}"

"""The lines of a ticket's conversation, redacted, oldest first."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll

from cs_console.casework.conversation import Line
from cs_console.local_time import moment
from models.enums import DeliveryState, MailClass, MessageSort
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
_DELIVERY = {
    DeliveryState.QUEUED: "not sent yet",
    DeliveryState.FAILED: "not delivered",
    DeliveryState.CAME_BACK: "came back",
}


class MessageBlock(Vertical):
    """One message: who and when, then the text."""

    def __init__(self, line: Line) -> None:
        super().__init__(classes=f"-{line.sort.value}")
        self.set_class(line.delivery is DeliveryState.CAME_BACK, "-came-back")
        self.line_id = line.id
        self._line = line

    def compose(self) -> ComposeResult:
        yield PlainText(_head(self._line), classes="head")
        yield PlainText(self._line.text.strip() or "(no text)", classes="words")
        if self._line.advice:
            yield PlainText(self._line.advice, classes="advice")
        for label in self._line.attachments:
            yield PlainText(f"▪ {label_words(label)}", classes="sealed")


class Conversation(VerticalScroll):
    """Scrolls by line and page; unchanged lines keep their place."""

    BINDINGS = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, can_focus=True)
        self._lines: tuple[Line, ...] = ()

    async def show(self, lines: tuple[Line, ...], remark: str = "") -> None:
        """Show these lines instead, with `remark` above them."""
        if lines == self._lines and self.children:
            return
        grew = bool(self._lines) and len(lines) > len(self._lines)
        self._lines = lines
        with self.app.batch_update():
            await self.remove_children()
            blocks = [MessageBlock(line) for line in lines]
            remarks = [PlainText(remark, classes="remark")] if remark else []
            await self.mount_all([*remarks, *blocks])
        if grew:
            self.scroll_end(animate=False)

    def block(self, line_id: str) -> MessageBlock | None:
        """The widget of one line."""
        return next((block for block in self.query(MessageBlock) if block.line_id == line_id), None)


def _head(line: Line) -> str:
    parts = [moment(line.at), f"{line.who}, {_sort(line)}"]
    if line.delivery in _DELIVERY:
        parts.append(f"! {_DELIVERY[line.delivery]}")
    return "  ".join(parts)


def _sort(line: Line) -> str:
    if line.sort is MessageSort.AUTOMATIC:
        return _OF_A_MACHINE.get(line.mail_class, "automatic reply")
    through = ", through a list" if line.mail_class is MailClass.LIST else ""
    return f"{_SORTS.get(line.sort, line.channel.value)}{through}"

"""The lines of a ticket's conversation, redacted, oldest first."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from textual import events
from textual.binding import Binding
from textual.timer import Timer

from cs_console.casework.conversation import Line
from cs_console.casework.earlier_lines import Passage, passages_of
from cs_console.casework.ticket_view import REQUESTER, UNCONFIRMED
from cs_console.delivery.send_times import when_words
from cs_console.local_time import moment
from models.enums import DeliveryState, MailClass, MessageSort, SenderCheck
from screens.ticket.attachment_words import label_words
from screens.ticket.value_pane import ValuePane
from screens.widgets.drawn_lines import Paragraph, Piece
from screens.widgets.signs import Sign

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

MEASURE = 88
"""The most cells of a line of prose."""
OURS_INDENT = 4
_HIDDEN = re.compile(r"(\[[^\W\d_][\w ·-]{0,30}\])")
"""How redaction writes what it replaced."""
_NEW = "new since you looked"
_NOT_OUT_YET = frozenset({DeliveryState.HELD, DeliveryState.QUEUED, DeliveryState.SENDING})
_WENT_WRONG = frozenset({DeliveryState.FAILED, DeliveryState.CAME_BACK})


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Look:
    """How one message is drawn: its gutter, how far in, on what, and the looks of its first line and its text."""

    gutter: Piece
    indent: int = 0
    ground: str = ""
    who: str = "title"
    text: str = ""

    def paragraph(self, *pieces: Piece, key: str) -> Paragraph:
        """Some of its text."""
        most = MEASURE if self.ground or self.indent else MEASURE + OURS_INDENT
        return Paragraph(pieces, key=key, lead=self.gutter, indent=self.indent, ground=self.ground, most=most)


class Conversation(ValuePane, can_focus=True):
    """Scrolls by line and page; unchanged lines keep their place. What messages repeat of earlier ones, and signatures,
    are folded to one line until they are asked for. On opening, the newest message is in sight.
    """

    BINDINGS = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
    ]

    def __init__(
        self, *, id: str, now: Callable[[], datetime] = _utc_now, undo_key: str = "u", earlier_key: str = "q"
    ) -> None:
        super().__init__(id=id)
        self._earlier_key = earlier_key
        self._now = now
        self._undo_key = undo_key
        self._lines_shown: tuple[Line, ...] = ()
        self._passages: dict[str, tuple[Passage, ...]] = {}
        self._unfolded = False
        self._remark = ""
        self._names: dict[str, str] = {}
        self._first_new = ""
        self._counting: Timer | None = None
        self._to_newest = False
        self._height = 0

    def show(
        self,
        lines: tuple[Line, ...],
        remark: str = "",
        *,
        requester: str = "",
        me: str = "",
        looked_at: datetime | None = None,
    ) -> None:
        """Show these lines instead, with `remark` above them, and the requester and this agent by these names.

        A rule sets apart what others wrote since this agent looked, down to the end.
        """
        names = {REQUESTER: requester or REQUESTER, **({me: "you"} if me else {})}
        first_new = _first_new(lines, looked_at, me)
        if (lines, remark, names, first_new) == (self._lines_shown, self._remark, self._names, self._first_new):
            return
        grew = len(lines) > len(self._lines_shown)
        self._lines_shown, self._remark, self._names = lines, remark, names
        self._first_new = first_new
        self._passages = passages_of(lines)
        self._count_down(any(line.goes_out_at is not None for line in lines))
        self._to_newest = self._to_newest or grew
        self.draw_again()

    def on_resize(self, event: events.Resize) -> None:
        """Keep the end in sight where it was: the composer takes rows from below."""
        del event
        before, self._height = self._height, self.scrollable_content_region.height
        if 0 < before != self._height and self.scroll_offset.y + before >= self.virtual_size.height:
            self.call_after_refresh(self.scroll_end, force=True)

    def draw_again(self) -> None:
        super().draw_again()
        if self._to_newest and self._lines_shown and self._width:
            self._to_newest = False
            newest = self._lines_shown[-1]
            first = _NEW if newest.id == self._first_new else newest.id
            place = self.start_of(first) if newest.goes_out_at is None else self.virtual_size.height
            self.call_after_refresh(self.scroll_to, y=place, force=True)

    def _count_down(self, counts: bool) -> None:
        if self._counting is not None:
            self._counting.stop()
        self._counting = self.set_interval(1.0, self.draw_again) if counts else None

    def turn(self) -> bool | None:
        """Show the folded lines, or fold them again: whether they are shown now, None where nothing is folded."""
        if not any(passage.folded for passages in self._passages.values() for passage in passages):
            return None
        self._unfolded = not self._unfolded
        self.draw_again()
        return self._unfolded

    def has(self, line_id: str) -> bool:
        """Whether it shows this line."""
        return any(line.id == line_id for line in self._lines_shown)

    # --- drawing

    def paragraphs(self, width: int) -> Iterator[Paragraph]:
        """Every message, a blank line after each."""
        if self._remark:
            yield Paragraph(((self._remark, "quiet"),))
            yield Paragraph()
        for line in self._lines_shown:
            if line.id == self._first_new:
                rule = "─" * (min(width, MEASURE + OURS_INDENT) - len(_NEW) - 1)
                yield Paragraph(((f"{_NEW} ", "person"), (rule, "blue")), key=_NEW, cut=True)
                yield Paragraph()
            yield from self._message(line)
            yield Paragraph()

    def _message(self, line: Line) -> Iterator[Paragraph]:
        look = _look(line)
        yield look.paragraph(*self._head(line, look), key=line.id)
        if self.value is not None and self.value_key == line.id:
            yield from self.value.paragraphs("", 0)
        else:
            for passage in self._passages.get(line.id, ()) or (Passage(line.text.strip() or "(no text)"),):
                yield from self._passage(passage, look, line.id)
        if line.advice:
            yield look.paragraph((line.advice, "bad"), key=line.id)
        for label in line.attachments:
            yield look.paragraph((f"{Sign.ATTACHMENT} ", "quiet"), (label_words(label), ""), key=line.id)
        if line.goes_out_at is not None:  # below the text, where the end of a letter longer than the screen is in sight
            yield look.paragraph(*self._held(line), key=line.id)

    def _passage(self, passage: Passage, look: _Look, key: str) -> Iterator[Paragraph]:
        text = look.text
        if passage.folded:
            sign, does = (Sign.UNFOLDED, "hides") if self._unfolded else (Sign.FOLDED, "shows")
            key_piece = (self._earlier_key, "key")
            yield look.paragraph(
                (f"{sign} {passage.folded}   ", "quiet"), key_piece, (f" {does} them", "quiet"), key=key
            )
            if not self._unfolded:
                return
            text = "quiet"
        yield look.paragraph(*_redacted(passage.text, text), key=key)

    def _head(self, line: Line, look: _Look) -> Iterator[Piece]:
        yield self._names.get(line.who, line.who), look.who
        yield f", {_sort(line)}  {moment(line.at)}", "quiet"
        if line.delivery in _DELIVERY:
            why = f": {_WHY[line.problem]}" if line.problem in _WHY else ""
            yield f"  ! {_DELIVERY[line.delivery]}{why}", "bad" if line.delivery in _WENT_WRONG else "warning"

    def _held(self, line: Line) -> Iterator[Piece]:
        if line.goes_out_at is not None:
            yield f"! goes out {when_words(line.goes_out_at, self._now())}", "warning"
        if line.can_take_back:
            yield "   ", ""
            yield self._undo_key, "key"
            yield " takes it back", "quiet"


def _first_new(lines: tuple[Line, ...], looked_at: datetime | None, me: str) -> str:
    """The id of the first line by someone else since then; none where that is the whole conversation."""
    if looked_at is None:
        return ""
    new = [at for at, line in enumerate(lines) if line.at > looked_at and line.who != me and line.goes_out_at is None]
    return lines[new[0]].id if new and new[0] else ""


def _look(line: Line) -> _Look:
    if line.sort is MessageSort.NOTE:
        return _Look((f"{Sign.NOTE} ", "quiet"), OURS_INDENT, text="note")
    if line.sort is MessageSort.AUTOMATIC:
        return _Look((f"{Sign.EVENT} ", "quiet"), who="quiet", text="quiet")
    if line.sort is MessageSort.RECEIVED:
        if line.who == UNCONFIRMED:
            return _Look((f"{Sign.FROM_REQUESTER} ", "warning"), who="warning")
        return _Look((f"{Sign.FROM_REQUESTER} ", "blue"), who="person")
    return _Look((f"{Sign.NOTE if line.delivery in _NOT_OUT_YET else Sign.FROM_US} ", "quiet"), OURS_INDENT, "sheet")


def _redacted(text: str, look: str) -> Iterator[Piece]:
    """The text with what redaction wrote into it set apart."""
    for at, part in enumerate(_HIDDEN.split(text)):
        if part:
            yield part, "masked" if at % 2 else look


def _sort(line: Line) -> str:
    if line.sort is MessageSort.AUTOMATIC:
        return _OF_A_MACHINE.get(line.mail_class, "automatic reply")
    through = ", through a list" if line.mail_class is MailClass.LIST else ""
    return f"{_SORTS.get(line.sort, line.channel.value)}{through}{_CHECKED[line.sender_check]}"

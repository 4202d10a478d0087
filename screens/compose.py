"""Writing: a reply to the requester, or a note that stays on the desk."""

from functools import partial

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Select, TextArea

from cs_console.delivery.outgoing import CHANNELS
from cs_console.errors import ChangedElsewhere, Refusal
from cs_console.tickets.conversation import TicketView, add_note, reload, reply
from models.enums import DeliveryState, MessageSort
from screens.draft_screen import DraftScreen
from screens.registry import bindings_for
from screens.widgets.notice_bar import Tone
from screens.widgets.safe_text import PlainText, cell

_SENT = {
    DeliveryState.SENT: "Sent.",
    DeliveryState.QUEUED: "Kept; it goes out as soon as the store answers.",
    DeliveryState.FAILED: "It could not be delivered; it is kept and tried again.",
}


class ComposeScreen(DraftScreen[str]):
    """The requester's address is chosen by its mask and never shown. Nothing typed is lost on the way."""

    WHERE = "form"
    CSS_PATH = "compose.tcss"
    BINDINGS = bindings_for("form")

    def __init__(self, number: int, sort: MessageSort) -> None:
        super().__init__(f"{sort.value}:{number}", number)
        self.number = number
        self._sort = sort
        self._view: TicketView | None = None

    def body(self) -> ComposeResult:
        yield PlainText(id="about")
        if self._sort is MessageSort.REPLY:
            with Horizontal(id="to"):
                yield PlainText("To", classes="label")
                yield Select[str]([], prompt="choose a contact", id="contact", compact=True)
        yield TextArea(id="text", placeholder=self._invitation)
        yield PlainText(self._promise, id="promise")

    @property
    def _invitation(self) -> str:
        return "Write to the requester" if self._sort is MessageSort.REPLY else "Write for your colleagues"

    @property
    def _promise(self) -> str:
        if self._sort is MessageSort.REPLY:
            return "The address is used without being shown. Escape keeps a draft."
        return "It stays with the ticket, nothing goes out. Escape keeps a draft."

    def on_mount(self) -> None:
        what = "Reply to" if self._sort is MessageSort.REPLY else "Note on"
        self.heading = f"{what} #{self.number}"
        self.query_one(TextArea).focus()
        self.ask(partial(reload, self.desk, self.number), self._opened)

    def _opened(self, view: TicketView) -> None:
        self._view = view
        self.query_one("#about", PlainText).show(view.subject)
        if self._sort is MessageSort.REPLY:
            self._offer_contacts(view)

    def _offer_contacts(self, view: TicketView) -> None:
        select: Select[str] = self.query_one("#contact", Select)
        titles = {one.item: one.title for one in view.fields}
        contacts = [one for one in view.contacts if one.field in CHANNELS]
        contacts.sort(key=lambda one: (CHANNELS[one.field] is not view.channel, not one.on_file))
        kept = select.value
        select.set_options(
            (
                cell(f"{titles.get(one.id, one.field.value)}  {one.mask}{'' if one.on_file else '  claimed'}"),
                one.id,
            )
            for one in contacts
        )
        ids = [one.id for one in contacts]
        if isinstance(kept, str) and kept in ids:
            select.value = kept
        elif ids:
            select.value = ids[0]
        else:
            select.prompt = "nothing to write to"
            self.say(view.feedback_note or "This requester left no address that could be written to.", Tone.WARNING)

    def draft(self) -> str:
        return self.query_one(TextArea).text

    def restore(self, draft: str) -> bool:
        area = self.query_one(TextArea)
        area.load_text(draft)
        area.move_cursor(area.document.end)
        return True

    def action_send(self) -> None:
        """Send the reply, or keep the note."""
        if self._view is None:
            return
        text = self.draft()
        if self._sort is MessageSort.NOTE:
            work = partial(add_note, self.desk, self.number, self._view.row, text)
            self.change(work, self._noted, refused=self._refused)
            return
        contact = self.query_one("#contact", Select).value
        contact_id = contact if isinstance(contact, str) else ""
        send = partial(reply, self.desk, self.number, self._view.row, contact_id, text)
        self.change(send, self._sent, refused=self._refused)

    def _noted(self, _row: int) -> None:
        self.sent()
        self.dismiss("The note is kept with the ticket.")

    def _sent(self, delivery: DeliveryState) -> None:
        self.sent()
        self.dismiss(_SENT.get(delivery, _SENT[DeliveryState.QUEUED]))

    def _refused(self, refusal: Refusal) -> None:
        self.say(refusal)
        if isinstance(refusal, ChangedElsewhere):
            self.ask(partial(reload, self.desk, self.number), self._opened)

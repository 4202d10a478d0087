"""Writing a reply to the requester, or an internal note."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Select, TextArea

from cs_console.casework.attachments import AttachmentLabel
from cs_console.casework.conversation import TicketView, add_note, reload, reply
from cs_console.casework.reply_files import attach_file, attach_folder, attached_files, take_off
from cs_console.delivery.outgoing import CHANNELS
from cs_console.delivery.send_times import when_words
from cs_console.errors import ChangedElsewhere, ConsoleError, DoneBefore, NothingThere
from models.enums import DeliveryState, MessageSort
from screens.frame.choice import ChoiceDialog
from screens.frame.draft_screen import DraftScreen
from screens.frame.steps import in_steps
from screens.registry import bindings_for
from screens.ticket.attach_file import PathDialog
from screens.ticket.attachment_words import label_words
from screens.ticket.lines import said
from screens.ticket.send_later import SendLaterDialog
from screens.widgets.choice_list import Choice
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import PlainText, cell
from screens.widgets.signs import Sign
from screens.widgets.writing_area import WritingArea

_KEPT = Said("Saved. It will be sent as soon as the store answers.", Tone.WARNING)
_SENT = {
    DeliveryState.SENT: Said("Sent."),
    DeliveryState.FAILED: Said(
        "It could not be delivered yet. It is saved, and the console will try again.", Tone.WARNING
    ),
    DeliveryState.REFUSED: Said(
        "It was not delivered, and the console will not try again. It stays with the ticket: write to another contact.",
        Tone.ERROR,
    ),
}

_ANOTHER = "another"

Answer = TypeVar("Answer")


class ComposeScreen(DraftScreen[Said]):
    """The requester's address is chosen by its mask and never shown. Nothing typed is lost."""

    WHERE = "form"
    CSS_PATH = "compose.tcss"
    BINDINGS = bindings_for("form")
    HELP_TITLE = "Writing"
    HELP = (
        "What you type is sealed and saved every second. Nothing is lost if the console stops. A reply is held for a "
        "moment, or until the time you choose: until then u on the ticket takes it back into this form."
    )

    def __init__(self, number: int, sort: MessageSort) -> None:
        super().__init__(f"{sort.value}:{number}", number)
        self.number = number
        self._sort = sort
        self._view: TicketView | None = None
        self._files: tuple[AttachmentLabel, ...] = ()
        self._path = ""

    def body(self) -> ComposeResult:
        yield PlainText(id="about")
        if self._sort is MessageSort.REPLY:
            with Horizontal(id="to"):
                yield PlainText("To", classes="label")
                yield Select[str]([], prompt="choose a contact", id="contact", compact=True)
        yield WritingArea(id="text", placeholder=self._invitation)
        yield PlainText(id="files")
        yield PlainText(self._promise, id="promise")

    @property
    def _invitation(self) -> str:
        return "Write to the requester" if self._sort is MessageSort.REPLY else "Write for your colleagues"

    @property
    def _promise(self) -> str:
        if self._sort is MessageSort.REPLY:
            return "The address is used but not shown. Escape saves a draft."
        return "The note stays with the ticket; nothing is sent. Escape saves a draft."

    def on_mount(self) -> None:
        what = "Reply to" if self._sort is MessageSort.REPLY else "Note on"
        self.heading = f"{what} #{self.number}"
        self.query_one(TextArea).focus()
        self._read()

    @in_steps
    async def _read(self) -> None:
        self._view = view = await self.call(partial(reload, self.session, self.number))
        self.query_one("#about", PlainText).show(view.subject)
        if self._sort is MessageSort.REPLY:
            self._offer_contacts(view)
            self._read_files()

    @in_steps
    async def _read_files(self) -> None:
        self._files = await self.call(partial(attached_files, self.session, self.number), group="files")
        shown = self.query_one("#files", PlainText)
        shown.display = bool(self._files)
        shown.show("\n".join(f"{Sign.ATTACHMENT} {label_words(label)}" for label in self._files))

    def _offer_contacts(self, view: TicketView) -> None:
        select: Select[str] = self.query_one("#contact", Select)
        titles = {one.item: one.title for one in view.fields}
        contacts = [one for one in view.contacts if one.field in CHANNELS and one.id in view.may_write_to]
        contacts.sort(key=lambda one: (CHANNELS[one.field] is not view.channel, not one.on_file))
        kept = select.value
        select.set_options(
            (
                cell(f"{titles.get(one.id, one.field.value)}  {one.mask}{said(one)}"),
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
            select.prompt = "no address"
            self.say(view.feedback_note or "The requester gave no address that we can write to.", Tone.WARNING)

    def draft(self) -> str:
        return self.query_one(TextArea).text

    def restore(self, draft: str) -> bool:
        area = self.query_one(TextArea)
        area.load_text(draft)
        area.move_cursor(area.document.end)
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A note is never sent, so it has no time to go out at and takes no files."""
        if action in {"send_later", "attach"} and self._sort is not MessageSort.REPLY:
            return False
        return super().check_action(action, parameters)

    @in_steps
    async def action_send_later(self) -> None:
        """Choose when the reply goes out, and hold it until then."""
        if self._view is None:
            self.say("The ticket is still loading. Send it in a moment.", Tone.INFO)
            return
        at = await self.ask(SendLaterDialog(self.session.desk.clock.now))
        if at is not None:
            await self._reply(self._view, at)

    @in_steps
    async def action_attach(self) -> None:
        """Attach a file, or take one off again. What is typed stays as it is, whatever becomes of it."""
        settings = self.console.settings
        folder = attach_folder(settings)
        kept = [Choice(label.id, f"Take off {label.name}") for label in self._files]
        chosen: str | None = _ANOTHER
        if kept:
            question = "Attach another file, or take one off?"
            chosen = await self.ask(ChoiceDialog(question, [Choice(_ANOTHER, "Attach another file"), *kept]))
        if chosen == _ANOTHER:
            path = await self.ask(PathDialog(folder, settings.attach_mib, self._path))
            if path is not None:
                self._path = path
                await self.change(partial(attach_file, self.session, self.number, path))
                self._path = ""
        elif chosen is not None:
            await self.change(partial(take_off, self.session, self.number, chosen))
        self._read_files()

    @in_steps
    async def action_send(self) -> None:
        """Send the reply or save the note."""
        if self._view is None:
            self.say("The ticket is still loading. Send it in a moment.", Tone.INFO)
        elif self._sort is MessageSort.NOTE:
            note = partial(add_note, self.session, self.number, self._view.version, self.draft(), act=self.act)
            await self._send(note, _noted)
        else:
            await self._reply(self._view)

    async def _reply(self, view: TicketView, at: datetime | None = None) -> None:
        chosen = self.query_one("#contact", Select).value
        contact_id = chosen if isinstance(chosen, str) else ""
        session, console = self.session, self.console
        files = tuple(label.id for label in self._files)
        letter = partial(
            reply, session, self.number, view.version, contact_id, self.draft(), files=files, act=self.act, at=at
        )

        def told(delivery: DeliveryState) -> Said:
            now = session.desk.clock.now()  # after it was kept, so not before its time
            due = at or now + timedelta(seconds=session.desk.settings.send_delay)
            if delivery is DeliveryState.HELD:
                console.deliver_held(self.number, due)
            return reply_words(delivery, when_words(due, now))

        await self._send(letter, told)

    async def _send(self, work: Callable[[], Answer], told: Callable[[Answer], Said]) -> None:
        """Do it once. Text typed meanwhile would be lost with the screen, so the area is read-only until then."""
        area = self.query_one(TextArea)
        area.read_only = True
        try:
            answer = await self.change(partial(self.used_up, self.session, self.typed(), work), late=told)
        except ConsoleError as refusal:
            area.read_only = False
            self.say(refusal)
            if isinstance(refusal, (ChangedElsewhere, DoneBefore, NothingThere)):
                self._read()
        else:
            self.dismiss(told(answer))


def reply_words(delivery: DeliveryState, when: str = "later") -> Said:
    """What the console says about a reply, by the outcome of its delivery; `when` a held one goes out."""
    if delivery is DeliveryState.HELD:
        return Said(f"It goes out {when}. u takes it back until then.")
    return _SENT.get(delivery, _KEPT)


def _noted(_row: int) -> Said:
    return Said("The note was saved.")

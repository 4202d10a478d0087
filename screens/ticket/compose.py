"""Writing a reply to the requester, or an internal note, below the conversation that it belongs to."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Select, TextArea

from cs_console.casework.attachments import AttachmentLabel
from cs_console.casework.conversation import TicketView, add_note, reload, reply
from cs_console.casework.reply_files import attach_file, attach_folder, attached_files, take_off
from cs_console.delivery.outgoing import CHANNELS
from cs_console.delivery.send_times import when_words
from cs_console.errors import ChangedElsewhere, ConsoleError, DoneBefore, NothingThere
from cs_console.local_time import hour
from models.enums import DeliveryState, Doing, MessageSort
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
FULL, LOWEST_FOR_BOTH = "-full", 20
"""The class of the screen while it covers the whole ticket, and the rows from which on both have room."""
ROWS, ROWS_BESIDE_TEXT = 8, 3
"""How high it is at first, and what of that is no text: the recipient, a rule, and the line below."""

Answer = TypeVar("Answer")


class Behind(Protocol):
    """The ticket that stays in sight above what is written."""

    def scroll_conversation(self, by: int) -> None:
        """Move the conversation by so many steps, down where `by` is positive."""

    def give_room(self, rows: int) -> None:
        """Show all of the conversation above so many rows."""

    def refresh_now(self) -> None:
        """Show what came in meanwhile."""


class ComposeScreen(DraftScreen[Said]):
    """The requester's address is chosen by its mask and never shown. Nothing typed is lost.

    It covers the lower rows of the ticket's conversation alone, more of them as the text grows, up to half of the
    screen. A terminal too low for both, it covers whole.
    """

    WHERE = "form"
    CSS_PATH = "compose.tcss"
    BINDINGS = bindings_for("form")
    VERTICAL_BREAKPOINTS = [(0, FULL), (LOWEST_FOR_BOTH, "-short"), (30, "-tall")]
    HELP_TITLE = "Writing"
    HELP = (
        "What you type is sealed and saved every second. Nothing is lost if the console stops. A reply is held for a "
        "moment, or until the time you choose: until then u on the ticket takes it back into this form. The "
        "conversation stays in sight above: ctrl+up and ctrl+down scroll it while you write."
    )

    def __init__(self, number: int, sort: MessageSort, behind: Behind | None = None) -> None:
        super().__init__(f"{sort.value}:{number}", number)
        self.number = number
        self._sort = sort
        self._behind = behind
        self._rows = 0
        self._view: TicketView | None = None
        self._files: tuple[AttachmentLabel, ...] = ()
        self._path = ""

    def body(self) -> ComposeResult:
        with Horizontal(id="to"):
            if self._sort is MessageSort.REPLY:
                yield PlainText("Reply", classes="sort")
                yield PlainText("to", classes="label")
                yield Select[str]([], prompt="choose a contact", id="contact", compact=True)
            else:
                yield PlainText("Note", classes="sort")
                yield PlainText("only the desk sees it", classes="label")
            yield PlainText(id="saved")
        yield WritingArea(id="text", placeholder=self._invitation)
        yield PlainText(id="files")
        yield PlainText(self._promise, id="promise")

    @property
    def doing(self) -> Doing:
        """What others are told that is done here."""
        return Doing.ANSWERS if self._sort is MessageSort.REPLY else Doing.NOTES

    @property
    def _invitation(self) -> str:
        return "Write to the requester" if self._sort is MessageSort.REPLY else "Write for your colleagues"

    @property
    def _promise(self) -> str:
        if self._sort is not MessageSort.REPLY:
            return "The note stays with the ticket; nothing is sent."
        held = self.session.desk.settings.send_delay
        return f"It goes out after {held} s; until then u takes it back." if held else "It goes out at once."

    def on_mount(self) -> None:
        what = "Reply to" if self._sort is MessageSort.REPLY else "Note on"
        self.heading = f"{what} #{self.number}"
        self.query_one(TextArea).focus()
        self._read()

    @in_steps
    async def _read(self) -> None:
        self._view = view = await self.call(partial(reload, self.session, self.number))
        if self._sort is MessageSort.REPLY:
            self._offer_contacts(view)
            self._read_files()

    @in_steps
    async def _read_files(self) -> None:
        self._files = await self.call(partial(attached_files, self.session, self.number), group="files")
        shown = self.query_one("#files", PlainText)
        shown.display = bool(self._files)
        shown.show("\n".join(f"{Sign.ATTACHMENT} {label_words(label)}" for label in self._files))
        self.fit()

    def _offer_contacts(self, view: TicketView) -> None:
        select: Select[str] = self.query_one("#contact", Select)
        titles = {one.item: one.title for one in view.fields}
        contacts = [one for one in view.contacts if one.field in CHANNELS and one.id in view.may_write_to]
        contacts.sort(key=lambda one: (CHANNELS[one.field] is not view.channel, not one.on_file))
        kept = select.value
        select.set_options(
            (
                cell(f"{one.mask}  {titles.get(one.id, one.field.value)}{said(one)}"),
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

    def autosaved(self) -> None:
        """Say when the text was saved last."""
        self.query_one("#saved", PlainText).show(f"saved {hour(self.session.desk.clock.now())}")

    # --- the conversation above

    @on(TextArea.Changed)
    def fit(self) -> None:
        """Take as many rows as the text needs, and no more than half of the screen."""
        body = self.query_one("#body")
        if self.has_class(FULL):
            self._rows, body.styles.height = 0, "1fr"
            return
        needed = self.query_one(WritingArea).wrapped_document.height + ROWS_BESIDE_TEXT + len(self._files)
        rows = max(ROWS, min(needed, self.size.height // 2))
        if rows != self._rows:
            self._rows = body.styles.height = rows
            if self._behind is not None:
                self._behind.give_room(rows)

    def on_resize(self) -> None:
        """Lines wrap at other places now."""
        self.call_after_refresh(self.fit)

    def action_conversation(self, by: int) -> None:
        """Scroll the conversation; the cursor stays in the text."""
        if self._behind is not None:
            self._behind.scroll_conversation(by)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Over the conversation the wheel scrolls it, as it does without the composer."""
        event.stop()
        self.action_conversation(-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """As above."""
        event.stop()
        self.action_conversation(1)

    def refresh_now(self) -> None:
        """Show above what came in meanwhile."""
        if self._behind is not None:
            self._behind.refresh_now()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A note is never sent, so it has no time to go out at and takes no files."""
        if action == "conversation" and (self._behind is None or self.has_class(FULL)):
            return False
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

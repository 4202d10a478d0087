"""Verifying the requester: a code to a contact on file, or another method that pack and facts allow."""

from collections.abc import Callable
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from cs_console.casework.attachments import attachments_of
from cs_console.casework.conversation import reload
from cs_console.desk import DeskSession
from cs_console.errors import CodeExpired, CodeWrong, ConsoleError, VerificationLocked
from cs_console.local_time import hour, moment
from cs_console.verification.authority import end_authority, record_age_band, see_authority
from cs_console.verification.codes import SentCode, VerificationStatus, check_code, lift_lock, send_code, status
from cs_console.verification.methods import Verified, verify_by_note
from cs_console.verification.ways import Act, Way, Ways, ways
from models.contact_fields import Field
from models.enums import AuthoritySort, VerificationMethod
from screens.frame.amounts import countdown
from screens.frame.choice import ChoiceDialog
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.frame.text_dialog import WordsDialog, Written, forgetting_draft
from screens.registry import bindings_for
from screens.ticket.attachment import AttachmentScreen
from screens.ticket.attachments import file_choices
from screens.verification.caller import CallerDialog
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import PlainText

LONGEST_CODE = 15
WAYS, NARROW_WAYS, ROOMY = (33, 17), (22, 17), 100
"""The widths of what can be done and of the contact's mask, and below so many columns of the terminal; the rest says
what holds of it now."""
SPENT = (CodeWrong, CodeExpired, VerificationLocked)
"""After these errors the typed text is of no use. After others it is corrected or sent again, so it stays."""
WHICH_DOCUMENT = (
    "Which document did the requester send to prove who they are? The file that you open counts as one, and is deleted "
    "as the policy says once the ticket is closed."
)
DOCUMENT_HINT = "↵ record the view and show it   esc back"
NOTE_HINT = "ctrl+s {}   esc save as draft"


class VerifyScreen(ConsoleScreen[Said]):
    """The verifier never sees the code before: it is sent, the requester reads it back, and the verifier types it here.

    What is possible, and why the rest is not, comes from `ways`.
    """

    WHERE = "verify"
    CSS_PATH = "verify.tcss"
    BINDINGS = bindings_for("verify")
    HELP_TITLE = "Verifying"
    HELP = (
        "A code is sent to a contact on file. The requester reads it back and you enter it; the console never shows "
        "it to you. For a written request or documents, note what you saw. Files shows a document that was sent: it "
        "is recorded, and the document is deleted as the policy says once the case is closed."
    )

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self._status: VerificationStatus | None = None
        self._ways: Ways | None = None

    def body(self) -> ComposeResult:
        yield PlainText(id="about")
        yield PlainText(id="standing")
        yield PlainText(id="asker")
        yield PlainText(id="next-step")
        columns = WAYS if self.app.size.width >= ROOMY else NARROW_WAYS
        yield ChoiceList(columns=columns, id="ways")
        with Horizontal(id="code-line"):
            yield Input(id="code", placeholder="code read back", restrict=r"[0-9 -]*", max_length=LONGEST_CODE)
            yield PlainText(id="code-state")

    def on_mount(self) -> None:
        self.heading = f"Verify the requester of #{self.number}"
        self.query_one(ChoiceList).focus()
        self.set_interval(1.0, self._count)
        self._read_ticket()
        self._read()

    @in_steps
    async def _read_ticket(self) -> None:
        view = await self.call(partial(reload, self.session, self.number))
        self.query_one("#about", PlainText).show(view.subject)

    @in_steps
    async def _read(self) -> None:
        self._show(*await self.call(partial(_status_and_ways, self.session, self.number), group="standing"))

    def refresh_now(self) -> None:
        """Reload: another verifier may be working on the same ticket."""
        self._read()

    # --- showing

    def _show(self, status: VerificationStatus, ways: Ways) -> None:
        self._status, self._ways = status, ways
        for name, words in (
            ("#standing", _standing_words(self._status)),
            ("#asker", self._ways.about),
            ("#next-step", f"→ {self._ways.next_step}" if self._ways.next_step else self._ways.budget),
        ):
            line = self.query_one(name, PlainText)
            line.display = bool(words)
            line.show(words)
        self.query_one(ChoiceList).show(_choice(way) for way in self._ways.ways)
        self._count()

    def _count(self) -> None:
        if self._status is None or self.console.session is None:
            return
        state = self.query_one("#code-state", PlainText)
        left = self._status.tries_left
        tries = "1 attempt left" if left == 1 else f"{left} attempts left"
        if self._status.locked_until is not None:
            state.show("locked")
        elif self._status.code_pending and self._status.code_expires_at is not None:
            remaining = self._status.code_expires_at - self.session.desk.clock.now()
            over = remaining.total_seconds() <= 0
            state.show("expired; send a new code" if over else f"{tries}; expires in {countdown(remaining)}")
        else:
            state.show(f"no code was sent; {tries}")

    # --- doing

    @on(ChoiceList.OptionSelected, "#ways")
    @in_steps
    async def choose_way(self, event: ChoiceList.OptionSelected) -> None:
        """Do what the line says, or first ask for what it needs."""
        found = [way for way in self._ways.ways if _key(way) == event.option_id] if self._ways else []
        for way in found:
            await self._take(way)

    async def _take(self, way: Way) -> None:
        if way.act is Act.CODE:
            await self._send_code(way)
        elif way.act is Act.NOTE:
            await self._verify_by_note(way)
        elif way.act is Act.SEE:
            await self._see_authority(way)
        elif way.act is Act.END:
            end = partial(end_authority, self.session, self.number)
            await self._do(end, "Ended. An open verification window was closed.")
        elif way.act is Act.AGE:
            await self._record_age()
        elif way.act is Act.CALLER:
            await self._ask_what_is_said()
        else:
            await self._do(partial(lift_lock, self.session, self.number), "The lock was lifted.")

    async def _do(self, work: Callable[[], object], done: str) -> None:
        try:
            await self.change(work, late=lambda _answer: Said(done))
        except ConsoleError as refusal:
            self._refused(refusal)
        else:
            self.say(done, Tone.DONE)
            self._read()

    async def _verify(self, work: Callable[[], Verified]) -> None:
        try:
            self.dismiss(_told(await self.change(work, late=_told)))
        except ConsoleError as refusal:
            self._refused(refusal)

    def _refused(self, refusal: ConsoleError) -> None:
        self.say(refusal)
        if isinstance(refusal, SPENT):
            self.query_one("#code", Input).clear()
        self._read()

    # --- documents that were sent

    @in_steps
    async def action_files(self) -> None:
        """Look at a document that the requester sent: on record, for the verification."""
        labels = await self.call(partial(attachments_of, self.session, self.number), group="files")
        files = [label for label in labels if not label.ours]
        if not files:
            self.say("The requester sent no files.", Tone.INFO)
            return
        key = await self.ask(ChoiceDialog(WHICH_DOCUMENT, file_choices(files), hint=DOCUMENT_HINT))
        for label in (one for one in files if one.id == key):
            said = await self.ask(AttachmentScreen(self.number, label, None))
            if said is not None:
                self.say(said)

    # --- a code

    async def _send_code(self, way: Way) -> None:
        self.say("Sending…")
        work = partial(send_code, self.session, self.number, way.item, act=self.act_for("code", way.item))
        try:
            code = await self.change(work, late=_code_words)
        except ConsoleError as refusal:
            self._refused(refusal)
        else:
            self.say(_code_words(code))
            self.query_one("#code", Input).focus()
            self._read()

    @on(Input.Submitted, "#code")
    @in_steps
    async def check(self, event: Input.Submitted) -> None:
        """Compare what the requester read back."""
        event.stop()
        digits = event.value
        if digits.strip():
            await self._verify(partial(check_code, self.session, self.number, digits, act=self.act_for("check")))

    # --- other ways, and what they need

    async def _ask_note(self, way: Way, verb: str) -> Written | None:
        place = f"verify-{way.item.replace(' ', '-')}:{self.number}"
        return await self.ask(WordsDialog(f"{way.title}: {way.asks}", place, self.number, hint=NOTE_HINT.format(verb)))

    async def _verify_by_note(self, way: Way) -> None:
        note = await self._ask_note(way, "verify")
        if note is not None:
            method = VerificationMethod(way.item)
            work = partial(verify_by_note, self.session, self.number, method, note.words, act=note.act)
            await self._verify(partial(forgetting_draft, self.session, note, work))

    async def _see_authority(self, way: Way) -> None:
        note = await self._ask_note(way, "record")
        if note is not None:
            sort = AuthoritySort(way.item)
            work = partial(see_authority, self.session, self.number, sort, note.words, act=note.act)
            forgetting = partial(forgetting_draft, self.session, note, work)
            await self._do(forgetting, f"Recorded: a {sort.value} is asking. Now verify.")

    async def _record_age(self) -> None:
        bands = [Choice(key, title) for key, title in self._ways.bands] if self._ways else []
        band = await self.ask(ChoiceDialog("How old is the requester?", bands))
        if band is not None:
            work = partial(record_age_band, self.session, self.number, band)
            await self._do(work, "The age band was recorded and sealed.")

    async def _ask_what_is_said(self) -> None:
        fields = [Choice(field.value, title) for field, title in self._ways.caller_fields] if self._ways else []
        name = await self.ask(ChoiceDialog("What does the caller say?", fields))
        if name is not None:
            self.check_caller(Field(name))

    @in_steps
    async def check_caller(self, field: Field) -> None:
        """Check what a caller says. It stays in its dialog; only whether it matches comes back."""
        if self._ways is None:
            return
        titles = dict(self._ways.caller_fields)
        answer = await self.ask(CallerDialog(self.number, field, titles[field], self._ways.caller_words))
        if answer is not None:
            self.say(answer)
        self._read()


def _status_and_ways(session: DeskSession, number: int) -> tuple[VerificationStatus, Ways]:
    """Both together, for a worker thread."""
    return status(session, number), ways(session, number)


def _told(verified: Verified) -> Said:
    return Said(f"Verified until {hour(verified.until)}.")


def _code_words(code: SentCode) -> Said:
    more = f"you can send {code.sends_left} more" if code.sends_left else "no more can be sent at the moment"
    return Said(f"A code was sent to {code.mask}; {more}.")


def _choice(way: Way) -> Choice:
    return Choice(_key(way), way.title, way.note, can_choose=way.allowed, what=way.mask)


def _key(way: Way) -> str:
    return way.item or way.act.name.lower()


def _standing_words(now: VerificationStatus) -> str:
    if now.locked_until is not None:
        return f"✗ Locked until {moment(now.locked_until)}: all attempts are used up."
    if now.window_until is not None:
        return f"✓ Verified until {hour(now.window_until)} by {now.by}."
    if now.at is not None:
        return f"· Verified at {moment(now.at)} by {now.by}; that window has ended."
    return "· Not verified yet."

"""Verifying who the requester is: a code to a contact on file, or another way with a note."""

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from cs_console.errors import CodeExpired, CodeWrong, Refusal, VerificationLocked
from cs_console.tickets.conversation import TicketView, reload
from cs_console.verification.codes import (
    CodeOption,
    SentCode,
    VerificationStatus,
    check_code,
    lift_lock,
    options,
    send_code,
    status,
)
from cs_console.verification.methods import Verified, verify_by_note
from models.enums import Role, VerificationMethod
from screens.asking_text import WordsDialog, forgetting_draft
from screens.console_screen import ConsoleScreen
from screens.moments import countdown, hour, moment
from screens.registry import bindings_for
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.notice_bar import Tone
from screens.widgets.safe_text import PlainText

LIFT = "lift"
LONGEST_CODE = 15
SPENT = (CodeWrong, CodeExpired, VerificationLocked)
"""After these what was typed is of no more use; anything else is mended or tried again, so it stays."""
NOTE_WORDS = "with a note of what was seen"
NOTE_HINT = "ctrl+s verify   esc keep as a draft"


class VerifyScreen(ConsoleScreen[str]):
    """The verifier never sees a code: it goes out, the requester reads it back, and it is typed here."""

    WHERE = "verify"
    CSS_PATH = "verify.tcss"
    BINDINGS = bindings_for("verify")

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self._view: TicketView | None = None
        self._status: VerificationStatus | None = None
        self._options: tuple[CodeOption, ...] = ()

    def body(self) -> ComposeResult:
        yield PlainText(id="about")
        yield PlainText(id="standing")
        yield PlainText("How", classes="part")
        yield ChoiceList(id="ways")
        yield PlainText("The code that the requester reads back", classes="part")
        with Horizontal(id="code-line"):
            yield Input(id="code", placeholder="0000 0000", restrict=r"[0-9 -]*", max_length=LONGEST_CODE)
            yield PlainText(id="code-state")

    def on_mount(self) -> None:
        self.heading = f"Verify the requester of #{self.number}"
        self.query_one(ChoiceList).focus()
        self.set_interval(1.0, self._count)
        self.ask(partial(reload, self.desk, self.number), self._opened)
        self._read()

    def _opened(self, view: TicketView) -> None:
        self._view = view
        self.query_one("#about", PlainText).show(view.subject)
        self._show()

    def _read(self, _answer: object = None) -> None:
        desk, may_send = self.desk, Role.VERIFIER in self.roles

        def both() -> tuple[VerificationStatus, tuple[CodeOption, ...]]:
            return status(desk, self.number), options(desk, self.number) if may_send else ()

        self.ask(both, self._standing, group="standing")

    def _standing(self, answer: tuple[VerificationStatus, tuple[CodeOption, ...]]) -> None:
        self._status, self._options = answer
        self._show()

    def refresh_now(self) -> None:
        """Another verifier may be at work on the same ticket."""
        self._read()

    # --- showing

    def _show(self) -> None:
        if self._status is not None:
            self.query_one("#standing", PlainText).show(self._standing_words(self._status))
            self.query_one(ChoiceList).show(self._ways(self._status))
            self._count()

    def _standing_words(self, now: VerificationStatus) -> str:
        if now.locked_until is not None:
            return f"✗ Locked until {moment(now.locked_until)}: all tries are used up."
        if now.window_until is not None:
            return f"✓ Verified until {hour(now.window_until)} by {now.by}."
        if now.at is not None:
            return f"· Verified at {moment(now.at)} by {now.by}; that window is over."
        return "· Not verified yet."

    def _ways(self, now: VerificationStatus) -> list[Choice]:
        titles = {one.item: one.title for one in self._view.fields} if self._view else {}
        locked = now.locked_until is not None
        ways = [
            Choice(
                one.contact_id,
                f"Send a code to the {titles.get(one.contact_id, one.field.value).lower()}  {one.mask}",
                one.why_not or ("locked" if locked else "on file"),
                can_choose=one.allowed and not locked,
            )
            for one in self._options
        ]
        if not self._options:
            words = "no contact on file can carry one" if Role.VERIFIER in self.roles else "a verifier does that"
            ways.append(Choice("none", "Send a code", words, can_choose=False))
        ways += [
            Choice(method.value, title, f"{NOTE_WORDS} · policy {clause}", can_choose=Role.VERIFIER in self.roles)
            for method, title, clause in self._methods()
        ]
        if locked:
            allowed = Role.SUPERVISOR in self.roles
            words = "gives the requester a fresh budget of tries; recorded" if allowed else "a supervisor can"
            ways.append(Choice(LIFT, "Lift the lock", words, can_choose=allowed))
        return ways

    def _methods(self) -> list[tuple[VerificationMethod, str, str]]:
        if self._view is None:
            return []
        rules = self.desk.office.packs.get(self._view.pack).verification.methods
        return [
            (method, one.title, one.clause) for method, one in rules.items() if method is not VerificationMethod.CODE
        ]

    def _count(self) -> None:
        if self._status is None or self.console.desk is None:
            return
        state = self.query_one("#code-state", PlainText)
        left = self._status.tries_left
        tries = "1 try left" if left == 1 else f"{left} tries left"
        if self._status.locked_until is not None:
            state.show("locked")
        elif self._status.code_pending and self._status.code_expires_at is not None:
            remaining = self._status.code_expires_at - self.desk.office.clock.now()
            over = remaining.total_seconds() <= 0
            state.show("expired; send a new one" if over else f"{tries} · expires in {countdown(remaining)}")
        else:
            state.show(f"no code is on its way · {tries}")

    # --- doing

    @on(ChoiceList.OptionSelected, "#ways")
    def choose_way(self, event: ChoiceList.OptionSelected) -> None:
        """Send a code there, write the note that the other ways need, or lift the lock."""
        way = event.option_id or ""
        if way == LIFT:
            self.change(partial(lift_lock, self.desk, self.number), self._lifted, refused=self._refused)
        elif way in {method.value for method in VerificationMethod}:
            self._ask_note(VerificationMethod(way))
        else:
            self.say("Sending…")
            self.change(partial(send_code, self.desk, self.number, way), self._code_sent, refused=self._refused)

    def _lifted(self, _none: None) -> None:
        self.say("The lock is lifted.", Tone.DONE)
        self._read()

    def _code_sent(self, code: SentCode) -> None:
        more = f"{code.sends_left} more can be sent" if code.sends_left else "no more can be sent for now"
        self.say(f"A code is on its way to {code.mask}; {more}.", Tone.DONE)
        self.query_one("#code", Input).focus()
        self._read()

    @on(Input.Submitted, "#code")
    def check(self, event: Input.Submitted) -> None:
        """Compare what the requester read back."""
        event.stop()
        digits = event.value
        if digits.strip():
            self.change(partial(check_code, self.desk, self.number, digits), self._verified, refused=self._refused)

    def _verified(self, verified: Verified) -> None:
        self.dismiss(f"Verified until {hour(verified.until)}.")

    def _refused(self, refusal: Refusal) -> None:
        self.say(refusal)
        if isinstance(refusal, SPENT):
            self.query_one("#code", Input).clear()
        self._read()

    def _ask_note(self, method: VerificationMethod) -> None:
        if self._view is None:
            return
        rules = self.desk.office.packs.get(self._view.pack).verification.methods[method]
        dialog = WordsDialog(f"{rules.title}: {rules.asks}", self._place(method), self.number, hint=NOTE_HINT)
        self.app.push_screen(dialog, partial(self._note_written, method))

    def _place(self, method: VerificationMethod) -> str:
        return f"verify-{method.name.lower()}:{self.number}"

    def _note_written(self, method: VerificationMethod, note: str | None) -> None:
        if note is not None:
            work = partial(verify_by_note, self.desk, self.number, method, note)
            forgetting = partial(forgetting_draft, self.desk, self._place(method), work)
            self.change(forgetting, self._verified, refused=self._refused)

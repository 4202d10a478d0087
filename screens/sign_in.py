"""The first screen: name and password. It is painted before the store is opened."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from cs_console.errors import Refusal
from screens.console_screen import ConsoleScreen
from screens.registry import TAB_AT_ONCE, bindings_for
from screens.widgets.notice_bar import Tone
from screens.widgets.password_input import PasswordInput
from screens.widgets.safe_text import PlainText

if TYPE_CHECKING:
    from cs_console.staff.sign_in import SignedIn


class SignInScreen(ConsoleScreen[None]):
    """Asks for a name and a password; says no with the same words whichever is wrong (ASVS 6.3.8)."""

    WHERE = "sign_in"
    CSS_PATH: ClassVar[str] = "sign_in.tcss"
    BINDINGS = [*bindings_for("sign_in"), *TAB_AT_ONCE]
    AUTO_FOCUS = "#name"

    def body(self) -> ComposeResult:
        with Container(id="door"), Vertical(id="card"):
            yield PlainText(self.console.settings.desk_name, id="desk-name")
            yield Static(Content("Sign in to work. What you look at here is on record."), id="promise", markup=False)
            yield Input(placeholder="Name", id="name", max_length=64)
            yield PasswordInput(placeholder="Password", id="password")
            yield PlainText(id="refusal")
            yield Static(id="demo", markup=False)

    def _demo_accounts(self) -> Content:
        from cs_console.sample.accounts import ACCOUNTS

        lines = [Content.assemble(("A sample desk with invented people. Sign in as", "$text-muted"))]
        lines += [
            Content.assemble(
                (f"{one.name:<6}", "bold $text-accent"),
                f"{one.password:<26}",
                (", ".join(one.roles), "$text-muted"),
            )
            for one in ACCOUNTS
        ]
        return Content("\n").join(lines)

    def on_mount(self) -> None:
        refusal = self.query_one("#refusal", PlainText)
        refusal.display = False
        self.query_one("#demo").display = False
        self.console.on_office(self._office_ready)

    def _office_ready(self, problem: Refusal | None) -> None:
        if problem is not None:
            self.refuse(str(problem))
        elif self.console.sample:
            accounts = self.query_one("#demo", Static)
            accounts.update(self._demo_accounts())
            accounts.display = True

    def open_again(self) -> None:
        """Ask anew after a session."""
        for field in self.query(Input):
            field.clear()
        self.query_one("#refusal").display = False
        self.query_one("#name", Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        name, password = self.query_one("#name", Input), self.query_one("#password", Input)
        if not name.value.strip():
            name.focus()
        elif not password.value:
            password.focus()
        else:
            self.say("Signing in …", Tone.INFO)
            self.change(partial(self._sign_in, name.value, password.value), self._done, refused=self._refused)

    def _sign_in(self, name: str, password: str) -> "SignedIn":
        office = self.console.office()
        from cs_console.staff.sign_in import sign_in

        return sign_in(office, name, password)

    def _done(self, result: "SignedIn") -> None:
        self.query_one("#password", Input).clear()
        self.console.signed_in(result)

    def _refused(self, refusal: Refusal) -> None:
        password = self.query_one("#password", Input)
        password.clear()
        password.focus()
        self.refuse(str(refusal))

    def refuse(self, words: str) -> None:
        """Say why not, or why a session ended."""
        self.clear_notice()
        line = self.query_one("#refusal", PlainText)
        line.show(f"✗ {words}")
        line.display = True

"""The first screen: name and password. It is painted before the store is opened."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from cs_console.errors import ConsoleError, SignInMustWait, StoreUnavailable, WrongFactor
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.registry import TAB_AT_ONCE, bindings_for
from screens.widgets.forgetting_input import ForgettingInput
from screens.widgets.notice_bar import Tone
from screens.widgets.password_input import PasswordInput
from screens.widgets.safe_text import PlainText
from screens.widgets.signs import Sign

if TYPE_CHECKING:
    from cs_console.staff.sign_in import FirstStep, SignedIn
    from screens.frame.console import Console


class SignInScreen(ConsoleScreen[None]):
    """Asks for a name and a password; the message is the same whichever is wrong (ASVS 6.3.8)."""

    WHERE = "sign_in"
    HEADING: ClassVar[str] = "Sign in"
    CSS_PATH: ClassVar[str] = "sign_in.tcss"
    BINDINGS = [*bindings_for("sign_in"), *TAB_AT_ONCE]
    HELP_TITLE = "Signing in"
    HELP = (
        "Enter your name and password, then the code of your second factor if you have one. After five failed "
        "attempts in a row, the wait before the next attempt grows."
    )
    AUTO_FOCUS = "#name"
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short"), (30, "-tall")]

    def body(self) -> ComposeResult:
        with Container(id="door"), Vertical(id="card"):
            yield PlainText(self.console.settings.desk_name, id="desk-name")
            yield Static(Content("What you look at here is on record."), id="promise", markup=False)
            yield _titled("Name", Input(id="name", max_length=64))
            yield _titled("Password", PasswordInput(placeholder="", id="password"))
            code = ForgettingInput(
                placeholder="The six digits from your app, or a recovery code", id="code", max_length=32
            )
            yield _titled("Second factor", code)
            yield PlainText(id="refusal")
            yield Static(id="demo", markup=False)
        yield Static(id="standing", markup=False)

    def _demo_accounts(self) -> Content:
        from cs_console.sample.accounts import ACCOUNTS

        lines = [Content.assemble(("A sample desk with invented people", "bold"))]
        lines += [
            Content.assemble(
                f"{one.name:<6}",
                (f"{one.password:<26}", "$text-muted"),
                (", ".join(one.roles), "$text-muted"),
            )
            for one in ACCOUNTS
        ]
        return Content("\n").join(lines)

    def on_mount(self) -> None:
        self._first: FirstStep | None = None
        for name in ("#refusal", "#code"):
            self.query_one(name).display = False
        self.query_one("#demo").display = False
        self.console.on_desk(self._desk_ready)

    def _desk_ready(self, problem: ConsoleError | None) -> None:
        if problem is not None:
            self.refuse(str(problem))
            return
        self._say_standing(None)
        self._read_log()
        if self.console.sample:
            accounts = self.query_one("#demo", Static)
            accounts.update(self._demo_accounts())
            accounts.display = True

    @in_steps
    async def _read_log(self) -> None:
        self._say_standing(await self.call(partial(_log_holds, self.console), retry=False))

    def _say_standing(self, log_holds: bool | None) -> None:
        """Say that the desk was reached, and whether its log's ends agree once that is known."""
        parts: list[str | tuple[str, str]] = [(f"{Sign.DONE} ", "$text-success"), "desk reached"]
        if log_holds is not None:
            sign, style = (Sign.DONE, "$text-success") if log_holds else (Sign.BROKEN, "$text-error")
            parts += [
                "   ",
                (f"{sign} ", style),
                "log holds" if log_holds else ("the log is broken", "bold $text-error"),
            ]
        self.query_one("#standing", Static).update(Content.assemble(*parts))

    def open_again(self) -> None:
        """Ask again after a session."""
        self._ask_for_name()
        self.query_one("#refusal").display = False

    def _ask_for_name(self) -> None:
        """Back to the first step."""
        self._first = None
        for field in self.query(Input):
            field.clear()
        self.query_one("#code").display = False
        for name in ("#name", "#password"):
            self.query_one(name).display = True
        self.query_one("#name", Input).focus()

    def _ask_for_code(self) -> None:
        for name in ("#name", "#password", "#refusal"):
            self.query_one(name).display = False
        code = self.query_one("#code", Input)
        code.display = True
        code.focus()
        self.say("Enter the code of your second factor, or press esc to start over.", Tone.INFO)

    def action_back(self) -> None:
        """Return from the code to name and password."""
        if self._first is not None:
            self.clear_notice()
            self.open_again()

    @on(Input.Submitted, "#code")
    def _code_typed(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() and self._first is not None:
            self.say("Signing in …", Tone.INFO)
            self.change_then(partial(self._second, self._first, event.value), self._done, refused=self._code_refused)

    @on(Input.Submitted, "#name, #password")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        name, password = self.query_one("#name", Input), self.query_one("#password", Input)
        if not name.value.strip():
            name.focus()
        elif not password.value:
            password.focus()
        else:
            self.say("Signing in …", Tone.INFO)
            self.change_then(partial(self._sign_in, name.value, password.value), self._believed, refused=self._refused)

    def _sign_in(self, name: str, password: str) -> "FirstStep | SignedIn":
        """Sign in at once where no second factor is needed."""
        desk = self.console.desk()
        from cs_console.staff.sign_in import first_step, second_step

        first = first_step(desk, name, password)
        return first if first.asks_for_code else second_step(desk, first)

    def _second(self, first: "FirstStep", code: str) -> "SignedIn":
        from cs_console.staff.sign_in import second_step

        return second_step(self.console.desk(), first, code)

    def _believed(self, result: "FirstStep | SignedIn") -> None:
        from cs_console.staff.sign_in import FirstStep

        self.query_one("#password", Input).clear()
        if isinstance(result, FirstStep):
            self._first = result
            self._ask_for_code()
        else:
            self._done(result)

    def _done(self, result: "SignedIn") -> None:
        self._ask_for_name()
        self.console.signed_in(result)

    def _code_refused(self, refusal: ConsoleError) -> None:
        if isinstance(refusal, WrongFactor | SignInMustWait | StoreUnavailable):
            self.query_one("#code", Input).clear()
        else:
            self._ask_for_name()
        self.refuse(str(refusal))

    def _refused(self, refusal: ConsoleError) -> None:
        password = self.query_one("#password", Input)
        password.clear()
        password.focus()
        self.refuse(str(refusal))

    def refuse(self, words: str) -> None:
        """Show why sign-in failed, or why a session ended."""
        self.clear_notice()
        line = self.query_one("#refusal", PlainText)
        line.show(f"{Sign.BROKEN} {words}")
        line.display = True


def _titled(title: str, field: Input) -> Input:
    field.border_title = title
    return field


def _log_holds(console: "Console") -> bool | None:
    """For a worker thread, which imports it too."""
    from cs_console.access_log.state import log_state

    return log_state(console.desk()).ok

"""Setting up the second factor: password, the app's new secret, one code to confirm, the recovery codes."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from cs_console.errors import ConsoleError
from screens.frame.console_screen import ConsoleScreen
from screens.frame.forgetting import forget_texts
from screens.registry import TAB_AT_ONCE, bindings_for
from screens.widgets.forgetting_input import ForgettingInput
from screens.widgets.password_input import PasswordInput
from screens.widgets.safe_text import PlainText
from screens.widgets.signs import Sign

if TYPE_CHECKING:
    from cs_console.staff.second_factor import Enrolment


class SecondFactorScreen(ConsoleScreen[None]):
    """Three steps, one at a time. `due`: the settings require it, and the only alternative is to sign out.

    The secret and the recovery codes are shown once, and forgotten when the screen closes (ASVS 6.6.2).
    """

    WHERE = "second_factor"
    HEADING: ClassVar[str] = "Second factor"
    CSS_PATH: ClassVar[str] = "second_factor.tcss"
    BINDINGS = [*bindings_for("second_factor"), *TAB_AT_ONCE]
    HELP_TITLE = "A second factor"
    HELP = (
        "An authenticator app on your phone gives you the code that you enter after your password. Each recovery code "
        "replaces it once, in case you lose the phone."
    )
    AUTO_FOCUS = "#password"

    def __init__(self, *, due: bool = False) -> None:
        super().__init__()
        self._due = due
        self._done = False

    def body(self) -> ComposeResult:
        with VerticalScroll(id="card"), Horizontal():
            yield Static(id="picture", markup=False)
            with Vertical(id="words"):
                yield PlainText(self._why(), id="why")
                yield PlainText(
                    "Enter your password first, so that no one else can set it up at your console.", id="rule"
                )
                yield PasswordInput(placeholder="Password", id="password")
                yield ForgettingInput(placeholder="Six digits", id="code", max_length=16)
                yield PlainText(id="secret")
                yield PlainText(id="refusal")

    def _why(self) -> str:
        if self._due:
            return "Your role needs a second factor: an authenticator app on your phone."
        return "The second factor is an authenticator app on your phone."

    def on_mount(self) -> None:
        for name in ("#picture", "#code", "#secret", "#refusal"):
            self.query_one(name).display = False

    @on(Input.Submitted, "#password")
    def _password_typed(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value:
            self.change_then(partial(self._begin, event.value), self._show_secret, refused=self._refused)

    def _begin(self, password: str) -> "Enrolment":
        from cs_console.staff.second_factor import begin_enrolment

        return begin_enrolment(self.session, password)

    def _show_secret(self, enrolment: "Enrolment") -> None:
        from screens.sign_in.qr_code import half_blocks

        self._hide("#password", "#refusal")
        picture = self.query_one("#picture", Static)
        picture.update(Content("\n".join(half_blocks(enrolment.link))))
        picture.display = True
        self.query_one("#rule", PlainText).show(
            "Scan the picture with the app, or type the letters below into it. Then enter the six digits that it shows."
        )
        secret = self.query_one("#secret", PlainText)
        secret.show(" ".join(_fours(enrolment.secret.lower())))
        secret.display = True
        code = self.query_one("#code", Input)
        code.display = True
        code.focus()

    @on(Input.Submitted, "#code")
    def _code_typed(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            digits = "".join(event.value.split())
            self.change_then(partial(self._confirm, digits), self._show_recovery_codes, refused=self._refused)

    def _confirm(self, typed: str) -> tuple[str, ...]:
        from cs_console.staff.second_factor import confirm_enrolment

        return confirm_enrolment(self.session, typed)

    def _show_recovery_codes(self, codes: tuple[str, ...]) -> None:
        self._done = True
        self._hide("#picture", "#code", "#refusal")
        self.query_one("#why", PlainText).show("Your second factor is set up.")
        self.query_one("#rule", PlainText).show(
            "Write down these recovery codes and keep them away from your phone. Each replaces the app once. "
            "They are not shown again."
        )
        left, right = codes[: len(codes) // 2], codes[len(codes) // 2 :]
        rows = [f"{one}   {other}" for one, other in zip(left, right, strict=True)]
        self.query_one("#secret", PlainText).show("\n".join([*rows, "", "press esc when you have written them down"]))
        self.query_one("#card").focus()

    def _hide(self, *names: str) -> None:
        for name in names:
            widget = self.query_one(name)
            if isinstance(widget, Input):
                widget.clear()
            widget.display = False

    def _refused(self, refusal: ConsoleError) -> None:
        for field in self.query(Input):
            field.clear()
        line = self.query_one("#refusal", PlainText)
        line.show(f"{Sign.BROKEN} {refusal}")
        line.display = True

    def hide_values(self) -> None:
        """Remove the secret from the screen: the console locks or shows another place."""
        self.query_one("#picture", Static).update("")
        self.query_one("#secret", PlainText).show("")
        forget_texts()

    def action_back(self) -> None:
        """Finish, or leave without it; where it is required, sign out."""
        self.hide_values()
        if not self._due:
            self.dismiss(None)
        elif self._done:
            self.console.step_done()
        else:
            self.console.action_sign_out()


def _fours(secret: str) -> Iterable[str]:
    return (secret[start : start + 4] for start in range(0, len(secret), 4))

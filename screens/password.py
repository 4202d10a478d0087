"""Choosing a new password: by one's own will, or because someone else set the present one."""

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widgets import Input

from cs_console.errors import Refusal
from screens.console_screen import ConsoleScreen
from screens.registry import TAB_AT_ONCE, bindings_for
from screens.widgets.notice_bar import Said
from screens.widgets.password_input import PasswordInput
from screens.widgets.safe_text import PlainText


class PasswordScreen(ConsoleScreen[None]):
    """Asks for the present password and twice for the new one (ASVS 6.2.2, 6.2.3, 6.4.1)."""

    WHERE = "password"
    HEADING: ClassVar[str] = "A new password"
    CSS_PATH: ClassVar[str] = "password.tcss"
    BINDINGS = [*bindings_for("password"), *TAB_AT_ONCE]
    AUTO_FOCUS = "#old"

    def __init__(self, *, due: bool = False) -> None:
        """`due`: someone else set the present one, and there is nothing else to do before."""
        super().__init__()
        self._due = due

    def body(self) -> ComposeResult:
        with Container(id="door"), Vertical(id="card"):
            yield PlainText(self._why(), id="why")
            yield PlainText("15 characters or more; a sentence of your own is a good one.", id="rule")
            yield PasswordInput(placeholder="Present password", id="old")
            yield PasswordInput(placeholder="New password", id="new")
            yield PasswordInput(placeholder="The new password again", id="again")
            yield PlainText(id="refusal")

    def _why(self) -> str:
        words = "Someone else set your password. " if self._due else ""
        return f"{words}Choose one that only you know."

    def on_mount(self) -> None:
        self.query_one("#refusal").display = False

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        fields = [self.query_one(name, Input) for name in ("#old", "#new", "#again")]
        for field in fields:
            if not field.value:
                field.focus()
                return
        old, new, again = (field.value for field in fields)
        if new != again:
            fields[2].clear()
            fields[2].focus()
            self._refuse("The two new passwords are not the same.")
            return
        self.change(partial(self._choose, old, new), self._chosen, refused=self._refused)

    def _choose(self, old: str, new: str) -> None:
        from cs_console.staff.accounts import change_own_password

        change_own_password(self.desk, old, new)

    def _chosen(self, _none: None) -> None:
        if self._due:
            self.console.step_done()
        else:
            self.dismiss(None)
            self.console.say_late(Said("Your password is changed."))

    def _refused(self, refusal: Refusal) -> None:
        for field in self.query(Input):
            field.clear()
        self.query_one("#old", Input).focus()
        self._refuse(str(refusal))

    def _refuse(self, words: str) -> None:
        line = self.query_one("#refusal", PlainText)
        line.show(f"✗ {words}")
        line.display = True

    def action_back(self) -> None:
        """Not now: where it is due, out again."""
        if self._due:
            self.console.action_sign_out()
        else:
            self.dismiss(None)

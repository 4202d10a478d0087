"""Choosing a new password: by choice, or because another person set the current one."""

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widgets import Input

from cs_console.errors import ConsoleError
from screens.frame.console_screen import ConsoleScreen
from screens.registry import TAB_AT_ONCE, bindings_for
from screens.widgets.notice_bar import Said
from screens.widgets.password_input import PasswordInput
from screens.widgets.safe_text import PlainText
from screens.widgets.signs import Sign


class PasswordScreen(ConsoleScreen[None]):
    """Asks for the current password and twice for the new one (ASVS 6.2.2, 6.2.3, 6.4.1)."""

    WHERE = "password"
    HEADING: ClassVar[str] = "A new password"
    CSS_PATH: ClassVar[str] = "password.tcss"
    BINDINGS = [*bindings_for("password"), *TAB_AT_ONCE]
    HELP_TITLE = "A new password"
    HELP = "Use at least 15 characters, or at least 8 if you have a second factor. A sentence of your own works well."
    AUTO_FOCUS = "#old"

    def __init__(self, *, due: bool = False) -> None:
        """`due`: another person set the current one, and it must be changed before anything else."""
        super().__init__()
        self._due = due

    def body(self) -> ComposeResult:
        with Container(id="door"), Vertical(id="card"):
            yield PlainText(self._why(), id="why")
            yield PlainText("At least 15 characters. A sentence of your own works well.", id="rule")
            yield PasswordInput(placeholder="Current password", id="old")
            yield PasswordInput(placeholder="New password", id="new")
            yield PasswordInput(placeholder="Repeat the new password", id="again")
            yield PlainText(id="refusal")

    def _why(self) -> str:
        words = "Another person set your password. " if self._due else ""
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
            self._refuse("The two new passwords differ.")
            return
        self.change_then(partial(self._choose, old, new), self._chosen, refused=self._refused)

    def _choose(self, old: str, new: str) -> None:
        from cs_console.staff.accounts import change_own_password

        change_own_password(self.session, old, new)

    def _chosen(self, _none: None) -> None:
        if self._due:
            self.console.step_done()
        else:
            self.dismiss(None)
            self.console.say_late(Said("Your password was changed."))

    def _refused(self, refusal: ConsoleError) -> None:
        for field in self.query(Input):
            field.clear()
        self.query_one("#old", Input).focus()
        self._refuse(str(refusal))

    def _refuse(self, words: str) -> None:
        line = self.query_one("#refusal", PlainText)
        line.show(f"{Sign.BROKEN} {words}")
        line.display = True

    def action_back(self) -> None:
        """Leave without a change; where a change is due, sign out."""
        if self._due:
            self.console.action_sign_out()
        else:
            self.dismiss(None)

"""The lock: nothing from the session is on screen until the agent's password is typed."""

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from cs_console.errors import ConsoleError
from screens.frame.console_screen import ConsoleScreen
from screens.registry import bindings_for
from screens.widgets.password_input import PasswordInput
from screens.widgets.safe_text import PlainText
from screens.widgets.signs import Sign


class LockScreen(ConsoleScreen[None]):
    """Covers everything. The services' idle limits keep running meanwhile."""

    WHERE = "lock"
    CSS_PATH: ClassVar[str] = "lock.tcss"
    BINDINGS = bindings_for("lock")
    AUTO_FOCUS = "#password"

    def body(self) -> ComposeResult:
        with Container(id="door"), Vertical(id="card"):
            yield Static(Content("Locked"), id="locked", markup=False)
            yield PlainText(f"{self.session.agent.name}, enter your password to continue.", id="who")
            yield PasswordInput(placeholder="Password", id="password")
            yield PlainText(id="refusal")

    def on_mount(self) -> None:
        self.query_one("#refusal").display = False

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value:
            self.change_then(partial(self._unlock, event.value), self._unlocked, refused=self._refused)

    def _unlock(self, password: str) -> None:
        from cs_console.staff.sign_in import unlock

        unlock(self.session, password)

    def _unlocked(self, _none: None) -> None:
        self.console.unlocked()

    def _refused(self, refusal: ConsoleError) -> None:
        self.query_one("#password", Input).clear()
        line = self.query_one("#refusal", PlainText)
        line.show(f"{Sign.BROKEN} {refusal}")
        line.display = True

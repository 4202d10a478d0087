"""The confidentiality undertaking: read it, then accept or leave (policy IV.(1)2)."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll

from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.registry import bindings_for
from screens.widgets.safe_text import PlainText

if TYPE_CHECKING:
    from cs_console.desk import DeskSession
    from cs_console.staff.undertakings import UndertakingText


class UndertakingScreen(ConsoleScreen[None]):
    """Shown at the first sign-in, at each new version, and when the last acceptance has expired."""

    WHERE = "undertaking"
    HEADING: ClassVar[str] = "Confidentiality undertaking"
    CSS_PATH: ClassVar[str] = "undertaking.tcss"
    BINDINGS = bindings_for("undertaking")
    HELP_TITLE = "The undertaking"
    HELP = "No one sees personal data here before promising to keep it confidential. Accept the undertaking or leave."

    def body(self) -> ComposeResult:
        with Vertical(id="sheet"):
            yield PlainText(id="version")
            with VerticalScroll(id="scroll"):
                yield PlainText(id="text")
            yield PlainText("ctrl+y accept and continue · escape sign out", id="choices")

    def on_mount(self) -> None:
        self.query_one("#scroll").focus()
        self._read()

    @in_steps
    async def _read(self) -> None:
        undertaking = await self.call(partial(_current_text, self.session))
        months = round(undertaking.valid_days / 30.4)
        version = self.query_one("#version", PlainText)
        version.show(f"Version {undertaking.version}, valid for {months} months. Policy: {undertaking.clause}.")
        self.query_one("#text", PlainText).show(undertaking.text.strip())

    @in_steps
    async def action_accept(self) -> None:
        """Accept the undertaking."""
        from cs_console.staff.undertakings import accept

        await self.change(partial(accept, self.session))
        self.console.step_done()

    def action_back(self) -> None:
        """Sign out: without the undertaking no work is possible."""
        self.console.action_sign_out()


def _current_text(session: "DeskSession") -> "UndertakingText":
    """For a worker thread, which imports it too."""
    from cs_console.staff.undertakings import current_text

    return current_text(session)

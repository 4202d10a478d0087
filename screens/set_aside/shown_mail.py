"""One mail that is set aside, as it came: opened on record for a privacy officer, gone with the screen."""

from collections.abc import Iterator
from functools import partial

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from cs_console.errors import ConsoleError
from cs_console.intake.quarantine import why
from cs_console.intake.set_aside_acts import PURPOSES, ShownMail, show
from screens.frame.console_screen import ConsoleScreen
from screens.frame.forgetting import forget_texts
from screens.frame.service_calls import tone_of
from screens.registry import bindings_for
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import PlainText

LINES_IN_ONE = 60
"""Lines of text in one widget: a long text is laid out in parts."""


class ShownMailScreen(ConsoleScreen[Said]):
    """The lock, and any other screen on top of it, closes it."""

    WHERE = "shown_mail"
    CSS_PATH = "shown_mail.tcss"
    BINDINGS = bindings_for("shown_mail")
    HELP_TITLE = "A mail that is set aside"
    HELP = "The mail is shown as plain text; nothing in it is run, followed or loaded. The view is recorded."

    def __init__(self, number: int, purpose: str) -> None:
        super().__init__()
        self._number = number
        self._purpose = purpose
        self._shown = False
        self._over = False

    def body(self) -> ComposeResult:
        yield PlainText("Opening…", id="about")
        yield VerticalScroll(id="mail")

    def on_mount(self) -> None:
        self.heading = f"Mail {self._number}"
        self.query_one("#mail").focus()
        work = partial(show, self.session, self._number, self._purpose)
        # no async function may hold what is in it, and it must not wait in memory until the screen is on top
        self.change_then(work, self._show, refused=self._refused, late=_never_shown, held=False)

    def _refused(self, refusal: ConsoleError) -> None:
        self.dismiss(Said(str(refusal), tone_of(refusal)))

    def _show(self, mail: ShownMail) -> None:
        if self._over or self.app.screen is not self:
            self._close()
            return
        self._shown = True
        self.query_one("#about", PlainText).show(f"{why(mail.reason)}\nRead {PURPOSES[self._purpose]}; on record.")
        self.query_one("#mail", VerticalScroll).mount_all(_parts(mail))

    @property
    def shows_value(self) -> bool:
        """Whether the mail is shown now."""
        return self._shown

    def hide_values(self) -> None:
        """Remove the mail from the screen at once; the screen closes when it can."""
        self._over = True
        if not self._shown:
            return
        self._shown = False
        for part in self.query(_Outside):
            part.show("")
        for place in self.query("#mail"):  # not there any more when the whole screen goes
            place.remove_children()
        forget_texts()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if self._over:
            self._close()

    def on_unmount(self) -> None:
        super().on_unmount()
        self.hide_values()

    def action_back(self) -> None:
        """Close it."""
        self.hide_values()
        self.dismiss(None)

    def _close(self) -> None:
        self.dismiss(Said("The mail was closed.", Tone.INFO))


class _Outside(PlainText):
    """Text that the mouse cannot select: none of it reaches a clipboard."""

    ALLOW_SELECT = False


def _parts(mail: ShownMail) -> Iterator[PlainText]:
    named = (("From", mail.sender), ("Subject", mail.subject), *(("File", name) for name in mail.files))
    head = "\n".join(f"{name:<8} {value}" for name, value in named if value)
    if head:
        yield _Outside(head, classes="outside headers")
    lines = mail.text.split("\n")
    for start in range(0, len(lines), LINES_IN_ONE):
        yield _Outside("\n".join(lines[start : start + LINES_IN_ONE]), classes="outside")
    if mail.more:
        yield PlainText("There is more of it.", classes="more")


def _never_shown(_mail: ShownMail) -> None:
    """It came after its screen was gone: nothing is shown."""

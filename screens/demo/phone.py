"""The requester's phone: what the outbox folder received, only for the demo."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from functools import partial
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll

from cs_console.delivery.flowed import unflowed
from cs_console.errors import StoreUnavailable
from cs_console.local_time import moment
from cs_console.plain_text import one_line
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.registry import bindings_for
from screens.widgets.safe_text import PlainText

SHOWN = 30
EVERY_SECONDS = 2.0
_SORTS = {".eml": "mail", ".txt": "text message"}
_LARGEST = 200_000


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message as the requester sees it; the recipient's address stays in its file."""

    name: str
    at: datetime
    sort: str
    subject: str = field(repr=False)
    text: str = field(repr=False)


class PhoneScreen(ConsoleScreen[None]):
    """Newest first. A code is shown here and nowhere else."""

    WHERE = "phone"
    HEADING = "The requester's phone (demo)"
    CSS_PATH = "phone.tcss"
    BINDINGS = bindings_for("phone")
    HELP_TITLE = "The requester's phone"
    HELP = "What the outbox received, as the requester would see it. Only in the demo."

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Arrived, ...] | None = None

    def body(self) -> ComposeResult:
        yield VerticalScroll(id="messages")

    def on_mount(self) -> None:
        self.query_one("#messages").focus()
        self.set_interval(EVERY_SECONDS, self._read)
        self._read()

    @in_steps
    async def _read(self) -> None:
        outbox = self.console.settings.outbox
        if outbox is None:
            self.say("There is no outbox folder: messages are really sent.")
            return
        messages = await self.call(partial(arrived, outbox), group="messages")
        if messages != self._shown:
            self._shown = messages
            self.call_next(self._rebuild, messages)

    async def _rebuild(self, messages: tuple[Arrived, ...]) -> None:
        pane = self.query_one("#messages")
        with self.app.batch_update():
            await pane.remove_children()
            if messages:
                await pane.mount_all([Bubble(message) for message in messages])
            else:
                await pane.mount(PlainText("Nothing has arrived yet.", classes="quiet"))


class Bubble(Vertical):
    """One message."""

    def __init__(self, message: Arrived) -> None:
        super().__init__()
        self._message = message

    def compose(self) -> ComposeResult:
        message = self._message
        yield PlainText(f"{moment(message.at)}  {message.sort}", classes="head")
        if message.subject:
            yield PlainText(message.subject, classes="subject")
        yield PlainText(message.text, classes="text")


def arrived(outbox: Path) -> tuple[Arrived, ...]:
    """The newest files of the outbox, newest first. Raises StoreUnavailable when the folder cannot be read."""
    try:
        files = sorted((one for one in outbox.glob("[!.]*") if one.suffix in _SORTS), reverse=True)[:SHOWN]
        return tuple(_read_file(one) for one in files)
    except OSError as problem:
        raise StoreUnavailable(f"The outbox folder cannot be read: {problem.strerror}.") from None


def _read_file(file: Path) -> Arrived:
    with file.open("rb") as opened:
        content = opened.read(_LARGEST)
    mail = message_from_bytes(content, policy=default)
    body = mail.get_body(("plain",)) if file.suffix == ".eml" else None
    text = content.decode("utf-8", "replace").partition("\n\n")[2] if body is None else str(body.get_content())
    if body is not None and body.get_param("format") == "flowed":
        text = unflowed(text)
    at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return Arrived(file.name, at, _SORTS[file.suffix], one_line(str(mail["Subject"] or "")), text.strip())

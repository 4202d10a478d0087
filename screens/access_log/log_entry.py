"""One entry of the access log in full."""

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll

from cs_console.access_log.review import EntryView
from cs_console.access_log.sentences import sentence_of
from cs_console.local_time import moment_with_year
from screens.frame.dialog import Dialog
from screens.widgets.key_hint import KeyHint
from screens.widgets.safe_text import PlainText


class EntryDialog(Dialog[None]):
    """Shows names of fields, never a value."""

    DIALOG_TITLE = "One entry of the access log"
    CSS_PATH = "log_entry.tcss"

    def __init__(self, entry: EntryView) -> None:
        super().__init__()
        self._entry = entry

    def body(self) -> ComposeResult:
        with VerticalScroll(id="entry"):
            for name, words in _lines(self._entry):
                with Horizontal(classes="line"):
                    yield PlainText(name, classes="name")
                    yield PlainText(words, classes="words")
        yield KeyHint("esc back")

    def on_mount(self) -> None:
        self.query_one("#entry").focus()


def _lines(entry: EntryView) -> list[tuple[str, str]]:
    told = [
        ("number", str(entry.seq)),
        ("when", moment_with_year(entry.at)),
        ("who", f"{entry.actor} ({entry.roles.replace(',', ', ')})" if entry.roles else entry.actor),
        ("what", sentence_of(entry)),
        ("action", entry.action),
        ("outcome", entry.outcome),
        ("ticket", f"#{entry.ticket}" if entry.ticket else ""),
        ("requester", entry.alias),
        ("pseudonym", entry.requester or ""),
        ("fields", entry.fields.replace(",", ", ")),
        ("purpose", entry.purpose),
        ("verification", entry.verification),
        ("shown for", "" if entry.seconds is None else f"{entry.seconds} s"),
        ("reason", entry.reason),
        ("session", entry.session),
        ("host", entry.host),
    ]
    return [(name, words) for name, words in told if words]

"""One file as text, on a screen of its own: opened on record, gone with the screen, its end on record too."""

from collections.abc import Iterator
from functools import partial
from math import ceil
from time import monotonic

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import DataTable

from cs_console.casework.attachments import (
    AttachmentLabel,
    Document,
    OpenedFile,
    open_attachment,
    open_document,
    pass_attachment_on,
    save_attachment,
)
from cs_console.custody.disclosure import RevealedFile, end_view
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError
from screens.frame.amounts import size_words
from screens.frame.console_screen import ConsoleScreen
from screens.frame.forgetting import forget_texts
from screens.frame.service_calls import tone_of
from screens.frame.steps import in_steps
from screens.registry import bindings_for
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import PlainText, cell

LINES_IN_ONE = 60
"""Lines of text in one widget: a long text is laid out in parts."""
LATE_SECONDS = 30
"""A file that comes later than this after its record is not shown any more."""
_ONLY_LOOKED_AT = "A document sent for verification is only looked at here. No copy of it is kept."


class AttachmentScreen(ConsoleScreen[Said]):
    """`purpose` is the one that the pack lists; without one a verifier looks at a document for a verification."""

    WHERE = "attachment"
    CSS_PATH = "attachment.tcss"
    BINDINGS = bindings_for("attachment")
    HELP_TITLE = "A file"
    HELP = (
        "The file is shown as text; nothing in it is run, followed or loaded. The view is recorded, and so is its end: "
        "escape closes it, and the lock does. Saving and passing on are recorded too, and only work where the "
        "operator has set them up."
    )
    PROBLEMS_FADE = True

    def __init__(self, number: int, label: AttachmentLabel, purpose: str | None) -> None:
        super().__init__()
        self.number = number
        self._label = label
        self._purpose = purpose
        self._view: RevealedFile | None = None
        self._viewer: DeskSession | None = None
        self._began = 0.0
        self._over = False

    def body(self) -> ComposeResult:
        yield PlainText(self._label.name, id="file")
        yield PlainText("Opening…", id="about")
        yield VerticalScroll(id="document")

    def on_mount(self) -> None:
        self.heading = f"File of #{self.number}"
        self.query_one("#document").focus()
        session = self.session
        if self._purpose is None:
            work = partial(open_document, session, self.number, self._label.id)
        else:
            work = partial(open_attachment, session, self.number, self._label.id, self._purpose)
        # no async function may hold what is in the file, and it must not wait in memory until the screen is on top
        self.change_then(
            work,
            partial(self._show, session),
            refused=self._refused,
            late=partial(_never_shown, self, session),
            held=False,
        )

    # --- showing

    def _refused(self, refusal: ConsoleError) -> None:
        self.dismiss(Said(str(refusal), tone_of(refusal)))

    def _show(self, session: DeskSession, opened: OpenedFile) -> None:
        self._view, self._viewer, self._began = opened.view, session, monotonic()
        if self._over or self.app.screen is not self or self._shown_for() > LATE_SECONDS:
            # another screen came on top, such as the lock: it was never shown, and must not be shown late
            self._end(0)
            self._close()
            return
        document = opened.document
        self.query_one("#about", PlainText).show(_about(document))
        place = self.query_one("#document", VerticalScroll)
        widgets = list(_parts(document))
        place.mount_all(widgets)
        for table in widgets:
            if isinstance(table, DataTable):
                table.focus()

    @property
    def shows_value(self) -> bool:
        """Whether the file is shown now."""
        return self._view is not None

    # --- ending

    def _shown_for(self) -> float:
        if self._view is None or self._viewer is None:
            return 0.0
        by_desk = self._viewer.desk.clock.now() - self._view.shown_at
        return max(by_desk.total_seconds(), monotonic() - self._began)

    def _end(self, seconds: int) -> None:
        view, session = self._view, self._viewer
        self._view = self._viewer = None
        if view is not None and session is not None:
            self.do_anyway(session, partial(end_view, session, view, seconds))

    def hide_values(self) -> None:
        """Remove the file from the screen at once and record the end of the view; the screen closes when it can."""
        self._over = True
        if self._view is None:
            return
        for shown in self.query(_Outside):
            shown.show("")
        for table in self.query(DataTable):
            table.clear(columns=True)
        for place in self.query("#document"):  # not there any more when the whole screen goes
            place.remove_children()
        forget_texts()
        self._end(ceil(self._shown_for()))

    def on_screen_resume(self) -> None:
        if self._over:
            self._close()

    def on_unmount(self) -> None:
        self.hide_values()

    def action_back(self) -> None:
        """Close the file."""
        self.hide_values()
        self.dismiss(None)

    def _close(self) -> None:
        self.dismiss(Said("The file was closed.", Tone.INFO))

    # --- the two ways out

    @in_steps
    async def action_save_file(self) -> None:
        """Save it in the operator's folder."""
        if self._purpose is None:
            self.say(_ONLY_LOOKED_AT, Tone.WARNING)
            return
        work = partial(save_attachment, self.session, self.number, self._label.id, self._purpose)
        self.say(_saved(await self.change(work, late=_saved)))

    @in_steps
    async def action_pass_file_on(self) -> None:
        """Give it to the operator's command."""
        if self._purpose is None:
            self.say(_ONLY_LOOKED_AT, Tone.WARNING)
            return
        work = partial(pass_attachment_on, self.session, self.number, self._label.id, self._purpose)
        await self.change(work, late=_passed_on)
        self.say(_passed_on(None))


def _never_shown(screen: AttachmentScreen, session: DeskSession, opened: OpenedFile) -> None:
    """The file arrived after its screen was gone: record the end of the view with 0 seconds shown."""
    screen.do_anyway(session, partial(end_view, session, opened.view, 0))


def _saved(name: str) -> Said:
    return Said(f"Saved in the operator's folder as {name}.", Tone.DONE)


def _passed_on(_answer: object) -> Said:
    return Said("Passed on to the operator's command.", Tone.DONE)


def _about(document: Document) -> str:
    first = f"{document.called}, {size_words(document.size)} · this view is recorded · esc closes it"
    return f"{first}\n{document.remark}" if document.remark else first


def _parts(document: Document) -> Iterator[Widget]:
    """The widgets that show it; each holds outside text literally."""
    if document.head:
        width = max(len(name) for name, _ in document.head)
        words = "\n".join(f"{name.ljust(width)}  {value}" for name, value in document.head)
        yield _Outside(words, classes="outside headers")
    if document.rows:
        yield _table(document.rows)
    lines = document.text.split("\n") if document.text else []
    for start in range(0, len(lines), LINES_IN_ONE):
        yield _Outside("\n".join(lines[start : start + LINES_IN_ONE]), classes="outside")
    yield PlainText(f"SHA-256 {document.sha256}", classes="digest")


class _Outside(PlainText):
    """Text that the mouse cannot select: none of it reaches a clipboard."""

    ALLOW_SELECT = False


def _table(rows: tuple[tuple[str, ...], ...]) -> "DataTable[object]":
    table: DataTable[object] = DataTable(cursor_type="row", zebra_stripes=True)
    columns = max(len(row) for row in rows)
    head, *below = rows
    for at in range(columns):
        table.add_column(cell(head[at] if at < len(head) else ""))
    for row in below:
        table.add_row(*(cell(row[at]) if at < len(row) else cell("") for at in range(columns)))
    return table

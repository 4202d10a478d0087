"""The access log for reviewers: who saw what and why. Reading it is itself on record."""

from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import DataTable

from cs_console.access_log.action_words import action_words
from cs_console.access_log.review import EntryPage, EntryView, LogFilter, entries, entry, parse_log_filter
from cs_console.access_log.state import LogState, log_state
from cs_console.errors import BadFilter
from cs_console.local_time import moment
from models.enums import Result
from screens.access_log.log_entry import EntryDialog
from screens.access_log.log_proof import ProofDialog
from screens.frame.console_screen import ConsoleScreen
from screens.frame.dialog import WIDE
from screens.frame.steps import in_steps
from screens.registry import bindings_for
from screens.widgets.cursor_sign import LineTable
from screens.widgets.filter_line import FilterLine
from screens.widgets.safe_text import PlainText, cell

PAGE = 100
MOST_ROWS = 1000
"""A DataTable slows past this; older entries are found with since: and until:."""
_NEAR_END = 10

_NARROW = (("#", 6), ("when", 12), ("who", 9), ("what", 20), ("ticket", 7), ("outcome", 10))
_WIDE = (
    ("#", 7),
    ("when", 12),
    ("who", 11),
    ("what", 21),
    ("ticket", 7),
    ("requester", 20),
    ("fields", 12),
    ("outcome", 10),
)


class AccessLogScreen(ConsoleScreen[None]):
    """Newest first; older entries are read as the cursor comes near the end."""

    WHERE = "log"
    PROBLEMS_FADE = True
    HEADING = "Access log"
    CSS_PATH = "access_log.tcss"
    BINDINGS = bindings_for("log")
    HELP_TITLE = "The access log"
    HELP = (
        "Every view, refusal and step, newest first. Reading the log is recorded too. Filter it with terms such as "
        'agent:mei ticket:10482 action:field.revealed outcome:refused since:2026-11-01, or what:"revealed a field".'
    )

    def __init__(self) -> None:
        super().__init__()
        self._filter = LogFilter()
        self._rows: dict[int, EntryView] = {}
        self._next: int | None = None
        self._reading = False
        self._wide: bool | None = None

    def body(self) -> ComposeResult:
        yield PlainText(id="log-state")
        yield LineTable(id="entries", cursor_type="row")
        yield FilterLine("agent:mei ticket:10482 outcome:refused since:2026-11-01", id="filter")

    def on_mount(self) -> None:
        self._set_columns(self.size.width >= WIDE)
        self.query_one(DataTable).focus()
        self._read_first()

    def on_resize(self, event: events.Resize) -> None:
        self._set_columns(event.size.width >= WIDE)

    def _set_columns(self, wide: bool) -> None:
        if wide is self._wide:
            return
        self._wide = wide
        table = self.query_one(DataTable)
        at = table.cursor_row
        table.clear(columns=True)
        for title, width in _WIDE if wide else _NARROW:
            table.add_column(cell(title), width=width, key=title)
        self._add_rows(tuple(self._rows.values()))
        table.move_cursor(row=at)

    # --- reading

    def _read_first(self) -> None:
        self._reading = True
        self._read_newest()
        self._read_state()

    @in_steps
    async def _read_newest(self) -> None:
        page = await self.call(partial(entries, self.session, self._filter, None, PAGE), group="entries")
        self._rows.clear()
        self.query_one(DataTable).clear()
        self._more(page)
        if not page.entries:
            self.say("No entry fits that filter.")

    @in_steps
    async def _read_state(self) -> None:
        self._show_state(await self.call(partial(log_state, self.session.desk), group="state"))

    def _more(self, page: EntryPage) -> None:
        self._reading = False
        self._next = page.next
        self._rows.update((one.seq, one) for one in page.entries)
        self._add_rows(page.entries)

    @on(DataTable.RowHighlighted, "#entries")
    @in_steps
    async def near_end(self, event: DataTable.RowHighlighted) -> None:
        """Read older entries before they are needed."""
        table = self.query_one(DataTable)
        if self._reading or self._next is None or event.cursor_row < table.row_count - _NEAR_END:
            return
        if table.row_count >= MOST_ROWS:
            self.say("Older entries: narrow the list with until: or another filter.")
            return
        self._reading = True
        work = partial(entries, self.session, self._filter, self._next, PAGE)
        self._more(await self.call(work, group="entries"))

    def _add_rows(self, page: tuple[EntryView, ...]) -> None:
        table = self.query_one(DataTable)
        for one in page:
            words = {
                "#": str(one.seq),
                "when": moment(one.at),
                "who": one.actor,
                "what": action_words(one.action),
                "ticket": f"#{one.ticket}" if one.ticket else "",
                "requester": one.alias,
                "fields": one.fields,
                "outcome": one.outcome if one.outcome == Result.DONE else f"! {one.outcome}",
            }
            columns = _WIDE if self._wide else _NARROW
            table.add_row(*(cell(words[title]) for title, _ in columns), key=str(one.seq))

    def _show_state(self, state: LogState) -> None:
        sign = {True: "✓ the ends of the log agree", False: "✗ the log does not hold", None: "· the log is away"}
        words = f"{sign[state.ok]} · {state.size:,} entries".replace(",", "\u202f")
        if state.last_checkpoint_at is not None:
            words += f" · checkpoint at {state.last_checkpoint_size}, {moment(state.last_checkpoint_at)}"
        else:
            words += " · no checkpoint yet"
        if not state.copied:
            words += " · not copied to the second place"
        line = self.query_one("#log-state", PlainText)
        line.show(words)
        line.set_class(state.ok is False, "-broken")

    def action_reload(self) -> None:
        """Read the newest entries again; this is a new reading, on record."""
        self._read_first()

    def arrived(self) -> None:
        """The log went on meanwhile."""
        self._read_first()

    # --- filter

    def action_filter(self) -> None:
        """Type what to look for."""
        self.query_one(FilterLine).open()

    @on(FilterLine.Applied)
    def apply_filter(self, event: FilterLine.Applied) -> None:
        """Read the entries that fit."""
        line = self.query_one(FilterLine)
        try:
            self._filter = parse_log_filter(event.text)
        except BadFilter as error:
            self.say(error)
            line.reject()
            return
        line.accept(event.text)
        self.query_one(DataTable).focus()
        self._read_first()

    @on(FilterLine.Left)
    def leave_filter(self) -> None:
        """Back to the list."""
        self.query_one(DataTable).focus()

    def action_back(self) -> None:
        """Escape takes the filter away first."""
        if self._filter != LogFilter():
            self._filter = LogFilter()
            self.query_one(FilterLine).accept("")
            self._read_first()
        else:
            super().action_back()

    # --- one entry, and the proof

    @on(DataTable.RowSelected, "#entries")
    def open_selected(self, event: DataTable.RowSelected) -> None:
        """Open the entry under the cursor, on record."""
        event.stop()
        self.action_open()

    @in_steps
    async def action_open(self) -> None:
        """Open the entry under the cursor, on record."""
        table = self.query_one(DataTable)
        if table.row_count:
            key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
            self.go_on(EntryDialog(await self.call(partial(entry, self.session, int(key or 0)), group="entry")))

    @in_steps
    async def action_verify_log(self) -> None:
        """Prove the whole log."""
        await self.ask(ProofDialog())
        self._read_state()

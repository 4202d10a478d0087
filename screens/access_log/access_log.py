"""The access log for reviewers: who saw what and why, by days. Reading it is itself on record."""

from datetime import date
from functools import partial

from textual import on
from textual.app import ComposeResult

from cs_console.access_log.action_words import ANY_VIEW
from cs_console.access_log.day_counts import day_counts
from cs_console.access_log.log_filter import with_or_without
from cs_console.access_log.review import (
    EntryPage,
    LogFilter,
    entries,
    entry,
    last_verified,
    parse_log_filter,
)
from cs_console.access_log.state import log_state
from cs_console.custody.disclosure import UNLISTED
from cs_console.errors import BadFilter
from cs_console.local_time import hour_or_moment
from models.enums import Result
from screens.access_log.entry_list import EntryList
from screens.access_log.filter_chips import FilterChips, Standing
from screens.access_log.log_entry import EntryDialog
from screens.access_log.log_proof import ProofDialog
from screens.access_log.rows import Fold, Single
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.registry import bindings_for
from screens.widgets.filter_line import FilterLine
from screens.widgets.key_bar import KeyBar

PAGE = 200
MOST_ENTRIES = 5_000
"""As many are kept at a time; older entries are found with until: or another filter."""
_VIEWS, _REFUSED = f"what:{ANY_VIEW}", f"outcome:{Result.REFUSED.value}"


class AccessLogScreen(ConsoleScreen[None]):
    """Newest first; older entries are read as the cursor comes near the end."""

    WHERE = "log"
    PROBLEMS_FADE = True
    HEADING = "Access log"
    CSS_PATH = "access_log.tcss"
    BINDINGS = bindings_for("log")
    HELP_TITLE = "The access log"
    HELP = (
        "Every view, refusal and step, newest first. Reading the log is recorded too. Routine work of one person is "
        "folded into one line; views and refusals never are. Filter the log with terms such as "
        'who:mei ticket:10482 what:views outcome:refused since:2026-11-01, or what:"opened the ticket".'
    )

    def __init__(self) -> None:
        super().__init__()
        self._filter = LogFilter()
        self._next: int | None = None
        self._reading = False

    def body(self) -> ComposeResult:
        yield FilterChips(id="chips")
        yield FilterLine("who:mei ticket:10482 outcome:refused since:2026-11-01", id="filter")
        pack = self.session.desk.packs.current  # has all that new views name
        purposes = {UNLISTED: "no listed purpose"} | {key: rules.title for key, rules in pack.purposes.items()}
        yield EntryList(purposes, {pack.meta.name: pack.meta.called}, id="entries")

    def on_mount(self) -> None:
        self.list.focus()
        self._read_first()

    @property
    def list(self) -> EntryList:
        """The entries."""
        return self.query_one(EntryList)

    # --- reading

    def _read_first(self) -> None:
        self._reading = True
        self._read_newest()
        self._read_state()

    @in_steps
    async def _read_newest(self) -> None:
        page = await self.call(partial(entries, self.session, self._filter, None, PAGE), group="entries")
        self._reading, self._next = False, page.next
        self.list.forget_counts()
        self.list.show(page.entries, self._today())
        self._count_days()
        if not page.entries:
            self.say("No entry fits that filter.")

    @on(EntryList.NearEnd)
    @in_steps
    async def near_end(self) -> None:
        """Read older entries before they are needed."""
        if self._reading or self._next is None:
            return
        if len(self.list.entries) >= MOST_ENTRIES:
            self.say("Older entries: narrow the list with until: or another filter.")
            return
        self._reading = True
        work = partial(entries, self.session, self._filter, self._next, PAGE)
        self._more(await self.call(work, group="entries"))

    def _more(self, page: EntryPage) -> None:
        self._reading, self._next = False, page.next
        self.list.add(page.entries)
        self._count_days()

    @in_steps
    async def _count_days(self) -> None:
        """A day's numbers are of all its entries, so they are not shown beside some of them."""
        days = self.list.uncounted_days
        if days and not set(self._filter.keys) - {"since", "until"}:
            self.list.count_days(await self.call(partial(day_counts, self.session, days), group="days"))

    @in_steps
    async def _read_state(self) -> None:
        state = await self.call(partial(log_state, self.session.desk), group="state")
        checked = await self.call(partial(last_verified, self.session), group="state")
        now = self.session.desk.clock.now()
        words = {
            True: f"nothing removed, checked {hour_or_moment(checked, now)}" if checked else "its ends agree",
            False: "the log does not hold",
            None: "the log cannot be read now",
        }[state.ok]
        if state.ok and not state.copied:
            words += ", not copied to the second place"
        self.query_one(FilterChips).show_standing(Standing(words, state.ok))

    def _today(self) -> date:
        return self.session.desk.clock.now().astimezone().date()

    def action_reload(self) -> None:
        """Read the newest entries again; this is a new reading, on record."""
        self._read_first()

    def arrived(self) -> None:
        """The log went on meanwhile."""
        self._read_first()

    # --- filter

    def action_filter(self) -> None:
        """Type what to look for, in place of the chips, so that the list does not move."""
        self.query_one(FilterChips).display = False
        self.query_one(FilterLine).open()

    def action_views_only(self) -> None:
        """Only views, or all again."""
        self._use(with_or_without(self.query_one(FilterLine).applied, _VIEWS))

    def action_refused_only(self) -> None:
        """Only refusals, or all again."""
        self._use(with_or_without(self.query_one(FilterLine).applied, _REFUSED))

    @on(FilterLine.Applied)
    @on(FilterChips.Removed)
    def apply_filter(self, event: FilterLine.Applied | FilterChips.Removed) -> None:
        """Read the entries that fit."""
        self._use(event.text)

    def _use(self, text: str) -> None:
        line = self.query_one(FilterLine)
        try:
            self._filter = parse_log_filter(text)
        except BadFilter as error:
            self.say(error)
            line.reject()
            return
        self.clear_notice()  # of a term that is corrected now
        self._close_line(text)
        self._read_first()

    def _close_line(self, text: str) -> None:
        line = self.query_one(FilterLine)
        line.accept(text)
        line.display = False
        chips = self.query_one(FilterChips)
        chips.display = True
        chips.show_filter(text)
        self.list.focus()

    @on(FilterLine.Left)
    def leave_filter(self) -> None:
        """Back to the list."""
        self._close_line(self.query_one(FilterLine).applied)

    def action_back(self) -> None:
        """Escape takes the filter away first."""
        if self._filter != LogFilter():
            self._use("")
        else:
            super().action_back()

    # --- one entry, and the proof

    @on(EntryList.Moved)
    def moved(self) -> None:
        """Name the keys that work on this row."""
        self.query_one(KeyBar).refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Unfold only what is folded."""
        if action == "unfold" and self.is_mounted and self.list.fold_here is None:
            return False
        return super().check_action(action, parameters)

    def action_unfold(self) -> None:
        """Open or close the routine work under the cursor."""
        self.list.unfold()

    @in_steps
    async def action_open(self) -> None:
        """Open the entry under the cursor, on record, or what is folded there."""
        match self.list.current:
            case Fold():
                self.list.unfold()
            case Single(chosen):
                self.go_on(EntryDialog(await self.call(partial(entry, self.session, chosen.seq), group="entry")))

    @in_steps
    async def action_verify_log(self) -> None:
        """Prove the whole log."""
        await self.ask(ProofDialog())
        self._read_state()

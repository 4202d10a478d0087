"""The queue: views with counts, the tickets of one view, a filter, and the actions on the selected ticket."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import monotonic

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from cs_console.casework import workflow
from cs_console.casework.next_ticket import take_next
from cs_console.errors import BadFilter, ConsoleError
from cs_console.tickets import queue
from cs_console.tickets.filter_sentence import sentence
from cs_console.tickets.filters import Filter, parse
from cs_console.tickets.saved_views import KeptView, count_kept, keep_view, remove_view, views_beside
from cs_console.tickets.search.index import still_indexing_words
from screens.frame.choice import ChoiceDialog
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.queue import acts
from screens.queue.arrivals import held_back
from screens.queue.bulk import BulkResult, assign_each, bulk_dialog, claim_each
from screens.queue.filter_writing import FilterWriting
from screens.queue.kept_views_dialog import FOR_THE_TEAM, KeptViewsDialog, sharing_dialog
from screens.queue.list_head import ListHead
from screens.queue.pages import Fetch, Pages
from screens.queue.reading import Reading
from screens.queue.reading_pane import ReadingPane
from screens.queue.ticket_table import TicketTable
from screens.queue.view_list import ViewList
from screens.queue.view_words import SORT_WORDS, TITLES, count_words, first_view, nothing_words, views_shown
from screens.registry import Command, bindings_for, command, shown_key
from screens.widgets.choice_list import Choice, mark_of
from screens.widgets.filter_line import FilterLine
from screens.widgets.header_bar import HeaderBar
from screens.widgets.key_bar import KeyBar
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import PlainText

PAGE = "page"
PANE_SECONDS = 0.1
PANE_LAGS_SECONDS = 0.08
"""How far the reading pane stays behind a key."""
PANE_BESIDE = ((160, "-beside"), (200, "-roomy"), (240, "-widest"))
"""From so many columns on the screen has these classes."""
PEEK_OF_TWO = 80
"""In fewer columns the peek is one line."""


class QueueScreen(ConsoleScreen[None]):
    """The screen that work starts from. It reloads every ten seconds without moving the cursor."""

    WHERE = "queue"
    HEADING = "Queue"
    PROBLEMS_FADE = True
    CSS_PATH = ["../frame/inside.tcss", "queue.tcss"]
    BINDINGS = bindings_for("queue")
    HELP_TITLE = "The queue"
    HELP = (
        "The views with their counts, and the tickets of the selected view. Subjects are redacted: text in [brackets] "
        "is personal data that stays sealed. The newest message of a ticket that the cursor rests on is shown in the "
        "reading pane, and that is recorded. To work on a ticket, claim it or have it assigned to you."
    )
    AUTO_FOCUS = "#tickets"

    def __init__(self) -> None:
        super().__init__()
        self.view = self._chosen = ""
        self.filter: Filter | None = None
        self.pages = Pages()
        self.marked: set[int] = set()
        self.sort: queue.Sort | None = None
        self._waiting: Pages | None = None
        self._away = False
        self._loading = False
        self._moved_at: float | None = None
        self._counts: dict[str, str] = {}
        self.writing = FilterWriting(self)
        self._kept: tuple[KeptView, ...] = ()
        self.selected = acts.SelectedTicket(self, lambda: self.query_one(TicketTable).current, self._read_again)

    def body(self) -> ComposeResult:
        views = ViewList(id="views")
        views.set_reactive(ViewList.views, views_shown((), self._key_of))
        yield views
        with Container(id="work"):
            with Vertical(id="list"):
                yield ListHead(id="head")
                with Container(id="table-place"):
                    yield TicketTable(id="tickets")
                    yield PlainText(id="nothing")
                yield FilterLine("kind:appeal due:<3d assignee:me", id="filter", complete=self.writing.completed)
            yield ReadingPane(self.session.agent, self.session.desk.clock.now, self._key_of, id="pane")

    def on_mount(self) -> None:
        self.query_one("#nothing").display = False
        self._choose_view(first_view(self.roles))
        if self.check_action("filter", ()):
            self.query_one(TicketTable).filter_key = shown_key(command("filter"), self.console.settings.keys)[1]
        self._reading = Reading(self, self.query_one(ReadingPane))
        self.set_interval(PANE_SECONDS, self.follow_later)

    def on_resize(self, event: events.Resize) -> None:
        """Put the reading pane beside the list where there is room for both."""
        for width, name in PANE_BESIDE:
            self.set_class(event.size.width >= width, name)
        self.set_class(event.size.width < PEEK_OF_TWO, "-slim")
        self._name_view()

    def _name_view(self) -> None:
        """Where there is no room for the views, the header says which one is shown."""
        slim, header = self.has_class("-slim"), self.query_one(HeaderBar)
        shown = next((one for one in self.query_one(ViewList).views if one.name == self._chosen), None)
        header.heading = shown.title if slim and shown else self.HEADING
        header.position = shown.count if slim and shown else ""

    def _key_of(self, command_id: str) -> str:
        return shown_key(command(command_id), self.console.settings.keys)[0]

    # --- reading

    def _fetch(self) -> Fetch:
        session, view, asked, sort = self.session, self.view, self.filter, self.sort
        return lambda after: queue.page(session, view, asked, after, sort=sort)

    @in_steps
    async def _load(self, how: Callable[[Fetch], Pages], *, from_top: bool = False, quiet: bool = False) -> None:
        self._loading = True
        try:
            pages = await self.call(partial(how, self._fetch()), group=PAGE, retry=False)
        except ConsoleError as refusal:
            self._loading = False
            if isinstance(refusal, BadFilter):
                self._reject(refusal)
            else:
                self.say(refusal)
        else:
            self._loading = False
            if quiet:
                self._hold_back(pages)
            else:
                self._show(from_top, pages)

    @in_steps
    async def _count(self) -> None:
        with suppress(ConsoleError):  # the page reports the same error
            counts = await self.call(partial(queue.counts, self.session), group="counts", retry=False)
            self._counts = {one.view: count_words(one) for one in counts}
            self.query_one(ViewList).show_counts(self._counts)
            self._name_view()
            await self._count_found()
            self._kept = await self.call(partial(views_beside, self.session), group="kept", retry=False)
            kept = await self.call(partial(count_kept, self.session, self._kept), group="kept counts", retry=False)
            self._counts |= {one.view: count_words(one) for one in kept}
            views = self.query_one(ViewList)
            views.views = views_shown(self._kept, self._key_of)
            views.show_counts(self._counts)
            self._name_view()

    async def _count_found(self) -> None:
        asked = self.filter
        words = self._counts.get(self.view, "")
        if asked is not None and asked.words:
            words = ""  # what a search finds is not counted: only its pages are on record
        elif asked is not None:
            found = await self.call(partial(queue.count, self.session, self.view, asked), group="found", retry=False)
            words = count_words(found)
        head = self.query_one(ListHead)
        head.asked = asked or Filter()
        counted = f"{words} ticket{'' if words == '1' else 's'}, " if words else ""
        head.said = f"{counted}{self._sort_words()}"

    def _sort_words(self) -> str:
        if self.sort is None and self.view == "to_verify":
            return "longest waiting first"
        return SORT_WORDS[self.sort or queue.sort_of(self.view)]

    def _hold_back(self, pages: Pages) -> None:
        """Draw what changed in the rows that are shown; what is new waits until it is brought in."""
        table = self.query_one(TicketTable)
        if not table.tickets or (self._waiting is None and table.tickets == pages.rows):
            self._show(False, pages)
            return
        found = held_back(table.tickets, pages.rows)
        if not found.waiting:
            self._show(False, pages)
            return
        self._waiting = pages
        table.show(found.rows, frozenset(self.marked), self.session.desk.clock.now(), gone=found.gone)
        self.query_one(ListHead).arrived = found.words

    def action_bring_in(self) -> None:
        """Show what is new; the cursor stays on its ticket."""
        if self._waiting is not None:
            self._show(False, self._waiting)
        else:
            self._load(self.pages.read_again)
        self._count()

    def _show(self, from_top: bool, pages: Pages) -> None:
        self.pages, self._waiting = pages, None
        self.query_one(ListHead).arrived = ""
        self.marked &= {row.number for row in pages.rows} if not from_top else set()
        table = self.query_one(TicketTable)
        table.more_above, table.more_below = pages.has_more_above, pages.has_more_below
        table.show(pages.rows, frozenset(self.marked), self.session.desk.clock.now(), from_top=from_top)
        empty = self.query_one("#nothing", PlainText)
        empty.display = not pages.rows
        if not pages.rows:
            empty.show(nothing_words(self.view, self._key_of) if self.filter else f"{TITLES[self.view]}: no tickets.")
        waiting = pages.kept[0].still_indexing if from_top and pages.kept else 0
        if waiting:
            self.say(still_indexing_words(waiting))
        self.follow_cursor()

    def refresh_now(self) -> None:
        """Reload counts and rows; no row moves, and what is new waits."""
        self._count()
        if not self._loading:
            self._load(self.pages.read_again, quiet=True)

    def _read_again(self) -> None:
        """Reload counts and rows after something that this agent did; the cursor stays on its ticket."""
        self._count()
        self._load(self.pages.read_again)

    def on_screen_resume(self) -> None:
        """Reload after returning from a ticket, which may have changed."""
        if self.view:
            if self._away:
                self._read_again()
            else:
                self.refresh_now()
        self._away = False

    @on(TicketTable.NearEnd)
    def _near_end(self) -> None:
        if not self._loading:
            self._load(self.pages.grown_down)

    @on(TicketTable.NearStart)
    def _near_start(self) -> None:
        if not self._loading:
            self._load(self.pages.grown_up)

    @on(TicketTable.CursorMoved)
    def _cursor_moved(self) -> None:
        if self._moved_at is None:  # a key held down must not hold the pane back for as long
            self._moved_at = monotonic()

    def follow_later(self) -> None:
        """Let the reading pane follow, but not together with the cursor: Textual would draw every line between them."""
        if self._moved_at is None or monotonic() - self._moved_at >= PANE_LAGS_SECONDS:
            self._moved_at = None
            self.follow_cursor()

    def follow_cursor(self) -> None:
        """Let the reading pane follow; it reads nothing while something else has the person's attention."""
        table = self.query_one(TicketTable)
        self.query_one(KeyBar).follow()
        self._reading.look(table.current, may_read=self.app.screen is self and table.has_focus)

    # --- views and the filter

    def _choose_view(self, name: str) -> None:
        self.view, self.sort = name, None
        self.marked = set()
        self._choose(name)
        table = self.query_one(TicketTable)
        table.with_assignee = name not in {*queue.PERSONAL, "unassigned"}
        table.grouped = queue.sort_of(name) is queue.Sort.DUE
        self._load(Pages().from_top, from_top=True)
        self._count()

    def _choose(self, name: str) -> None:
        self._chosen = self.query_one(ViewList).current = name
        self._name_view()

    def action_view(self, number: int) -> None:
        """Show the view with that number."""
        self._choose_view(queue.VIEWS[(number or 10) - 1][0])

    @on(ViewList.Chosen)
    def _view_chosen(self, event: ViewList.Chosen) -> None:
        kept = next((one for one in self._kept if one.id == event.name), None)
        if kept is None:
            self._choose_view(event.name)
        else:
            self._show_kept(kept)

    def _show_kept(self, kept: KeptView) -> None:
        """Show a saved view: its filter in its view, in its order."""
        try:
            asked = kept.asked
        except BadFilter as refused:  # it was kept by an older console
            self.say(refused)
            return
        self._choose_view(kept.within)
        self._choose(kept.id)
        self.sort = kept.sort
        self.query_one(TicketTable).grouped = (kept.sort or queue.sort_of(kept.within)) is queue.Sort.DUE
        self.query_one(FilterLine).accept(kept.expression)
        self._use(asked)

    @in_steps
    async def action_saved_views(self) -> None:
        """Show a saved view, keep what is shown as one, or remove one."""
        self._kept = await self.call(partial(views_beside, self.session), group="kept")
        shown = f"{TITLES[self.view]}, {sentence(self.filter or Filter()).lower()}"
        answer = await self.ask(KeptViewsDialog(self._kept, shown))
        if answer is None:
            return
        if answer.view is not None and not answer.remove:
            self._show_kept(answer.view)
        elif answer.view is not None and answer.view.of_pack:
            self.say(f"The view {answer.view.name} is the policy's. It stays.")
        elif answer.view is not None:
            await self.change(partial(remove_view, self.session, answer.view.id))
            self.say(f"The view {answer.view.name} is removed.", Tone.DONE)
            self._count()
        else:
            await self._keep(answer.name)

    async def _keep(self, name: str) -> None:
        whose = await self.ask(sharing_dialog(name))
        if whose is not None:
            shared, asked = whose == FOR_THE_TEAM, self.filter or Filter()
            await self.change(partial(keep_view, self.session, name, self.view, asked, self.sort, shared=shared))
            self.say(f"The view {name} is saved.", Tone.DONE)
            self._count()

    def action_filter(self) -> None:
        """Type a filter."""
        self.writing.open()

    @on(FilterLine.Typed)
    def _typed(self, event: FilterLine.Typed) -> None:
        if self.query_one(FilterLine).input.has_focus:
            self.writing.say_found(event.text)

    def _reject(self, refused: BadFilter) -> None:
        self.filter = None
        self.clear_notice()
        self.writing.reject(refused)

    @on(FilterLine.Applied)
    def _apply(self, event: FilterLine.Applied) -> None:
        line = self.query_one(FilterLine)
        try:
            asked = parse(event.text) if event.text else None
        except BadFilter as error:
            self._reject(error)
            return
        line.accept(event.text)
        self._use(asked)

    def _use(self, asked: Filter | None) -> None:
        """Show what this filter finds; the head of the list says it."""
        self.filter = asked
        self.writing.close()
        self.clear_notice()
        self.query_one(TicketTable).focus()
        self._load(Pages().from_top, from_top=True)
        self._count()

    @on(ListHead.Removed)
    def _removed(self, event: ListHead.Removed) -> None:
        self.query_one(FilterLine).accept(event.text)
        self._use(parse(event.text) if event.text else None)

    @on(FilterLine.Left)
    def _left_filter(self) -> None:
        self.clear_notice()
        self.writing.close()
        self.query_one(TicketTable).focus()

    # --- one ticket

    def applies(self, one: Command) -> bool:
        """Offer what works on the ticket under the cursor; nothing while the session ends and the screen goes."""
        session = self.console.session
        return session is not None and acts.applies(one.id, self.query_one(TicketTable).current, session.agent)

    @on(TicketTable.RowSelected)
    def action_open(self) -> None:
        """Open the ticket; opening is recorded."""
        row = self.selected.row()
        if row is not None:
            self._open(row.number)

    def _open(self, number: int, said: Said | None = None) -> None:
        from screens.ticket.ticket import TicketScreen

        screen = TicketScreen(number)
        screen.said = said
        self._away = True
        self.go_on(screen)

    @in_steps
    async def action_claim(self) -> None:
        """Claim the selected ticket. If two agents do so at once, the second is told who has it."""
        await acts.claim(self.selected)

    @in_steps
    async def action_verify(self) -> None:
        """Verify the requester of the selected ticket."""
        self._away = True
        await acts.verify(self.selected)

    @in_steps
    async def action_state(self) -> None:
        """Move the ticket to another state."""
        await acts.change_state(self.selected)

    @in_steps
    async def action_assign(self) -> None:
        """Assign the ticket to an agent."""
        await acts.assign(self.selected)

    @in_steps
    async def action_snooze(self) -> None:
        """Put the ticket behind all others until a time."""
        await acts.snooze(self.selected)

    @in_steps
    async def action_tags(self) -> None:
        """Put one of the desk's tags on the ticket, or take it off."""
        await acts.change_tags(self.selected)

    @in_steps
    async def action_new(self) -> None:
        """Open a ticket for a call or a letter."""
        from screens.queue.new_ticket import NewTicketScreen, opened_words

        opened = await self.ask(NewTicketScreen())
        if opened is not None:
            self._open(opened.number, opened_words(opened))

    @in_steps
    async def action_look_up(self) -> None:
        """Find a requester's tickets by an exact phone number or address."""
        from screens.queue.look_up import LookUpScreen

        number = await self.ask(LookUpScreen())
        if number is not None:
            self._open(number)

    def action_reload(self) -> None:
        """Reload the view from its top."""
        self._load(Pages().from_top, from_top=True)
        self._count()

    @in_steps
    async def action_take_next(self) -> None:
        """Claim the most urgent ticket that no one has, and open it."""
        number = await self.change(partial(take_next, self.session), late=lambda taken: Said(_taken_words(taken)))
        self._open(number, Said(_taken_words(number), Tone.DONE))

    @in_steps
    async def action_sort(self) -> None:
        """Choose what comes first."""
        now = self.sort or queue.sort_of(self.view)
        choices = [Choice(one.value, words.capitalize(), mark=mark_of(one is now)) for one, words in SORT_WORDS.items()]
        answer = await self.ask(ChoiceDialog("What comes first?", choices))
        if answer is not None:
            self.sort = queue.Sort(answer)
            self.query_one(TicketTable).grouped = self.sort is queue.Sort.DUE
            self._load(Pages().from_top, from_top=True)
            self._count()

    # --- several tickets

    def action_select(self) -> None:
        """Mark or unmark the line and move one down."""
        table = self.query_one(TicketTable)
        row = table.current
        if row is not None:
            self.marked ^= {row.number}
            table.mark(frozenset(self.marked))
            table.action_cursor_down()

    @in_steps
    async def action_bulk(self) -> None:
        """Claim or assign all marked tickets."""
        if not self.marked:
            self.say("Mark tickets first (x).")
            return
        names = await self.call(partial(workflow.assignable, self.session), group="assignable")
        may_claim = bool(self.check_action("claim", ()))
        answer = await self.ask(bulk_dialog(len(self.marked), names, may_claim=may_claim))
        rows = tuple(row for row in self.pages.rows if row.number in self.marked)
        if answer is None or not rows:
            return
        what, _, name = answer.partition(":")
        if what == "claim":
            work: Callable[[], BulkResult] = partial(claim_each, self.session, rows)
        else:
            work = partial(assign_each, self.session, rows, name)
        result = await self.change(work, late=_bulk_words)
        self.marked = set(result.left)
        self.say(_bulk_words(result))
        self._read_again()

    def action_back(self) -> None:
        """Clear the marks, then the filter; there is no screen to go back to from the queue."""
        if self.marked:
            self.marked = set()
            self.query_one(TicketTable).mark(frozenset())
        elif self.filter is not None:
            self.query_one(FilterLine).accept("")
            self._use(None)


def _taken_words(number: int) -> str:
    return f"#{number} is assigned to you."


def _bulk_words(result: BulkResult) -> Said:
    return Said(result.words, Tone.WARNING if result.left else Tone.DONE)

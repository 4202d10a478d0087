"""The list of tickets: drawn line by line, in groups by due date, with columns that give way as it gets narrower."""

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import datetime

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cs_console.tickets.queue import QueueRow
from cs_console.tickets.queue_words import Group, due_words, group_of
from models.enums import Priority, TicketState
from screens.frame.theme import Palette, ink, palette_of
from screens.ticket.present_words import mark, sign_of
from screens.widgets.cursor_sign import with_sign
from screens.widgets.filter_line import HeldKeys
from screens.widgets.safe_text import cell
from screens.widgets.signs import OF_KIND, OF_STATE, Sign, before, room_for

NEAR_THE_EDGE = 25
"""How many rows before either end of the loaded range more rows are requested."""

_PRIORITY_SIGNS = {Priority.LOW: "·", Priority.NORMAL: "", Priority.HIGH: Sign.HIGH, Priority.URGENT: Sign.URGENT}
_ROOM_FOR_NUMBER, _ROOM_FOR_STATE, _ROOM_FOR_KIND, _ROOM_FOR_WHO = 90, 72, 66, 92
_ROOM_FOR_PRESENT, _ROOM_FOR_THEIR_NAME = 69, 92
_PRIORITY, _DUE, _NUMBER, _KIND, _STATE, _WHO, _PRESENT = 3, 12, 7, 12, 16, 10, 7
_LEAST_SUBJECT = 12


@dataclass(frozen=True, slots=True)
class _Line:
    """A drawn line: a ticket's, by its place in the list, or the head of a group."""

    row: int | None
    group: Group | None = None
    count: str = ""


@dataclass(frozen=True, slots=True)
class _Columns:
    """What there is room for."""

    subject: int
    number: bool
    state: bool
    kind: bool
    who: bool
    present: int


class TicketTable(ScrollView, can_focus=True):
    """Shows rows of the queue. Asks for more rows near either end."""

    BINDINGS = [
        Binding("up", "cursor_up", show=False),
        Binding("down", "cursor_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "first", show=False),
        Binding("end", "last", show=False),
        Binding("enter", "select", show=False),
    ]

    cursor_row: reactive[int] = reactive(0, repaint=False)  # the two lines that change are drawn by its watcher

    class NearEnd(Message):
        """The cursor is close to the last loaded row."""

    class NearStart(Message):
        """The cursor is close to the first loaded row."""

    class RowSelected(Message):
        """A ticket was chosen."""

    class CursorMoved(Message):
        """Another ticket is under the cursor, or its row has changed."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.tickets: tuple[QueueRow, ...] = ()
        self.with_assignee = True
        self.grouped = True
        self.more_below = self.more_above = False
        self._lines: list[_Line] = []
        self._line_of: list[int] = []
        self._marked: Set[int] = frozenset()
        self._gone: Set[int] = frozenset()
        self._now: datetime | None = None
        self._drawn: dict[tuple[int, bool], Strip] = {}
        self._lines_seen = 0
        self.filter_key = ""
        """The key that leads to the filter line, where the agent has it."""
        self._held = HeldKeys()

    async def _on_key(self, event: events.Key) -> None:
        """Letters of a filter that come in one burst with its key are no keys of the list."""
        if not self._held.take(event, leads_away=event.key == self.filter_key):
            await super()._on_key(event)

    # --- what is under the cursor

    @property
    def row_count(self) -> int:
        """How many tickets are loaded."""
        return len(self.tickets)

    @property
    def current(self) -> QueueRow | None:
        """The selected ticket."""
        return self.tickets[self.cursor_row] if 0 <= self.cursor_row < len(self.tickets) else None

    def place_of_cursor(self) -> int:
        """On which of the lines in sight the cursor is."""
        return self._at(self.cursor_row) - self.scroll_offset.y

    # --- showing

    def show(
        self,
        tickets: tuple[QueueRow, ...],
        marked: Set[int],
        now: datetime,
        *,
        from_top: bool = False,
        gone: Set[int] = frozenset(),
    ) -> None:
        """Show these rows. The cursor stays on its ticket, and the ticket on its line, unless `from_top`. Tickets that
        are `gone` from the view are still there, quiet.
        """
        kept, at, place = self.current, self.cursor_row, self.place_of_cursor() if self.tickets else 0
        self.tickets, self._marked, self._now, self._gone = tickets, marked, now, gone
        self._arrange()
        if from_top or kept is None:
            self._go(0)
            self.scroll_to(y=0, animate=False, force=True)
        else:
            numbers = [row.number for row in tickets]
            found = numbers.index(kept.number) if kept.number in numbers else min(at, max(len(numbers) - 1, 0))
            self._go(found)
            self.scroll_to(y=max(self._at(found) - place, 0), animate=False, force=True)
        self.post_message(self.CursorMoved())

    def mark(self, marked: Set[int]) -> None:
        """Show which tickets are selected."""
        self._marked = marked
        self._redraw()

    def tell_time(self, now: datetime) -> None:
        """Draw the due dates as they are now; no row moves."""
        self._now = now
        self._redraw()

    def fit(self) -> None:
        """Draw again, with other columns."""
        self._redraw()

    def _arrange(self) -> None:
        """The lines: the tickets, under the heads of their groups."""
        self._lines, self._line_of = [], []
        groups = [group_of(row, self._now) for row in self.tickets] if self._now and self.grouped else []
        for at in range(len(self.tickets)):
            if groups and (at == 0 or groups[at] is not groups[at - 1]):
                last = groups[at] is groups[-1] and self.more_below
                self._lines.append(_Line(None, groups[at], f"{groups.count(groups[at])}{'+' if last else ''}"))
            self._line_of.append(len(self._lines))
            self._lines.append(_Line(at))
        self.virtual_size = Size(self.size.width, len(self._lines))
        self._redraw()

    def _redraw(self) -> None:
        self._drawn.clear()
        self.refresh()

    def _at(self, row: int) -> int:
        return self._line_of[row] if 0 <= row < len(self._line_of) else 0

    # --- drawing

    def notify_style_update(self) -> None:
        """Forget what was drawn in other colours."""
        super().notify_style_update()
        self._drawn.clear()

    def render_line(self, y: int) -> Strip:
        """One line of the terminal."""
        width = self.scrollable_content_region.width
        at = y + self.scroll_offset.y
        if at >= len(self._lines) or self._now is None:
            return Strip.blank(width, self.rich_style)
        here = self._lines[at].row == self.cursor_row and self._lines[at].row is not None
        strip = self._drawn.get((at, here))
        if strip is None:
            strip = self._drawn[at, here] = self._strip(self._lines[at], here, width)
        return with_sign(strip, self.has_focus, palette_of(self.app, under_cursor=True).sand) if here else strip

    def _strip(self, line: _Line, here: bool, width: int) -> Strip:
        colours = palette_of(self.app, under_cursor=here and self.has_focus)
        if here and not self.has_focus:
            colours = replace(colours, ground=colours.idle, faint=colours.quiet)
        text = Text(no_wrap=True, end="", style=ink(colours.ink, colours.ground))
        if line.row is None:
            self._group(text, line, width, colours)
        else:
            self._row(text, self.tickets[line.row], self._columns(width), colours)
        text.truncate(width, pad=True)
        return Strip(text.render(self.app.console), width)

    def _group(self, text: Text, line: _Line, width: int, colours: Palette) -> None:
        group = line.group or Group.LATER
        text.append("  ")
        text.append(group.value, ink(_colour_of(group, colours, colours.quiet), colours.ground, bold=True))
        text.append(f" {line.count} ", ink(colours.faint, colours.ground))
        text.append(str(Sign.RULE) * max(width - text.cell_len - 2, 0), ink(colours.line, colours.ground))

    def _columns(self, width: int) -> _Columns:
        number, state, kind = width >= _ROOM_FOR_NUMBER, width >= _ROOM_FOR_STATE, width >= _ROOM_FOR_KIND
        who = self.with_assignee and width >= _ROOM_FOR_WHO
        present = self._present(width - who * _WHO) if width >= _ROOM_FOR_PRESENT else 0
        used = (
            2 + self._marks + _PRIORITY + _DUE + number * _NUMBER + (_KIND if kind else 2) + state * _STATE + who * _WHO
        )
        subject = max(width - used - (present and present + 1) - 2, _LEAST_SUBJECT)
        return _Columns(subject, number, state, kind, who, present)

    @staticmethod
    def _present(width: int) -> int:
        """How wide the column of who else is on a ticket is: with a name, or the sign alone."""
        return _PRESENT if width >= _ROOM_FOR_THEIR_NAME else room_for(Sign.READS, Sign.TYPES)

    @property
    def _marks(self) -> int:
        """How wide the mark is, with the cell behind it."""
        return room_for(Sign.UNREAD, Sign.ANSWERED) + 1

    def _row(self, text: Text, row: QueueRow, columns: _Columns, colours: Palette) -> None:
        fresh = (row.unread or row.answered_at is not None) and row.number not in self._gone
        quiet = ink(colours.quiet, colours.ground)
        text.append("  ")
        text.append(f"{self._mark_of(row):<{self._marks}}", ink(colours.blue, colours.ground))
        urgent = colours.red if row.priority is Priority.URGENT else colours.amber
        text.append(f"{_PRIORITY_SIGNS[row.priority]!s:<{_PRIORITY}}", ink(urgent, colours.ground, bold=True))
        self._due(text, row, fresh, colours)
        if columns.number:
            text.append(f"{row.number:<{_NUMBER}}", ink(colours.faint, colours.ground))
        kind = f"{OF_KIND[row.kind]} {row.kind.value}" if columns.kind else str(OF_KIND[row.kind])
        text.append(f"{kind:<{_KIND if columns.kind else 2}}", quiet)
        self._subject(text, row, columns.subject, fresh, colours)
        if columns.state:
            text.append("  ")
            self._state(text, row, colours)
        if columns.who:
            text.append_text(_fitted(row.assignee or "", quiet, _WHO))
        if columns.present and row.present:
            first = row.present[0]
            words = mark(first) if columns.present == _PRESENT else str(sign_of(first))
            text.append(" ")
            text.append_text(_fitted(words, ink(colours.blue, colours.ground), columns.present))

    def _mark_of(self, row: QueueRow) -> str:
        if row.number in self._marked:
            return str(Sign.MARKED)
        if row.answered_at is not None:
            return str(Sign.ANSWERED)
        return str(Sign.UNREAD) if row.unread else ""

    def _due(self, text: Text, row: QueueRow, fresh: bool, colours: Palette) -> None:
        assert self._now is not None  # show() has set it
        group = group_of(row, self._now)
        colour = _colour_of(group, colours, colours.ink if fresh else colours.quiet)
        bold = group in (Group.OVERDUE, Group.TODAY)
        text.append_text(_fitted(due_words(row, self._now), ink(colour, colours.ground, bold=bold), _DUE - 1))
        text.append(" ")

    def _subject(self, text: Text, row: QueueRow, room: int, fresh: bool, colours: Palette) -> None:
        """The subject, and the tags behind it that fit whole."""
        subject = row.subject or "(no subject)"
        left = room - min(cell(subject).cell_len, room)
        tags = []
        for tag in row.tags:
            if cell_len(tag) + 3 <= left:
                tags.append(tag)
                left -= cell_len(tag) + 3
        read = colours.quiet if row.number in self._gone else colours.ink
        style = ink(colours.bright, colours.ground, bold=True) if fresh else ink(read, colours.ground)
        text.append_text(_fitted(subject, style, room - left - sum(cell_len(tag) + 3 for tag in tags)))
        for tag in tags:
            text.append(" ")
            text.append(f" {tag} ", ink(colours.quiet, colours.band))
        text.append(" " * left)

    def _state(self, text: Text, row: QueueRow, colours: Palette) -> None:
        if row.snoozed_until is not None:
            words, colour = before(Sign.SNOOZED, "snoozed"), colours.quiet
        else:
            words = before(OF_STATE[row.state], row.state.value)
            colour = colours.green if row.state is TicketState.VERIFIED else colours.quiet
        text.append_text(_fitted(words, ink(colours.quiet, colours.ground), _STATE - 2))
        text.stylize(ink(colour, colours.ground), len(text) - _STATE + 2, len(text) - _STATE + 3)

    # --- moving

    def move_cursor(self, *, row: int, animate: bool = False, scroll: bool = True) -> None:
        """Put the cursor on that row."""
        del animate
        self._go(row)
        if scroll:
            self._into_sight()

    def _go(self, row: int) -> None:
        self.cursor_row = min(max(row, 0), max(len(self.tickets) - 1, 0))

    def _into_sight(self) -> None:
        """Bring the cursor into sight, and the head of its group with it."""
        at = self._at(self.cursor_row)
        first = at - 1 if at and self._lines[at - 1].row is None else at
        self.scroll_to_region(Region(0, first, 1, at - first + 1), animate=False, force=True)

    def action_cursor_down(self) -> None:
        """One ticket down."""
        self.move_cursor(row=self.cursor_row + 1)

    def action_cursor_up(self) -> None:
        """One ticket up."""
        self.move_cursor(row=self.cursor_row - 1)

    def action_page_down(self) -> None:
        """A screen of tickets down."""
        self.move_cursor(row=self.cursor_row + max(self.size.height - 2, 1))

    def action_page_up(self) -> None:
        """A screen of tickets up."""
        self.move_cursor(row=self.cursor_row - max(self.size.height - 2, 1))

    def action_first(self) -> None:
        """The first loaded ticket."""
        self.move_cursor(row=0)

    def action_last(self) -> None:
        """The last loaded ticket."""
        self.move_cursor(row=len(self.tickets) - 1)

    def action_select(self) -> None:
        """Choose the ticket under the cursor."""
        self.post_message(self.RowSelected())

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a second click chooses the ticket."""
        at = event.get_content_offset(self)
        line = at.y + self.scroll_offset.y if at is not None else len(self._lines)
        row = self._lines[line].row if line < len(self._lines) else None
        if row is None:
            return
        again = row == self.cursor_row
        self._go(row)
        if again:
            self.action_select()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the columns, and keep the selected line in sight when a notice below makes the list smaller."""
        before, self._lines_seen = self._lines_seen, event.size.height
        self._redraw()
        line = self.place_of_cursor()
        if self._lines_seen <= line < before:
            self.scroll_to(y=self._at(self.cursor_row) - self._lines_seen + 1, animate=False, force=True)

    def on_focus(self) -> None:
        self._redraw()

    def on_blur(self) -> None:
        self._held.let_go(self)
        self._redraw()

    # --- more

    def watch_cursor_row(self, before: int, now: int) -> None:
        """Draw both lines, tell who listens, and ask for more rows near an end."""
        for row in (before, now):
            self.refresh_line(self._at(row) - self.scroll_offset.y)
        self.post_message(self.CursorMoved())
        if self.more_below and now >= len(self.tickets) - NEAR_THE_EDGE:
            self.post_message(self.NearEnd())
        elif self.more_above and now < NEAR_THE_EDGE:
            self.post_message(self.NearStart())

    def refresh_line(self, y: int) -> None:
        """Draw one line again, if it is in sight."""
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))


def _fitted(text: str, style: Style, width: int) -> Text:
    """The text in exactly that many cells, cut with an ellipsis."""
    fitted = cell(text)
    fitted.truncate(width, overflow="ellipsis", pad=True)
    fitted.stylize(style)
    return fitted


def _colour_of(group: Group, colours: Palette, otherwise: str) -> str:
    return {Group.OVERDUE: colours.red, Group.TODAY: colours.amber}.get(group, otherwise)

"""The entries of the access log by days, drawn line by line in one widget, however many there are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cs_console.access_log.action_words import VIEWS
from cs_console.access_log.day_counts import ENTRIES_UP_TO, OTHERS_UP_TO, DayCount
from cs_console.access_log.review import EntryView
from cs_console.access_log.sentences import reason_of, sentence_of, sentence_of_many
from cs_console.local_time import hour, short_date
from cs_console.plain_text import one_line
from models.enums import Action, Result
from screens.access_log.rows import Day, Fold, Row, Single, rows_of
from screens.frame.theme import Palette, ink, palette_of
from screens.widgets.signs import Sign, room_for
from screens.widgets.wrapping import wrap

_MARGIN = 2
_TIME, _WHO, _TICKET = 5, 9, 5
_FROM_OUTSIDE = frozenset((Action.TICKET_CREATED, Action.TICKET_FOLLOW_UP, Action.UNCONFIRMED_RECEIVED))
_MOST_LINES = 3
_NEAR_END = 10
ROOM_FOR_REASONS, ROOM_FOR_TICKETS = 76, 100
"""The widths from which the list has a column for reasons, and from which it has one for tickets and wraps reasons."""
_WIDEST_REASON = 88

Piece = tuple[str, str, bool]
"""A text, the role of its colour, and whether it is bold."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the columns begin, and how wide they are; 0 for one that there is no room for."""

    sign: int
    what: int
    ticket: int
    reason: int

    @property
    def before_what(self) -> int:
        """How many cells are before the sentence."""
        return _MARGIN + _TIME + 2 + self.sign + 1 + _WHO + 1


def columns_for(width: int) -> Columns:
    """The columns of a list of so many cells."""
    sign = room_for(Sign.VIEW, Sign.REFUSED, Sign.ANSWERED, Sign.FOLDED)
    rest = width - Columns(sign, 0, 0, 0).before_what - _MARGIN
    if width < ROOM_FOR_REASONS:
        return Columns(sign, rest, 0, 0)
    if width < ROOM_FOR_TICKETS:
        return Columns(sign, rest - 19, 0, 17)
    what = min(42 + (width - 120) // 4, 60) if width >= 120 else 38
    return Columns(sign, what, _TICKET, min(rest - what - _TICKET - 4, _WIDEST_REASON))


class EntryList(ScrollView, can_focus=True):
    """Rows with a cursor; a day's heading is none of them. Nothing moves but the cursor, and the list under it.

    `titles` and `policies`: what people call purposes and packs, by their keys.
    """

    ALLOW_SELECT = False
    BINDINGS = [
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,ctrl+home", "edge(0)", show=False),
        Binding("end,ctrl+end", "edge(-1)", show=False),
    ]
    cursor: reactive[int] = reactive(0)
    """The row under the cursor."""

    class NearEnd(Message):
        """The cursor comes near the end: older entries can be read."""

    def __init__(
        self, titles: Mapping[str, str], policies: Mapping[str, str] | None = None, *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._titles = titles
        self._policies = policies or {}
        self._entries: list[EntryView] = []
        self._counts: dict[date, DayCount] = {}
        self._unfolded: frozenset[int] = frozenset()
        self._now: date | None = None
        self.rows: list[Row] = []
        self._first_lines: list[int] = []
        self._line_rows: list[int] = []
        self._drawn: dict[int, list[list[Piece]]] = {}
        self._width = 0

    class Moved(Message):
        """The cursor is on another row."""

    # --- what it shows

    @property
    def entries(self) -> Sequence[EntryView]:
        """All entries that were read, newest first."""
        return self._entries

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def show(self, entries: Sequence[EntryView], today: date) -> None:
        """Show these instead; the cursor stays on its entry if that is still there."""
        kept = self._key(self.current)
        self._entries, self._now = list(entries), today
        self._arrange()
        at = next((at for at, row in enumerate(self.rows) if kept is not None and self._key(row) == kept), None)
        self._move_to(self._next_row(0, 1) if at is None else at)
        self.post_message(self.Moved())  # another row may be under a cursor that stayed

    def add(self, entries: Sequence[EntryView]) -> None:
        """Add older entries at the end."""
        self._entries += entries
        self._arrange()

    def count_days(self, counts: Mapping[date, DayCount]) -> None:
        """Show these days' numbers beside them."""
        self._counts |= counts
        self._drawn.clear()
        self.refresh()

    def forget_counts(self) -> None:
        """Show no day's numbers."""
        self._counts.clear()

    @property
    def uncounted_days(self) -> list[date]:
        """The days in the list whose numbers are not known."""
        return [row.on for row in self.rows if isinstance(row, Day) and row.on not in self._counts]

    @property
    def fold_here(self) -> int | None:
        """The row of the fold under the cursor, or of that around the entry under it."""
        at = self.cursor
        while 0 < at < len(self.rows) and isinstance(row := self.rows[at], Single) and row.inside:
            at -= 1
        return at if at < len(self.rows) and isinstance(self.rows[at], Fold) else None

    def unfold(self) -> None:
        """Open or close that fold."""
        at = self.fold_here
        if at is not None and isinstance(fold := self.rows[at], Fold):
            self._unfolded ^= {fold.key}
            self._arrange()
            self._move_to(at)

    @staticmethod
    def _key(row: Row | None) -> int | None:
        match row:
            case Single(entry):
                return entry.seq
            case Fold():
                return row.key
        return None

    def _arrange(self) -> None:
        self.rows = rows_of(self._entries, self._unfolded)
        self._lay_out()

    def _lay_out(self) -> None:
        self._width = self.scrollable_content_region.width
        self._drawn.clear()
        self._first_lines, self._line_rows = [], []
        for at in range(len(self.rows)):
            self._first_lines.append(len(self._line_rows))
            self._line_rows += [at] * len(self._lines_of(at))
        self.virtual_size = Size(self._width, len(self._line_rows))
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Lay it out for the new width; the row under the cursor stays in sight."""
        del event
        if self.scrollable_content_region.width != self._width:
            self._lay_out()
        self._bring_in_sight()

    # --- the cursor

    def action_cursor_down(self) -> None:
        """One row down."""
        self._move_to(self._next_row(self.cursor + 1, 1))

    def action_cursor_up(self) -> None:
        """One row up."""
        self._move_to(self._next_row(self.cursor - 1, -1))

    def action_page(self, by: int) -> None:
        """A screenful up or down."""
        if self.rows:
            line = self._first_lines[self.cursor] + by * max(self.size.height - 1, 1)
            at = self._line_rows[max(0, min(line, len(self._line_rows) - 1))]
            beyond = self._next_row(at, by)
            # above the first entry is its day's heading, which ends the way up without a row
            self._move_to(self._next_row(at, -by) if beyond == self.cursor else beyond)

    def action_edge(self, at: int) -> None:
        """The first or the last row."""
        self._move_to(self._next_row(0, 1) if at == 0 else len(self.rows) - 1)

    def _next_row(self, at: int, by: int) -> int:
        """The row from `at` on that the cursor can be on; where there is none, the one that it is on."""
        while 0 <= at < len(self.rows) and isinstance(self.rows[at], Day):
            at += by
        return at if 0 <= at < len(self.rows) else self.cursor

    def _move_to(self, at: int) -> None:
        self.cursor = max(0, min(at, len(self.rows) - 1))
        self._bring_in_sight()
        if self.rows and self._first_lines[self.cursor] + max(_NEAR_END, self.size.height) >= len(self._line_rows):
            self.post_message(self.NearEnd())

    def _bring_in_sight(self) -> None:
        if not self.rows or self.cursor >= len(self._first_lines):
            return
        first = self._first_lines[self.cursor]
        last = first + self._line_rows.count(self.cursor)
        if self.cursor and isinstance(self.rows[self.cursor - 1], Day):
            first = self._first_lines[self.cursor - 1]
        top, height = self.scroll_offset.y, self.size.height
        if last > top + height:
            top = last - height
        self.scroll_to(y=min(top, first), animate=False, force=True, immediate=True)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the clicked row."""
        offset = event.get_content_offset(self)
        line = -1 if offset is None else offset.y + self.scroll_offset.y
        if 0 <= line < len(self._line_rows) and not isinstance(self.rows[self._line_rows[line]], Day):
            self._move_to(self._line_rows[line])

    def watch_cursor(self) -> None:
        """Draw the row that it left and the row that it came to."""
        self.refresh()
        self.post_message(self.Moved())

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    # --- drawing

    def render_line(self, y: int) -> Strip:
        palette, width = palette_of(self.app), self.scrollable_content_region.width
        line = y + self.scroll_offset.y
        if line >= len(self._line_rows):
            return Strip.blank(width, ink(palette.ink, palette.ground))
        at = self._line_rows[line]
        here = at == self.cursor and not isinstance(self.rows[at], Day)
        bar = " "
        if here:
            bar = str(Sign.CURSOR if self.has_focus else Sign.CURSOR_ELSEWHERE)
            palette = palette_of(self.app, under_cursor=True) if self.has_focus else palette
        ground = palette.idle if here and not self.has_focus else palette.ground
        pieces = self._lines_of(at)[line - self._first_lines[at]]
        segments = [Segment(bar, ink(palette.sand, ground)), Segment(" ", ink(palette.ink, ground))]
        segments += (Segment(text, _style(palette, role, bold, ground)) for text, role, bold in pieces)
        return Strip(segments).adjust_cell_length(width, ink(palette.ink, ground))

    def _lines_of(self, at: int) -> list[list[Piece]]:
        lines = self._drawn.get(at)
        if lines is None:
            row = self.rows[at]
            lines = self._drawn[at] = self._of_day(row, at) if isinstance(row, Day) else self._of_work(row)
        return lines

    def _of_day(self, day: Day, at: int) -> list[list[Piece]]:
        title = f"{day.on:%a} {short_date(day.on)}"
        if self._now is not None and day.on.year != self._now.year:
            title += f" {day.on:%Y}"
        title += ", today" if day.on == self._now else ""
        counts = _in_words(self._counts[day.on]) if day.on in self._counts else ""
        used = cell_len(title) + cell_len(counts) + 1
        rule = str(Sign.RULE) * max(self._width - 2 * _MARGIN - used, 0)
        line = [(title, "bright", True), (f"{counts} ", "quiet", False), (rule, "line", False)]
        return [line] if at == 0 else [[], line]

    def _of_work(self, row: Single | Fold) -> list[list[Piece]]:
        columns = columns_for(self._width)
        sign: Sign | None
        if isinstance(row, Fold):
            newest, oldest = row.entries[0], row.entries[-1]
            sign, colour = (Sign.UNFOLDED if row.is_open else Sign.FOLDED), "quiet"
            times = f"{hour(oldest.at)} to {hour(newest.at)}"
            who, what = newest.actor, sentence_of_many(row.entries)
            tickets = {entry.ticket for entry in row.entries}
            ticket = str(newest.ticket or "") if len(tickets) == 1 else ""
            why: list[Piece] = [(times, "quiet", False)]
            time, of_who, of_what = "", "quiet", "quiet"
            if not columns.reason:
                what = f"{what}, {times}"
        else:
            entry = row.entry
            sign, colour = _sign_of(entry)
            refused, view = entry.outcome != Result.DONE, entry.action in VIEWS
            who, what, time = entry.actor, sentence_of(entry), hour(entry.at)
            ticket = str(entry.ticket or "")
            of_who = "ink" if refused or view else "quiet"
            of_what = "red" if refused else "bright" if view else "quiet"
            why = self._why(entry, refused, view)
        what_lines = _wrapped([(one_line(what, 400), of_what, False)], columns.what, 2)
        reasons = _wrapped(why, columns.reason, _MOST_LINES if columns.ticket else 1) if columns.reason else [[]]
        lines: list[list[Piece]] = []
        for number in range(max(len(what_lines), len(reasons))):
            first = number == 0
            line: list[Piece] = [
                (set_cell_size(time if first else "", _TIME + 2), "quiet", False),
                (set_cell_size(str(sign or "") if first else "", columns.sign + 1), colour, False),
                (set_cell_size(_cut(one_line(who), _WHO) if first else "", _WHO + 1), of_who, False),
                *_padded(what_lines[number] if number < len(what_lines) else [], columns.what),
            ]
            if columns.ticket:
                line.append((f"  {ticket if first else '':>{_TICKET}}", "quiet", False))
            if columns.reason:
                line += [("  ", "quiet", False), *(reasons[number] if number < len(reasons) else [])]
            lines.append(line)
        return lines

    def _why(self, entry: EntryView, refused: bool, view: bool) -> list[Piece]:
        purpose = self._titles.get(entry.purpose, entry.purpose.replace("-", " "))
        reason = one_line(reason_of(entry, self._policies), 400)
        if reason in sentence_of(entry):
            reason = ""  # "claimed", of who claimed the ticket
        pieces: list[Piece] = [(purpose[:1].lower() + purpose[1:], "ink" if view else "quiet", False)]
        if purpose and reason:
            pieces.append((": ", "quiet", False))
        return [*pieces, (reason, "red" if refused else "quiet", False)]


def _style(palette: Palette, role: str, bold: bool, ground: str) -> Style:
    return ink(getattr(palette, role), ground, bold=bold)


def _sign_of(entry: EntryView) -> tuple[Sign | None, str]:
    if entry.outcome != Result.DONE:
        return Sign.REFUSED, "red"
    if entry.action in VIEWS:
        return Sign.VIEW, "blue"
    return (Sign.ANSWERED, "blue") if entry.action in _FROM_OUTSIDE else (None, "quiet")


def _in_words(counts: DayCount) -> str:
    entries = _number(counts.entries, ENTRIES_UP_TO)
    views, refused = _number(counts.views, OTHERS_UP_TO), _number(counts.refused, OTHERS_UP_TO)
    return (
        f"   {entries} {'entry' if counts.entries == 1 else 'entries'}"
        f"   {views if counts.views else 'no'} {'view' if counts.views == 1 else 'views'}"
        f"   {refused if counts.refused else 'none'} refused"
    )


def _number(count: int, most: int) -> str:
    words = f"{min(count, most):,}".replace(",", "\u202f")
    return words if count <= most else f"{words}+"


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else f"{set_cell_size(text, max(width - 1, 0))}…"


def _wrapped(pieces: list[Piece], width: int, most: int) -> list[list[Piece]]:
    """The pieces in at most so many lines of so many cells; where they need more, the last one ends in an ellipsis."""
    text = "".join(words for words, _, _ in pieces)
    spans = wrap(text, width)
    cut = len(spans) > most
    if cut:
        begin = spans[most - 1][0]
        spans[most - 1 :] = [(begin, begin + len(set_cell_size(text[begin:], max(width - 1, 0)).rstrip()))]
    lines = [list(_between(pieces, begin, end)) for begin, end in spans]
    if cut and lines[-1]:
        words, role, bold = lines[-1][-1]
        lines[-1][-1] = (f"{words}…", role, bold)
    return lines


def _between(pieces: list[Piece], begin: int, end: int) -> Iterator[Piece]:
    at = 0
    for words, role, bold in pieces:
        part = words[max(begin - at, 0) : max(end - at, 0)]
        if part:
            yield part, role, bold
        at += len(words)


def _padded(line: list[Piece], width: int) -> list[Piece]:
    used = sum(cell_len(text) for text, _, _ in line)
    return [*line, (" " * max(width - used, 0), "quiet", False)]

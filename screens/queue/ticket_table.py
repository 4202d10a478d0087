"""The list of tickets: literal cells, columns that fit the width, and changes that do not move the cursor."""

from collections.abc import Set
from datetime import datetime

from rich.text import Text
from textual import events
from textual.message import Message

from cs_console.tickets.queue import QueueRow, age_words, due_words, tried_words
from models.enums import Priority
from screens.widgets.cursor_sign import LineTable
from screens.widgets.safe_text import cell

NEAR_THE_EDGE = 25
"""How many rows before either end of the loaded range more rows are requested."""

_PRIORITY_SIGNS = {Priority.LOW: "·", Priority.NORMAL: " ", Priority.HIGH: "!", Priority.URGENT: "‼"}
_WIDTHS = {"marks": 2, "number": 7, "kind": 9, "state": 11, "due": 12, "assignee": 10, "waits": 6, "tried": 10}
_TITLES = {
    "marks": "",
    "number": "#",
    "kind": "kind",
    "subject": "subject (redacted)",
    "state": "state",
    "assignee": "who",
    "due": "due",
    "waits": "waits",
    "tried": "tried",
}
_PADDING = 2
_LEAST_SUBJECT = 12
_ROOM_FOR_ASSIGNEE = 92


class TicketTable(LineTable):
    """Shows rows of the queue. Asks for more rows near either end."""

    class NearEnd(Message):
        """The cursor is close to the last loaded row."""

    class NearStart(Message):
        """The cursor is close to the first loaded row."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=False, cell_padding=1)
        self.tickets: tuple[QueueRow, ...] = ()
        self.with_assignee = True
        self.with_age = False
        self.more_below = self.more_above = False
        self._drawn: list[tuple[Text, ...]] = []
        self._marked: Set[int] = frozenset()
        self._now: datetime | None = None
        self._fitted = 0

    # --- what is under the cursor

    @property
    def current(self) -> QueueRow | None:
        """The selected ticket."""
        return self.tickets[self.cursor_row] if 0 <= self.cursor_row < len(self.tickets) else None

    # --- showing

    def show(self, tickets: tuple[QueueRow, ...], marked: Set[int], now: datetime, *, from_top: bool = False) -> None:
        """Show these rows. The cursor stays on its ticket, and the ticket on its line, unless `from_top`."""
        before, kept = self.tickets, self.current
        self.tickets, self._marked, self._now = tickets, marked, now
        if not self.columns:
            return
        old = [row.number for row in before]
        new = [row.number for row in tickets]
        with self.app.batch_update():
            if not from_top and new[: len(old)] == old and len(self._drawn) == len(old):
                self._redraw_changed(len(old))
                self._append(tickets[len(old) :])
            else:
                self._rebuild(None if from_top else kept)

    def mark(self, marked: Set[int]) -> None:
        """Show which tickets are selected."""
        if self._now is not None:
            self.show(self.tickets, marked, self._now)

    def _cells(self, row: QueueRow) -> tuple[Text, ...]:
        assert self._now is not None  # show() has set it
        due = due_words(row, self._now)
        late = due.endswith("late")
        marks = ("●" if row.number in self._marked else " ") + _PRIORITY_SIGNS[row.priority]
        quiet, warned = self._colour("text-muted"), self._colour("text-error")
        cells = {
            "marks": cell(marks, self._colour("text-accent")),
            "number": Text(str(row.number), style=quiet, no_wrap=True, end=""),
            "kind": cell(row.kind.value),
            "subject": cell(row.subject),
            "state": cell(row.state.value, quiet),
            "assignee": cell(row.assignee or "-", quiet),
            "waits": cell(age_words(row, self._now)),
            "tried": cell(tried_words(row, self._now), quiet),
            "due": cell(due, f"bold {warned}" if late else quiet),
        }
        return tuple(cells[str(key.value)] for key in self.columns)

    def _colour(self, variable: str) -> str:
        return self.app.theme_variables.get(variable, "")

    def _redraw_changed(self, upto: int) -> None:
        columns = list(self.columns)
        for index in range(upto):
            row = self.tickets[index]
            cells = self._cells(row)
            if cells == self._drawn[index] and _same_style(cells, self._drawn[index]):
                continue
            for column, before, after in zip(columns, self._drawn[index], cells, strict=True):
                if before != after or before.style != after.style:
                    self.update_cell(str(row.number), column, after)
            self._drawn[index] = cells

    def _append(self, rows: tuple[QueueRow, ...]) -> None:
        for row in rows:
            cells = self._cells(row)
            self._drawn.append(cells)
            self.add_row(*cells, key=str(row.number))

    def _rebuild(self, kept: QueueRow | None) -> None:
        line = self.cursor_row - self.scroll_offset.y
        at = self.cursor_row
        self.clear()
        self._drawn = []
        self._append(self.tickets)
        if kept is None:
            self.move_cursor(row=0, animate=False)
            self.scroll_to(y=0, animate=False)
            return
        numbers = [row.number for row in self.tickets]
        found = numbers.index(kept.number) if kept.number in numbers else min(at, max(len(numbers) - 1, 0))
        self.move_cursor(row=found, animate=False, scroll=False)
        self.scroll_to(y=max(found - line, 0), animate=False, force=True)

    # --- columns

    def on_resize(self, event: events.Resize) -> None:
        """Give the subject the width that the other columns leave."""
        self.fit(event.size.width)

    def fit(self, width: int = 0) -> None:
        """Draw the columns for this width (the current one when none is given)."""
        width = width or self.size.width
        if width <= 0:
            return
        names = ["marks", "number", "kind", "subject"]
        if not self.with_age:  # where all tickets are in the same state, the waiting time matters
            names.append("state")
        if self.with_assignee and width >= _ROOM_FOR_ASSIGNEE:
            names.append("assignee")
        names += ["waits", "tried"] if self.with_age else ["due"]
        others = sum(_WIDTHS[name] + _PADDING for name in names if name != "subject")
        subject = max(width - others - _PADDING - 1, _LEAST_SUBJECT)
        if self._fitted == subject and [key.value for key in self.columns] == names:
            return
        self._fitted = subject
        kept = self.current
        self.clear(columns=True)
        for name in names:
            title = Text(_TITLES[name], no_wrap=True, end="")
            self.add_column(title, width=subject if name == "subject" else _WIDTHS[name], key=name)
        self._drawn = []
        if self._now is not None:
            with self.app.batch_update():
                self._rebuild(kept)

    def _set_hover_cursor(self, active: bool) -> None:
        # at every key Textual redraws the row under the mouse, and with it all lines up to the cursor
        if active != self._show_hover_cursor:
            super()._set_hover_cursor(active)

    # --- more

    def watch_cursor_coordinate(self, old_coordinate: object, new_coordinate: object) -> None:
        super().watch_cursor_coordinate(old_coordinate, new_coordinate)  # type: ignore[arg-type]  # Coordinates
        rows = len(self.tickets)
        if self.more_below and self.cursor_row >= rows - NEAR_THE_EDGE:
            self.post_message(self.NearEnd())
        elif self.more_above and self.cursor_row < NEAR_THE_EDGE:
            self.post_message(self.NearStart())


def _same_style(some: tuple[Text, ...], others: tuple[Text, ...]) -> bool:
    return all(one.style == other.style for one, other in zip(some, others, strict=True))

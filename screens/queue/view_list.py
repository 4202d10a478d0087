"""The queue's views with their counts: a list beside the tickets, or one line of tabs above them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rich.cells import cell_len
from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from screens.widgets.safe_text import literal_line
from screens.widgets.signs import Sign

_KEY = 3
"""How many cells a key takes with the margin before it: keys end in one column."""
_MARGIN = 2


@dataclass(frozen=True, slots=True)
class View:
    """One view: its name, its title, how many tickets it holds as shown (`12`, `499,812`, nothing yet), and its key.

    `group` is the heading above it, `urgency` the colour of its count where that is not 0.
    """

    name: str
    title: str
    count: str = ""
    key: str = ""
    group: str = ""
    urgency: str = ""


class ViewList(Widget):
    """Draws the views; a click on one chooses it."""

    views: reactive[tuple[View, ...]] = reactive(())
    current: reactive[str] = reactive("")

    class Chosen(Message):
        """A view was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def show_counts(self, counts: Mapping[str, str]) -> None:
        """Show these counts; views without a new count keep theirs."""
        self.views = tuple(replace(one, count=counts.get(one.name, one.count)) for one in self.views)

    @property
    def is_column(self) -> bool:
        """Whether the views are listed below each other."""
        return self.screen.has_class("-wide")

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line for each view, or one for all of them."""
        return len(self._column(container.height)) if self.is_column else 1

    def render(self) -> RenderResult:
        size = self.content_size
        if self.is_column:
            return Content("\n").join(self._line(one, size.width) for one in self._column(size.height))
        return Content(" ").join(self._tab(one) for one in self._tabs(size.width))

    # --- below each other

    def _column(self, height: int) -> list[View | str]:
        """Views under the headings of their groups, which give way where there is no room for all."""
        lines: list[View | str] = []
        group = ""
        for one in self.views:
            if one.group != group:
                lines += ["", one.group]
                group = one.group
            lines.append(one)
        return lines if len(lines) <= height else [*self.views]

    def _line(self, one: View | str, width: int) -> Content:
        if isinstance(one, str):
            return Content.assemble(" " * _MARGIN, (one, "$quiet"))
        room = width - _KEY - 2 - cell_len(one.count) - _MARGIN
        title = literal_line(one.title).truncate(max(room, 1), ellipsis=True)
        gap = " " * (room - title.cell_length + 1)
        key = (f"{self._pointed(one) + one.key:>{_KEY}}", "bold $sand")
        return self._as_it_is(one, Content.assemble(key, " ", title, gap, self._count(one), " " * _MARGIN))

    # --- side by side

    def _tab(self, one: View) -> Content:
        key = (f"{self._pointed(one) or ' '}{one.key}", "bold $sand")
        return self._as_it_is(one, Content.assemble(key, " ", literal_line(one.title), " ", self._count(one), " "))

    def _tabs(self, width: int) -> list[View]:
        """Those that fit beside the current one, in their order."""
        lines: list[list[View]] = [[]]
        used = 0
        for one in self.views:
            room = self._tab(one).cell_length + 1
            if lines[-1] and used + room - 1 > width:
                lines.append([])
                used = 0
            lines[-1].append(one)
            used += room
        return next((line for line in lines if any(one.name == self.current for one in line)), lines[0])

    # --- both

    def _pointed(self, one: View) -> str:
        """A sign before the current one: colour is never the only difference."""
        return str(Sign.FOLDED) if one.name == self.current else ""

    def _count(self, one: View) -> Content:
        if one.urgency and one.count not in ("", "0"):
            return Content(one.count).stylize(f"bold ${one.urgency}")
        return Content(one.count).stylize("$quiet")

    def _as_it_is(self, one: View, words: Content) -> Content:
        return words.stylize_before("bold $bright on $idle") if one.name == self.current else words

    def on_click(self, event: events.Click) -> None:
        """Choose the view under the mouse."""
        at = event.get_content_offset(self)
        if at is None:
            return
        if self.is_column:
            lines = self._column(self.content_size.height)
            found = lines[at.y] if at.y < len(lines) else None
        else:
            found = self._tab_at(at.x)
        if isinstance(found, View):
            self.post_message(self.Chosen(found.name))

    def _tab_at(self, x: int) -> View | None:
        for one in self._tabs(self.content_size.width):
            x -= self._tab(one).cell_length + 1
            if x < 0:
                return one
        return None

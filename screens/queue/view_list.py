"""The queue's views with their counts: a list beside the tickets, or one or two lines above them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

ROOM_FOR_ALL = 70
"""From this width on all views are shown, on as many lines as they need."""


@dataclass(frozen=True, slots=True)
class View:
    """One view: its name, its title, how many tickets it holds as shown (`12`, `1000+`, nothing yet), and its key."""

    name: str
    title: str
    count: str = ""
    key: str = ""


class ViewList(Widget):
    """Draws the views; a click on one chooses it."""

    COMPONENT_CLASSES = {"view-list--current", "view-list--number", "view-list--count"}

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
        """One line for each view, or as many lines as they need side by side."""
        return len(self.views) if self.is_column else len(self._lines_shown(width))

    def render(self) -> RenderResult:
        width = self.content_size.width
        lines = [[one] for one in self.views] if self.is_column else self._lines_shown(width)
        drawn = []
        for line in lines:
            words = Content("")
            for one in line:
                words = Content.assemble(words, self._drawn(one, width if self.is_column else 0))
            drawn.append(words)
        return Content("\n").join(drawn)

    def _drawn(self, one: View, width: int) -> Content:
        number = one.key
        gap = " " * max(width - len(number) - len(one.title) - len(one.count) - 3, 1)
        now = one.name == self.current
        number_style = self.get_visual_style("view-list--number")
        count_style = self.get_visual_style("view-list--count")
        words = Content.assemble(
            "▸" if now else " ", (number, number_style), " ", one.title, gap, (one.count, count_style), ""
        )
        words = Content.assemble(words, " " if width else "  ")
        return words.stylize(self.get_visual_style("view-list--current")) if now else words

    def _lines_shown(self, width: int) -> list[list[View]]:
        """On the narrowest terminals the line with the current view alone."""
        lines = self._lines(width)
        if width >= ROOM_FOR_ALL:
            return lines
        return [line for line in lines if any(one.name == self.current for one in line)] or lines[:1]

    def _lines(self, width: int) -> list[list[View]]:
        lines: list[list[View]] = [[]]
        used = 0
        for one in self.views:
            room = self._drawn(one, 0).cell_length
            if lines[-1] and used + room - 2 > width:
                lines.append([])
                used = 0
            lines[-1].append(one)
            used += room
        return lines

    def on_click(self, event: events.Click) -> None:
        """Choose the view under the mouse."""
        at = event.get_content_offset(self)
        if at is None:
            return
        if self.is_column:
            found = self.views[at.y] if at.y < len(self.views) else None
        else:
            found = self._in_line(at.x, at.y)
        if found is not None:
            self.post_message(self.Chosen(found.name))

    def _in_line(self, x: int, y: int) -> View | None:
        lines = self._lines_shown(self.content_size.width)
        for one in lines[y] if y < len(lines) else []:
            x -= self._drawn(one, 0).cell_length
            if x < 0:
                return one
        return None

    def watch_views(self) -> None:
        """Recalculate the height: counts may need another line."""
        self.refresh(layout=not self.is_mounted or not self.is_column)

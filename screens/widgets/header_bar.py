"""The top line of every screen: its heading, who is signed in, the time, and the state of the log."""

from typing import TYPE_CHECKING, cast

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from screens.widgets.safe_text import literal_line

if TYPE_CHECKING:
    from screens.frame.console import Console


ROOM_FOR_ALL = 100
"""From this width on the header also says when the log was last signed."""
ROOM_FOR_WHO = 60


class HeaderBar(Widget):
    """One line; on a narrow terminal the heading is cut in favour of the right side."""

    heading: reactive[str] = reactive("")

    def __init__(self, heading: str) -> None:
        super().__init__()
        self.set_reactive(HeaderBar.heading, heading)

    def render(self) -> RenderResult:
        header = cast("Console", self.app).header
        width = self.content_size.width
        right = self._right(width)
        left = literal_line(self.heading)
        room = width - right.cell_length - 2
        if left.cell_length > room:
            left = left.truncate(max(room, 0), ellipsis=True)
        gap = " " * max(width - left.cell_length - right.cell_length, 0)
        style = "" if header.log_ok else "$text-error"
        return Content.assemble(left.stylize("bold"), gap, right.stylize(style) if style else right)

    def _right(self, width: int) -> Content:
        header = cast("Console", self.app).header
        parts = [part for part in (header.who, header.clock, header.log) if part]
        if width >= ROOM_FOR_ALL and header.signed:
            parts.append(header.signed)
        if width < ROOM_FOR_WHO:
            parts = parts[1:]
        return literal_line(" · ".join(parts))

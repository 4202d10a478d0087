"""The top line of every screen: its heading, who is signed in, the time, and the state of the log."""

from collections.abc import Iterator
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
    """One line. Where it is narrow the right side gives way to the heading, part by part; the log's state stays."""

    heading: reactive[str] = reactive("")

    def __init__(self, heading: str) -> None:
        super().__init__()
        self.set_reactive(HeaderBar.heading, heading)

    def render(self) -> RenderResult:
        header = cast("Console", self.app).header
        width = self.content_size.width
        left, right = literal_line(self.heading), Content()
        for right in self._right_sides(width):
            room = width - right.cell_length - 2
            if left.cell_length <= room:
                break
        else:
            left = left.truncate(max(room, 0), ellipsis=True)
        gap = " " * max(width - left.cell_length - right.cell_length, 0)
        style = "" if header.log_ok else "$text-error"
        return Content.assemble(left.stylize("bold"), gap, right.stylize(style) if style else right)

    def _right_sides(self, width: int) -> Iterator[Content]:
        """What may stand there, longest first: without when the log was signed, the roles, the name, the time."""
        header = cast("Console", self.app).header
        if width >= ROOM_FOR_ALL and header.signed:
            yield _joined(header.who, header.clock, header.log, header.signed)
        if width >= ROOM_FOR_WHO:
            yield _joined(header.who, header.clock, header.log)
            yield _joined(header.who.partition(" · ")[0], header.clock, header.log)
        yield _joined(header.clock, header.log)
        yield _joined(header.log)


def _joined(*parts: str) -> Content:
    return literal_line(" · ".join(part for part in parts if part))

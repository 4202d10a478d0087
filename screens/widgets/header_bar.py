"""The top line of every screen: the place at the left, what waits for the agent at the right, then name and time."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from screens.widgets.safe_text import literal_line
from screens.widgets.signs import Sign

if TYPE_CHECKING:
    from screens.frame.console import Console, HeaderState

ROOM_FOR_ALL = 100
"""From this width on, what waits is said in full."""

_ROOM_FOR_SUBJECT = 24


class HeaderBar(Widget):
    """One line. Where it is narrow, all but the heading gives way: first the place above it, then the right side.

    `above` is the desk's name on the first screen of a place, and the place on a screen `inside` it. `position` says
    where that is in a list: `7 of 26`. The `subject` of a ticket takes what room is left.
    """

    heading: reactive[str] = reactive("")
    position: reactive[str] = reactive("")
    subject: reactive[str] = reactive("")

    def __init__(self, heading: str, above: str = "", *, inside: bool = False) -> None:
        super().__init__()
        self.set_reactive(HeaderBar.heading, heading)
        self._above, self._inside = above, inside

    def render(self) -> RenderResult:
        width = self.content_size.width
        for right in _right_sides(cast("Console", self.app).header, width):
            for left in self._left_sides():
                room = width - left.cell_length - right.cell_length
                if room >= _ROOM_FOR_SUBJECT and self.subject:
                    left = Content.assemble(left, "   ", literal_line(self.subject).stylize("$text-muted"))
                    left = left.truncate(width - right.cell_length - 3, ellipsis=True)
                    room = width - left.cell_length - right.cell_length
                if room >= 2:
                    return Content.assemble(left, " " * room, right)
        return self._title().truncate(width, ellipsis=True)

    def _title(self) -> Content:
        return literal_line(self.heading).stylize("bold $bright")

    def _left_sides(self) -> Iterator[Content]:
        position = Content.assemble("   ", (self.position, "$text-muted")) if self.position else Content()
        title, above = self._title(), literal_line(self._above)
        if self._inside and self._above:
            above = Content.assemble(above, f" {Sign.WITHIN} ").stylize("$text-muted")
            yield Content.assemble(above, title, position)
        elif self._above:
            heading = literal_line(self.heading).stylize("$text-muted")
            yield Content.assemble(above.stylize("bold $bright"), "  ", heading, position)
        yield Content.assemble(title, position)


def _right_sides(header: "HeaderState", width: int) -> Iterator[Content]:
    """Longest first: in full, in short words, without the name, the most urgent alone, the time, nothing."""
    clock = Content(header.clock).stylize("$text-muted")
    who = Content.assemble(literal_line(header.name).stylize("$text"), "  ", clock) if header.name else clock
    short = [_in_its_colour(one.short, one.urgency) for one in header.needs]
    if width >= ROOM_FOR_ALL:
        full = [_in_its_colour(one.words, one.urgency) for one in header.needs]
        yield _side_by_side(full, "   ", "      ", who)
    yield _side_by_side(short, "  ", "    ", who)
    yield _side_by_side(short, "  ", "  ", clock)
    yield _side_by_side(short[:1], "  ", "  ", clock)
    yield clock
    yield Content()


def _in_its_colour(words: str, urgency: str) -> Content:
    return Content(words).stylize(f"bold ${urgency}" if urgency == "red" else f"${urgency}")


def _side_by_side(needs: list[Content], between: str, after: str, last: Content) -> Content:
    return Content.assemble(Content(between).join(needs), after if needs else "", last)

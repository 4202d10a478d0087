"""The sign of the selected line, visible without colours: `▌` while the list has the focus, otherwise `▏`."""

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.strip import Strip
from textual.widgets import DataTable

from screens.frame.theme import palette_of
from screens.widgets.signs import Sign


def with_sign(strip: Strip, focused: bool, colour: str = "") -> Strip:
    """The line with the sign, of that colour if any, in place of its first cell, which lists leave empty."""
    if strip.cell_length < 1:
        return strip
    first, rest = strip.divide([1, strip.cell_length])
    style = next(iter(first)).style
    if colour:
        style = (style or Style()) + Style(color=colour)
    sign = Sign.CURSOR if focused else Sign.CURSOR_ELSEWHERE
    return Strip.join([Strip([Segment(str(sign), style)], 1), rest])


class LineTable(DataTable[Text]):
    """A table with one-row lines; the selected one has the sign and stays in sight."""

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        row = y - self.header_height + self.scroll_offset.y
        if y < self.header_height or row != self.cursor_row or row >= self.row_count:
            return strip
        return with_sign(strip, self.has_focus, palette_of(self.app, under_cursor=True).sand)

    _lines_seen = 0

    def on_resize(self, event: events.Resize) -> None:
        """Keep the selected line in sight when a notice below makes the table smaller."""
        before, self._lines_seen = self._lines_seen, event.size.height - self.header_height
        line = self.cursor_row - self.scroll_offset.y
        if self._lines_seen <= line < before:
            self.scroll_to(y=self.cursor_row - self._lines_seen + 1, animate=False, force=True)

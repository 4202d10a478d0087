"""The line above the access log: what it is filtered by, as chips, and whether the log holds."""

from dataclasses import dataclass

from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from cs_console.access_log.log_filter import words_of_filter
from screens.widgets.safe_text import literal_line
from screens.widgets.signs import Sign

EXAMPLES = "who:  what:views  ticket:  since:"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the log's own check says, in few words."""

    words: str
    ok: bool | None


class FilterChips(Widget):
    """One line; a click on a chip takes its term away."""

    class Removed(Message):
        """A chip was clicked: the filter without its term."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = ""
        self._standing = Standing("", None)

    def show_filter(self, text: str) -> None:
        """Show this filter's terms."""
        self._text = text
        self.refresh()

    def show_standing(self, standing: Standing) -> None:
        """Show what is known of the log."""
        self._standing = standing
        self.refresh()

    def render(self) -> RenderResult:
        left = Content.assemble(("/", "bold $text-accent"), " ")
        for term in words_of_filter(self._text):
            left = Content.assemble(left, self._chip(term), " ")
        standing = self._state()
        room = self.content_size.width - left.cell_length - standing.cell_length
        if room > len(EXAMPLES) + 3:
            left = Content.assemble(left, " ", (EXAMPLES, "$text-disabled"))
            room -= len(EXAMPLES) + 1
        return Content.assemble(left, " " * max(room, 1), standing)

    def _chip(self, term: str) -> Content:
        return Content.assemble(" ", literal_line(term, 60), f" {Sign.REMOVE} ").stylize("$text on $band")

    def _state(self) -> Content:
        sign, style = {
            True: (Sign.DONE, "$text-success"),
            False: (Sign.BROKEN, "bold $text-error"),
            None: (Sign.EVENT, "$text-muted"),
        }[self._standing.ok]
        if not self._standing.words:
            return Content()
        words = literal_line(self._standing.words).stylize(style if self._standing.ok is False else "$text-muted")
        return Content.assemble((f"{sign} ", style), words)

    def on_click(self, event: events.Click) -> None:
        """Take the clicked chip's term away."""
        offset = event.get_content_offset(self)
        terms = words_of_filter(self._text)
        at = 2
        for number, term in enumerate(terms):
            end = at + self._chip(term).cell_length
            if offset is not None and at <= offset.x < end:
                self.post_message(self.Removed(" ".join((*terms[:number], *terms[number + 1 :]))))
                return
            at = end + 1

"""The line above the tickets: what is asked for as chips, how many tickets that are, and what has come in since."""

from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from cs_console.tickets.filter_sentence import term_words
from cs_console.tickets.filters import Filter, Term
from screens.widgets.safe_text import literal_line
from screens.widgets.signs import Sign

_NO_FILTER = Filter()


class ListHead(Widget):
    """`/ appeals × with you ×      26 tickets, due first`. A click on a chip takes its term out of the filter."""

    asked: reactive[Filter] = reactive(_NO_FILTER)
    said: reactive[str] = reactive("")
    arrived: reactive[str] = reactive("")

    class Removed(Message):
        """A chip was clicked: this is the filter without it."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def render(self) -> RenderResult:
        width = self.content_size.width
        left = Content.assemble(("/ ", "bold $sand"), *(self._chip(term) for term in self.asked.terms))
        if not self.asked.terms and width >= 60:
            left = Content.assemble(left, ("add kind: due: or assignee:", "$faint"))
        right = self._right()
        if left.cell_length + right.cell_length + 1 > width:
            left = left.truncate(max(width - right.cell_length - 1, 0), ellipsis=True)
        return Content.assemble(left, " " * max(width - left.cell_length - right.cell_length, 0), right)

    def _right(self) -> Content:
        if not self.arrived:
            return literal_line(self.said).stylize("$quiet")
        words = literal_line(f" {Sign.NEW_ABOVE} {self.arrived}").stylize("bold $blue")
        return Content.assemble(words, "  ", (".", "bold $sand"), (" brings in ", "$quiet")).stylize("on $blue-tint")

    def _chip(self, term: Term) -> Content:
        words = literal_line(f" {term_words(term)} {Sign.REMOVE} ", 60)
        return Content.assemble(words.stylize("$ink on $band"), " ")

    def on_click(self, event: events.Click) -> None:
        """Take the term under the mouse out of the filter."""
        at = event.get_content_offset(self)
        begins = 2
        for term in self.asked.terms:
            ends = begins + self._chip(term).cell_length
            if at is not None and begins <= at.x < ends - 1:
                self.post_message(self.Removed(self.asked.without(term)))
                return
            begins = ends

"""The reading pane: what is known of the ticket under the cursor, and its newest message once it was read on record."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from rich.segment import Segment
from textual.app import ComposeResult
from textual.containers import Container
from textual.reactive import reactive
from textual.strip import Strip

from cs_console.casework.next_steps import NextStep, next_steps
from cs_console.casework.preview import Preview
from cs_console.desk import AgentCard
from cs_console.tickets.queue import QueueRow
from screens.queue import pane_words
from screens.widgets.drawn_lines import DrawnLines, Paragraph

Says = Callable[[int], Iterable[Paragraph]]
"""Paragraphs for a width."""


@dataclass(frozen=True, slots=True)
class FilterHelp:
    """What the pane says while a filter is typed: what it finds, and what can be done now. `wrong`: it was refused."""

    said: str
    hint: str
    wrong: bool = False


class _Part(DrawnLines, can_focus=False):
    """A part of the pane. What does not fit is said in its last line."""

    GROUND = "sheet"

    def __init__(self, says: Says, *, id: str) -> None:
        super().__init__(id=id)
        self._says = says

    def paragraphs(self, width: int) -> Iterable[Paragraph]:
        """What the pane says here."""
        return self._says(width)

    def render_line(self, y: int) -> Strip:
        """A line; the last one tells that there is more."""
        strip = super().render_line(y)
        height = self.scrollable_content_region.height
        if height > 3 and y == height - 1 and self.virtual_size.height > height + self.scroll_offset.y:
            return Strip([Segment("  …", self._style("quiet", ""))]).adjust_cell_length(
                strip.cell_length, self._style("", "")
            )
        return strip


class ReadingPane(Container):
    """Below the list or beside it; in a small terminal a peek of one or two lines. Its height does not depend on what
    it shows, so moving costs no layout. `help` is said instead while a filter is typed.
    """

    ticket: reactive[QueueRow | None] = reactive(None)
    seen: reactive[Preview | None] = reactive(None)
    remark: reactive[str] = reactive("")
    """What is shown in place of the text."""
    help: reactive[FilterHelp | None] = reactive(None)

    def __init__(
        self, agent: AgentCard, now: Callable[[], datetime], key_of: pane_words.KeyOf, *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._agent, self._now, self._key_of = agent, now, key_of

    def compose(self) -> ComposeResult:
        yield _Part(self._peek, id="peek")
        yield _Part(self._head, id="pane-head")
        with Container(id="pane-body"):
            yield _Part(self._side, id="pane-side")
            yield _Part(self._text, id="pane-text")

    def show(self, row: QueueRow | None) -> None:
        """Show this ticket's facts; of another ticket than before nothing is read yet."""
        if row is None or self.ticket is None or row.number != self.ticket.number:
            self.seen, self.remark = None, ""
        self.ticket = row

    def show_text(self, seen: Preview | None, remark: str) -> None:
        """Show what was read of the ticket, or why nothing is."""
        self.seen, self.remark = seen, remark

    def watch_ticket(self) -> None:
        self._draw()

    def watch_seen(self) -> None:
        self._draw()

    def watch_remark(self) -> None:
        self._draw()

    def watch_help(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if self.is_mounted:
            for part in self.query(_Part):
                if part.display:
                    part.draw_again()

    # --- what it says

    def _steps(self, row: QueueRow) -> tuple[NextStep, ...]:
        return next_steps(row, self._agent, self._now())

    @staticmethod
    def _help(said: FilterHelp, *, in_one_line: bool = False) -> Iterator[Paragraph]:
        first, hint = (said.said, "warning" if said.wrong else ""), (said.hint, "quiet")
        if in_one_line:
            yield Paragraph((first, ("  ", ""), hint), cut=True)
        else:
            yield Paragraph((first,), cut=True)
            yield Paragraph((hint,), cut=True)

    def _peek(self, width: int) -> Iterator[Paragraph]:
        if self.help is not None:
            yield from self._help(self.help, in_one_line=self.content_size.height == 1)
        elif self.ticket is not None:
            yield pane_words.peek(self.ticket, self.seen, self._agent.name, width)
            yield pane_words.peek_facts(self.ticket, self._steps(self.ticket), self._key_of)

    def _head(self, width: int) -> Iterator[Paragraph]:
        if self.help is not None:
            yield from self._help(self.help)
        elif self.ticket is not None:
            yield pane_words.title(self.ticket)
            yield pane_words.chips(self.ticket, self._now(), width)

    def _side(self, width: int) -> Iterator[Paragraph]:
        del width
        if self.ticket is not None:
            yield from pane_words.steps(self._steps(self.ticket), self._key_of)
            yield from pane_words.facts(self.ticket, self._agent.name, self._now())

    def _text(self, width: int) -> Iterator[Paragraph]:
        del width
        if self.ticket is not None and self.seen is not None:
            yield from pane_words.message(self.seen, self._agent.name, self._now())
        elif self.remark:
            yield Paragraph(((self.remark, "faint"),))

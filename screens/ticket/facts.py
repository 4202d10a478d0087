"""What is known about a ticket, one line each; lines with a key can be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import ListItem, ListView

from screens.widgets.cursor_sign import with_sign
from screens.widgets.safe_text import PlainText


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: its name, its text, and on the right the key that works on it or why none does.

    `command` is what Enter does on it: the id of one of the screen's commands, or nothing.
    """

    key: str
    title: str
    words: str
    remark: str = ""
    command: str = ""
    quiet: bool = False
    starts_group: bool = False


class FactLine(ListItem):
    """One fact on the screen."""

    def __init__(self, fact: Fact) -> None:
        super().__init__()
        self.fact = fact
        self._title = PlainText(fact.title, classes="title")
        self._words = PlainText(fact.words, classes="words")
        self._remark = PlainText(fact.remark, classes="remark")
        self._mark()

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._title
            yield self._words
            yield self._remark

    def render_lines(self, crop: Region) -> list[Strip]:
        strips = super().render_lines(crop)
        if self.highlighted and crop.x == crop.y == 0 and strips:
            strips[0] = with_sign(strips[0], self.parent is self.screen.focused)
        return strips

    def show(self, fact: Fact) -> None:
        """Show this instead."""
        if fact != self.fact:
            self.fact = fact
            self._title.show(fact.title)
            self._words.show(fact.words)
            self._remark.show(fact.remark)
            self._mark()

    def _mark(self) -> None:
        self.set_class(self.fact.quiet, "-quiet")
        self.set_class(self.fact.starts_group, "-group")


class Facts(ListView):
    """The list. It is rebuilt only when lines are added or removed, so that the cursor and a shown value stay."""

    BINDINGS = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]

    async def show(self, facts: Sequence[Fact]) -> None:
        """Show these facts instead; the cursor stays on its line if it is still there."""
        lines = list(self.query(FactLine))
        if [line.fact.key for line in lines] == [fact.key for fact in facts]:
            for line, fact in zip(lines, facts, strict=True):
                line.show(fact)
            return
        kept = self.current.key if self.current else ""
        keys = [fact.key for fact in facts]
        with self.app.batch_update():
            await self.clear()
            await self.extend(FactLine(fact) for fact in facts)
        self.index = keys.index(kept) if kept in keys else 0

    @property
    def current(self) -> Fact | None:
        """The selected fact."""
        line = self.highlighted_child
        return line.fact if isinstance(line, FactLine) else None

    def line(self, key: str) -> FactLine | None:
        """The widget of one fact."""
        return next((line for line in self.query(FactLine) if line.fact.key == key), None)

"""A list to choose one item from, each with a title and a dimmed second line."""

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding
from textual.color import Color
from textual.content import Content
from textual.strip import Strip
from textual.style import Style
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from screens.frame.theme import palette_of
from screens.widgets.cursor_sign import with_sign
from screens.widgets.safe_text import literal_line

_QUIET = Style(foreground=Color.automatic(80))
"""Black or white at 80 %, whichever reads on the ground that the row has now: a fixed grey is lost under the cursor."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One line: its title, a remark, and whether it can be chosen."""

    key: str
    title: str
    note: str = ""
    can_choose: bool = True
    mark: str = ""


def mark_of(is_now: bool) -> str:
    """The mark of the choice that holds now."""
    return "•" if is_now else " "


class ChoiceList(OptionList):
    """Choices, all shown literally; `j` and `k` move like the arrows. The selected line has a sign."""

    BINDINGS = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]
    ALLOW_SELECT = False

    def __init__(self, choices: Iterable[Choice] = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(*map(_option, choices), id=id, classes=classes, markup=False)

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        line = self.scroll_offset.y + y
        if self.highlighted is None or line >= len(self._lines) or self._lines[line] != (self.highlighted, 0):
            return strip
        return with_sign(strip, self.has_focus, palette_of(self.app, under_cursor=True).sand)

    def show(self, choices: Iterable[Choice]) -> None:
        """Show these choices instead; the cursor stays on the same key if it is still there."""
        kept = self.current
        options = [_option(choice) for choice in choices]
        self.clear_options()
        self.add_options(options)
        keys = [option.id for option in options]
        if kept in keys:
            self.highlighted = keys.index(kept)
        elif self.highlighted is None:
            self.action_first()

    @property
    def current(self) -> str:
        """The key under the cursor, or nothing."""
        if self.highlighted is None:
            return ""
        return self.get_option_at_index(self.highlighted).id or ""


def _option(choice: Choice) -> Option:
    words = Content.assemble(f"{choice.mark} " if choice.mark else "", literal_line(choice.title))
    if choice.note:
        indent = "  " if choice.mark else ""
        words = Content.assemble(words, "\n", indent, literal_line(choice.note).stylize(_QUIET))
    return Option(words, id=choice.key, disabled=not choice.can_choose)

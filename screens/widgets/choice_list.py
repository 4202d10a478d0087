"""A list to choose one item from, each with a title and a dimmed second line."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.cells import cell_len
from textual.binding import Binding
from textual.color import Color
from textual.content import Content
from textual.strip import Strip
from textual.style import Style
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from screens.frame.theme import palette_of
from screens.widgets.cursor_sign import with_sign
from screens.widgets.hanging import Hanging, Line, Row
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
    what: str = ""
    """What or who it is about: a mask, a person. A list with columns shows it between title and remark."""


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

    def __init__(
        self,
        choices: Iterable[Choice] = (),
        *,
        columns: tuple[int, int] | None = None,
        mark_style: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        self._columns = columns
        self._mark_style = mark_style
        super().__init__(*map(self._option, choices), id=id, classes=classes, markup=False)

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        line = self.scroll_offset.y + y
        if self.highlighted is None or line >= len(self._lines) or self._lines[line] != (self.highlighted, 0):
            return strip
        return with_sign(strip, self.has_focus, palette_of(self.app, under_cursor=True).sand)

    def show(self, choices: Iterable[Choice]) -> None:
        """Show these choices instead; the cursor stays on the same key if it is still there."""
        kept = self.current
        options = [self._option(choice) for choice in choices]
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

    @property
    def lines_of_cursor(self) -> range:
        """Which of its lines the choice under the cursor takes."""
        own = [at for at, (index, _) in enumerate(self._lines) if index == self.highlighted]
        return range(own[0], own[-1] + 1) if own else range(0)

    def _option(self, choice: Choice) -> Option:
        mark = f"{choice.mark} " if choice.mark else ""
        marked = (mark, self._mark_style if choice.can_choose else "")
        title, note = Content.assemble(marked, literal_line(choice.title)), literal_line(choice.note).stylize(_QUIET)
        hang = cell_len(mark)
        if self._columns is not None:
            parts: list[Line | Row] = [Row((title, literal_line(choice.what), note), self._columns, hang=hang)]
        else:
            parts = [Line(title, hang)]
            if choice.note:
                parts.append(Line(Content.assemble(" " * hang, note), hang))
        return Option(Hanging(parts), id=choice.key, disabled=not choice.can_choose)


def columns_for(choices: Iterable[Choice], headings: tuple[str, str, str]) -> tuple[int, int]:
    """Widths that all titles and masks fit, up to a bound; longer ones wrap."""
    choices = tuple(choices)
    first = max(cell_len(f"{one.mark} {one.title}" if one.mark else one.title) for one in choices)
    second = max(cell_len(one.what) for one in choices)
    return min(max(first, cell_len(headings[0])), 24), min(max(second, cell_len(headings[1])), 30)


def heading_row(columns: tuple[int, int], titles: tuple[str, str, str]) -> Hanging:
    """The titles of a list's columns, for the line above it."""
    return Hanging([Row(tuple(Content(title) for title in titles), columns)])

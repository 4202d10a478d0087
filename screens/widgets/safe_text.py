"""The only ways for text from outside to reach the terminal: literally, without markup or control bytes.

Textual's widgets parse a bare string as markup, and `[@click=app.quit]` in it runs that action; so nothing here
ever hands them a string.
"""

from collections.abc import Iterable

from rich.text import Text
from textual.content import Content
from textual.widgets import Static

from cs_console.plain_text import one_line, plain

Part = str | tuple[str, str]
"""A piece of text, or a piece with a style of our own: `("#10482", "bold")`."""


def literal(text: str) -> Content:
    """The text literally; characters that a terminal would obey are made visible."""
    return Content(plain(text))


def literal_line(text: str, limit: int = 200) -> Content:
    """The same on one line, cut with an ellipsis."""
    return Content(one_line(text, limit))


def assembled(parts: Iterable[Part]) -> Content:
    """Pieces side by side, each literal; styles are ours and never come from outside."""
    return Content.assemble(*(plain(part) if isinstance(part, str) else (plain(part[0]), part[1]) for part in parts))


def cell(text: str, style: str = "") -> Text:
    """A cell for a DataTable or Tree: literal, one line, cut at the column's edge."""
    return Text(one_line(text, 400), style=style, no_wrap=True, overflow="ellipsis", end="")


class PlainText(Static):
    """A widget that shows outside text literally. It takes nothing but str and never parses markup."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(literal(text), markup=False, id=id, classes=classes)

    def show(self, text: str) -> None:
        """Show this text instead."""
        self.update(literal(text))

    def show_parts(self, *parts: Part) -> None:
        """Show these pieces side by side instead."""
        self.update(assembled(parts))

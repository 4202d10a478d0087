"""A revealed value on the screen for a short time."""

from collections.abc import Iterator
from typing import Protocol

from screens.widgets.drawn_lines import Paragraph, Piece
from screens.widgets.signs import Sign

BAR_CELLS = 8


class RevealedValue:
    """The value, what it was needed for, and how long it stays. The text is held by this object alone.

    It deliberately has no `repr` of its own.
    """

    __slots__ = ("_purpose", "_seconds", "_value", "left")

    def __init__(self, value: str, purpose: str, seconds: int) -> None:
        self._value = value
        self._purpose = purpose
        self._seconds = self.left = seconds

    def paragraphs(self, title: str, label: int) -> Iterator[Paragraph]:
        """As it is drawn in place of what it belongs to; the value is put after a label of so many cells."""
        edge: Piece = (f"{Sign.CURSOR} ", "warning")
        named = ((title.ljust(label), "value"), (self._value, "value")) if label else ((self._value, "value"),)
        yield Paragraph(named, key="value", lead=edge, ground="cursor", hang=label)
        full = round(BAR_CELLS * self.left / self._seconds) if self._seconds else 0
        count = ((" " * label, ""), (f"hidden in {self.left} s ", "value"), ("━" * full, "warning"))
        rest = (("─" * (BAR_CELLS - full), "rule"), ("  esc", "value"), (" hides it", ""))
        yield Paragraph((*count, *rest), key="value", lead=edge, ground="cursor", hang=label)
        purpose = f"for: {self._purpose}. " if self._purpose else ""
        recorded = ((" " * label, ""), (f"{purpose}On record.", ""))
        yield Paragraph(recorded, key="value", lead=edge, ground="cursor", hang=label)

    def wipe(self) -> None:
        """Drop the text now; where it was drawn has to be drawn again."""
        self._value = ""


class ShowsValue(Protocol):
    """A part of a screen that can show a value in its place."""

    def open_value(self, key: str, value: RevealedValue) -> None:
        """Show it in the place of that key, in sight."""

    def count_value(self) -> None:
        """Show how many seconds are left."""

    def close_value(self) -> None:
        """Remove it, and everything that was drawn of it."""

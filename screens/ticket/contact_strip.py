"""The contacts on one line, where there is no room for the facts beside the conversation."""

from collections.abc import Iterator

from rich.cells import cell_len

from cs_console.casework.conversation import FieldState
from models.contact_fields import Field
from screens.widgets.drawn_lines import DrawnLines, Paragraph, Piece

_SPOKEN_FIRST = (Field.MOBILE, Field.EMAIL)


class ContactStrip(DrawnLines):
    """As many contacts as fit, by their masks; at the right where `tab` leads."""

    GROUND = "band"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._fields: tuple[FieldState, ...] = ()
        self._at_facts = False
        self._reveal_key = ""

    def show(self, fields: tuple[FieldState, ...], reveal_key: str) -> None:
        """Show these contacts, which that key reveals."""
        self._fields = tuple(sorted(fields, key=lambda one: one.field not in _SPOKEN_FIRST))
        self._reveal_key = reveal_key
        self.draw_again()

    def turn(self, *, at_facts: bool) -> None:
        """Say where `tab` leads from here."""
        if at_facts is not self._at_facts:
            self._at_facts = at_facts
            self.draw_again()

    def paragraphs(self, width: int) -> Iterator[Paragraph]:
        """One line."""
        more = "tab conversation" if self._at_facts else "tab all facts"
        pieces: list[Piece] = [] if self._at_facts or not self._reveal_key else [(f"{self._reveal_key} ", "key")]
        used = cell_len(more) + 2 + (2 if pieces else 0)
        for field in () if self._at_facts else self._fields:
            title, _, _ = field.title.partition(" ")
            used += cell_len(title) + cell_len(field.mask) + 4
            if used - 3 > width:
                break
            pieces += [(f"{title} ", "quiet"), (f"{field.mask}   ", "")]
        yield Paragraph(tuple(pieces), cut=True, right=(more, "quiet"))

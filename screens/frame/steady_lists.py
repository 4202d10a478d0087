"""Page keys in Textual's lists: one pressed before the list was laid out ended the console (KeyError)."""

from textual.widgets import OptionList

_turn_page = OptionList._move_page


def _turn_what_is_laid_out(self: OptionList, direction: int) -> None:
    if self._lines:
        _turn_page(self, direction)  # type: ignore[arg-type]  # Textual says Literal[-1, 1]


def steady_lists() -> None:
    """Make page keys do nothing in a list that has no lines yet: in ours, the palette's and every menu's."""
    OptionList._move_page = _turn_what_is_laid_out  # type: ignore[method-assign]

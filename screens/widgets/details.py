"""What is known of the line under a list's cursor, in the space below the list."""

from collections.abc import Iterable

from textual.content import Content

from screens.widgets.hanging import HangingText, Row
from screens.widgets.safe_text import literal_line

_LABEL = 14


class Details(HangingText):
    """Labels and words; what wraps goes on under the words. Hidden while there is nothing to tell."""

    def show_rows(self, told: Iterable[tuple[str, str]]) -> None:
        """Show these labels and words, without those that are empty."""
        rows = [
            Row((Content.styled(label, "$text-muted"), literal_line(words, 400)), (_LABEL,))
            for label, words in told
            if words
        ]
        self.show_lines(rows)
        self.display = bool(rows)

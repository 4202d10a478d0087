"""Drawn lines in which a revealed value can take the place of what it belongs to."""

from screens.ticket.revealed_value import RevealedValue
from screens.widgets.drawn_lines import DrawnLines


class ValuePane(DrawnLines):
    """A subclass draws `value` in the place of `value_key`."""

    value: RevealedValue | None = None
    value_key = ""

    def open_value(self, key: str, value: RevealedValue) -> None:
        """Show it in the place of that key, in sight."""
        self.value, self.value_key = value, key
        self.draw_again()
        self.call_after_refresh(self.bring_in_sight, "value")

    def count_value(self) -> None:
        """Show how many seconds are left."""
        if self.value is not None:
            self.draw_again()

    def close_value(self) -> None:
        """Remove it, and everything that was drawn of it."""
        if self.value is not None:
            self.value.wipe()
            self.value, self.value_key = None, ""
            self.draw_again()

"""The line shown on every screen while the database cannot be reached."""

from textual.content import Content
from textual.widgets import Static

AWAY = "The database cannot be reached; trying again. What you type is not lost."


class StoreBanner(Static):
    """Shown and hidden by the application; a new screen asks it for the current state."""

    def __init__(self, away: bool) -> None:
        super().__init__(Content(f"! {AWAY}"), markup=False)
        self.display = away

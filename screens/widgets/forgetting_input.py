"""A field for what must not stay: nothing of what was typed outlives it."""

from textual.widgets import Input

from screens.forgetting import forget_texts


class ForgettingInput(Input):
    """Forgets what was typed when it is cleared and when it goes."""

    def clear(self) -> None:
        """Empty the field, and every cache that its text went through."""
        super().clear()
        forget_texts()

    def on_unmount(self) -> None:
        self.clear()

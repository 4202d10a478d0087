"""A field for confidential text: nothing typed there outlives it."""

from textual.widgets import Input

from screens.frame.forgetting import forget_texts


class ForgettingInput(Input):
    """Forgets what was typed when it is cleared and when it is removed."""

    def clear(self) -> None:
        """Empty the field, and every cache that its text went through."""
        super().clear()
        forget_texts()

    def on_unmount(self) -> None:
        self.clear()

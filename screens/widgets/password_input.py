"""A field for a password: nothing of what was typed outlives it."""

from textual.widgets import Input

from screens.forgetting import forget_texts


class PasswordInput(Input):
    """Shows dots, and forgets what was typed when it is cleared and when it goes."""

    def __init__(self, *, placeholder: str, id: str) -> None:
        super().__init__(placeholder=placeholder, id=id, password=True, max_length=256)

    def clear(self) -> None:
        """Empty the field, and every cache that its text went through."""
        super().clear()
        forget_texts()

    def on_unmount(self) -> None:
        self.clear()

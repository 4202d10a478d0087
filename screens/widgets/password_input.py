"""A field for a password: nothing typed there outlives it."""

from screens.widgets.forgetting_input import ForgettingInput


class PasswordInput(ForgettingInput):
    """Shows dots."""

    def __init__(self, *, placeholder: str, id: str) -> None:
        super().__init__(placeholder=placeholder, id=id, password=True, max_length=256)

"""What takes two people to end outside its own steps."""

from collections.abc import Callable

import pytest

from cs_console.errors import SecondPersonNeeded


def by_two(first: Callable[[], int], second: Callable[[], int]) -> int:
    """Let the first ask for it and the second, another person, do the same; the ticket's new row."""
    with pytest.raises(SecondPersonNeeded):
        first()
    return second()

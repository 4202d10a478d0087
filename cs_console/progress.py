"""How work that takes long tells how far it is."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with what is done and how much there is in all: entries, keys, or the bytes of an import."""

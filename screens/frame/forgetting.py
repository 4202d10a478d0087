"""Clearing texts that were drawn, typed or searched for: libraries keep them in caches that outlive the widgets."""

import re

from rich.cells import cached_cell_len
from textual._styles_cache import StylesCache


def forget_texts() -> None:
    """Empty every cache of the process that holds texts: widths of what was drawn, and patterns.

    What is still on screen is measured again; there is no other effect. Python cannot overwrite the memory itself.
    """
    cached_cell_len.cache_clear()  # also the widths of each prefix of a password, measured while it was typed
    re.purge()


def forget_removed_widgets() -> None:
    """Let go of what removed widgets drew: Textual keeps it by a cache of borders that is keyed by each widget's lines.

    It held the lines of the last hundred tickets that were opened.
    """
    StylesCache.get_inner_outer.cache_clear()

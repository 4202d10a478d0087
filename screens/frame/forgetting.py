"""Clearing texts that were drawn, typed or searched for: libraries keep them in caches that outlive the widgets."""

import re

from rich.cells import cached_cell_len


def forget_texts() -> None:
    """Empty every cache of the process that holds texts: widths of what was drawn, and patterns.

    What is still on screen is measured again; there is no other effect. Python cannot overwrite the memory itself.
    """
    cached_cell_len.cache_clear()  # also the widths of each prefix of a password, measured while it was typed
    re.purge()

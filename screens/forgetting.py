"""Forgetting texts that were drawn, typed or searched for: libraries keep them in caches that outlive the widgets."""

import re

from rich.cells import cached_cell_len


def forget_texts() -> None:
    """Empty every cache of the process that holds texts: widths of what was drawn, and patterns.

    What is still on screen is measured anew; nothing else is noticed. Python cannot overwrite the memory they were in.
    """
    cached_cell_len.cache_clear()  # also of each beginning of a password, measured while it was typed
    re.purge()

"""The id of an act, as screens make it: light, for the screen that paints first imports it."""

from typing import NewType
from uuid import uuid4

ActId = NewType("ActId", str)
"""The id of one act, random and known to its screen and draft alone: the store holds its hash (`acts.py`)."""


def new_act() -> ActId:
    """The id of an act that has not happened yet."""
    return ActId(uuid4().hex)

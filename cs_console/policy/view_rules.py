"""Views of the queue that a pack brings along: a name, a filter and an order."""

from typing import Annotated, Literal

from pydantic import Field

from cs_console.policy.parts import Part

MOST_VIEWS = 9
"""A number key shows each."""


class ViewRules(Part):
    """A view of all open tickets, for everyone who works with the queue."""

    name: Annotated[str, Field(min_length=1, max_length=24)]
    filter: Annotated[str, Field(min_length=1, max_length=300)]
    """A line of the queue's filter without free words, checked when the pack is (adoption/view_trial.py)."""
    sort: Literal["due", "received", "updated", "priority"] = "due"

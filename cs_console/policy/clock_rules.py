"""The part of a pack on when an answer is due (policy V.4, IX)."""

from typing import Annotated, Literal

from pydantic import Field

from cs_console.policy.parts import Days, Part, Sentence


class ClockRules(Part):
    """When an answer is due (policy V.4): `respond_days` after the later of `starts`."""

    respond_days: Days
    starts: Annotated[tuple[Literal["received", "verified"], ...], Field(min_length=1)]
    due_soon_days: Days
    clause: Sentence
    explained: Sentence
    working_days: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1)] = (1, 2, 3, 4, 5)
    """The days of the week that count for a first response, Monday is 1 (policy IX, "promptly")."""
    first_response_clause: Sentence

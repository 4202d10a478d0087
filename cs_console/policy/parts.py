"""What every part of a pack is made of."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[int, Field(ge=0, le=3650)]

Minutes = Annotated[int, Field(ge=1, le=60 * 24 * 31)]

Count = Annotated[int, Field(ge=1, le=1000)]

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]

Sentence = Annotated[str, Field(min_length=1)]

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""A language tag: "en", "zh", "zh-Hant"."""


class _SaidToRequesters:
    """Marks the texts that requesters read: what a pack's other languages have to say in their own words."""


SAID = _SaidToRequesters()

Said = Annotated[str, Field(min_length=1), SAID]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Letter(Part):
    """A letter of the pack's own words with blanks; what it may name is said where it is used."""

    subject: Said
    text: Said


def nearest(typed: str, known: Iterable[str]) -> str:
    """ " (did you mean ...?)" when something known is close to what was typed, else nothing."""
    close = get_close_matches(typed, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""

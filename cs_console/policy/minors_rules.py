"""The part of a pack on requests of minors (policy VII)."""

from typing import Annotated

from pydantic import Field, model_validator

from cs_console.policy.parts import Key, Part, Sentence


class AgeBand(Part):
    """One span of ages, and what it means for a request."""

    key: Key
    title: Sentence
    guardian_required: bool = False
    """Whether nothing is verified or decided without a guardian's authority."""
    encouraged: str = ""
    """What to tell a minor who may act alone; "" for a person who is not a minor."""

    @property
    def is_flagged(self) -> bool:
        """Whether screens point at it."""
        return self.guardian_required or bool(self.encouraged)


class MinorsRules(Part):
    clause: Sentence
    asks: Sentence
    """What the verifier chooses by."""
    bands: Annotated[tuple[AgeBand, ...], Field(min_length=1)]

    def band(self, key: str) -> AgeBand | None:
        """The band of that key."""
        return next((band for band in self.bands if band.key == key), None)

    @model_validator(mode="after")
    def _keys_differ(self) -> "MinorsRules":
        keys = [band.key for band in self.bands]
        if len(set(keys)) < len(keys):
            raise ValueError("two bands have the same key")
        return self

"""Redacting a message before anything is locked for it: a long text must not hold up everyone else's work."""

from collections.abc import Callable
from typing import TypeVar

from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.redaction import redact

TRIES = 4

_Answer = TypeVar("_Answer")


class OtherTerms(Exception):
    """The texts were redacted for other terms than the requester's: no error, the transaction is begun again."""

    def __init__(self, regions: tuple[str, ...], known: KnownTerms) -> None:
        super().__init__()
        self.regions = regions
        self.known = known


class RedactedAhead:
    """The texts of one message, redacted for some terms."""

    def __init__(self, *texts: str) -> None:
        self._texts = texts
        self._for: tuple[tuple[str, ...], KnownTerms] | None = None
        self._made: dict[str, str] = {}

    def make(self, regions: tuple[str, ...], known: KnownTerms) -> None:
        """Redact them all."""
        self._made = {text: redact(text, regions, known) for text in self._texts}
        self._for = (regions, known)

    def take(self, made: dict[str, str], regions: tuple[str, ...], known: KnownTerms) -> None:
        """Take them as they were redacted for these terms elsewhere."""
        self._made, self._for = made, (regions, known)

    def is_for(self, regions: tuple[str, ...], known: KnownTerms) -> bool:
        """Whether they were redacted for these terms."""
        return self._for == (regions, known)

    def of(self, text: str, regions: tuple[str, ...], known: KnownTerms) -> str:
        """One of the texts, redacted for these terms. Raises OtherTerms where it was done for others."""
        if self._for != (regions, known):
            raise OtherTerms(regions, known)
        return self._made[text]


def redacting_ahead(
    texts: tuple[str, ...],
    regions: tuple[str, ...],
    known: KnownTerms | None,
    act: Callable[[RedactedAhead], _Answer],
) -> _Answer:
    """Do `act`, one transaction, with the texts redacted for these terms; again with those that it finds, where it
    finds others under its lock. Without terms it is first asked for them, with nothing redacted.

    Raises OtherTerms if they change more often than anything but a loop could make them.
    """
    redacted = RedactedAhead(*texts)
    changed: OtherTerms
    for _ in range(TRIES):
        if known is not None:
            redacted.make(regions, known)
        try:
            return act(redacted)
        except OtherTerms as found:
            regions, known, changed = found.regions, found.known, found
    raise changed

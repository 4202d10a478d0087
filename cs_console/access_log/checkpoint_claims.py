"""What is stated about the log's size and root: by the checkpoints in the database, the second place, a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from cs_console.access_log.checkpoint import LogVerifier, checkpoint_tag
from cs_console.access_log.checkpoint_folder import split_notes
from cs_console.access_log.checkpoint_store import SecondPlace
from cs_console.access_log.signed_note import NotANote, SignedNote, read_note, was_torn
from cs_console.access_log.stated_heads import Stated
from cs_console.access_log.stored_log import StoredLog
from cs_console.errors import BadInput

UNREADABLE = 2**62
"""Stands for the size of a checkpoint that cannot be read: looked at last."""


class Source(StrEnum):
    """Where a checkpoint was found."""

    STORED = "database"
    CHECKPOINT_STORE = "second place"
    STATED = "stated before a value was shown"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkpoint, or a head that was stated. `note` is None where it cannot be read, and for a head, whose root is
    `head_root`; `flaw` is what is wrong with a stored one's row, or with a line that states a head.
    """

    size: int
    source: Source
    note: SignedNote | None
    flaw: str = ""
    head_root: bytes | None = None

    @property
    def root(self) -> bytes | None:
        """What it states, None where it cannot be read."""
        return self.head_root if self.note is None else self.note.root


def outside_claims(place: SecondPlace, given: str | None, stated: Stated) -> list[Claim]:
    """The checkpoints in the second place and in the given text, and the heads that were stated before something was
    shown, by size. Raises BadInput, StoreUnavailable.
    """
    claims = [] if given is None else list(_given_claims(given))
    claims += [Claim(tree.size, Source.STATED, None, head_root=tree.root()) for tree in stated.trees]
    claims += [Claim(UNREADABLE, Source.STATED, None, "statement") for _ in stated.changed]
    for text in place.notes():
        try:
            note = read_note(text)
            claims.append(Claim(note.size, Source.CHECKPOINT_STORE, note))
        except NotANote:
            if not was_torn(text):  # a crash during writing is not tampering, and the note is written again
                claims.append(Claim(UNREADABLE, Source.CHECKPOINT_STORE, None))
    return sorted(claims, key=lambda claim: claim.size)


def _given_claims(given: str) -> Iterator[Claim]:
    try:
        notes = [read_note(given)]
    except NotANote:
        try:
            notes = [read_note(text) for text in split_notes(given.splitlines(keepends=True))]
        except NotANote:
            notes = []
    if not notes:
        raise BadInput("This is not a checkpoint.", "Give a file made by `cs-console log checkpoint`.")
    for note in notes:
        yield Claim(note.size, Source.GIVEN, note)


def stored_claims(stored: StoredLog, key: bytes) -> Iterator[Claim]:
    """The checkpoints in the database, by size, each with the flaw that its row shows."""
    for size, at, text, tag in stored.checkpoints():
        try:
            note = read_note(text)
        except (NotANote, TypeError):
            note = None
        try:
            genuine = checkpoint_tag(key, size, at, text) == tag
        except (TypeError, ValueError):
            genuine = False
        agrees = note is not None and note.size == size
        yield Claim(
            size if isinstance(size, int) else UNREADABLE,
            Source.STORED,
            note,
            "" if genuine and agrees else "checkpoint",
        )


def flaw_of(claim: Claim, verifier: LogVerifier) -> str:
    """ "" for a genuine checkpoint of this log or a genuine head, else "foreign signature", "checkpoint" or
    "statement" (it was changed).
    """
    if claim.source is Source.STATED:
        return claim.flaw
    if claim.note is None:
        return "checkpoint"
    if not verifier.knows(claim.note):
        return "foreign signature"
    return claim.flaw or ("" if verifier.accepts(claim.note) else "checkpoint")

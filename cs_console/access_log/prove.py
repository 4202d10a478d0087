"""Making proofs that others can check without this desk: that entries are in the log, and that it only grew.

The log is read once, in flat memory. Every proof is checked as its reader will check it before it is handed out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.access_log.canonical import COLUMNS, entry_bytes
from cs_console.access_log.checkpoint import LogVerifier, latest, log_signer, write_checkpoint
from cs_console.access_log.checkpoint_folder import split_notes
from cs_console.access_log.entry import Entry
from cs_console.access_log.log_filter import pseudonym_beginning
from cs_console.access_log.merkle import leaf_hash
from cs_console.access_log.merkle_proofs import PrefixTree, WatchedTree
from cs_console.access_log.proof_check import check_proof
from cs_console.access_log.proof_file import (
    ENTRY_COLUMNS,
    ConsistencyProof,
    InclusionProof,
    Proof,
    ProvenEntry,
    withheld,
)
from cs_console.access_log.review import whole_pseudonym
from cs_console.access_log.signed_note import SignedNote, read_note
from cs_console.access_log.stored_log import NoTable, Row, StoredLog, stored_log
from cs_console.errors import BadInput, NothingThere, NotProvable
from cs_console.progress import Progress
from models.enums import Action
from models.log import LogEntry
from models.roles import REVIEWS_LOG

if TYPE_CHECKING:
    from cs_console.desk import Desk, DeskSession


class By(StrEnum):
    """What the wanted entries have in common: the column to look in."""

    ENTRY = "seq"
    TICKET = "ticket"
    REQUESTER = "requester"


@dataclass(frozen=True)
class Wanted:
    """Which entries are to be proven: the one of a number, all of a ticket, all of a requester's pseudonym.

    The beginning of a pseudonym will do. `withhold`: who did it and the reason are left out, as a report to a requester
    leaves out the names of staff.
    """

    by: By
    value: int | str
    withhold: bool = False


@dataclass(frozen=True)
class Proven:
    """A proof that holds. `problem` is a sentence when the second place could not take the new checkpoint."""

    proof: Proof
    problem: str


def prove_entries(session: "DeskSession", wanted: Wanted, progress: Progress | None = None) -> Proven:
    """Prove that the wanted entries are in the log, under a checkpoint that states the log as it is now.

    On the record, like an export, before the log is read; that record is the last of a ticket's or a requester's
    entries. `progress` is told entries read and entries in all. Raises NothingThere, BadFilter (no pseudonym, or the
    beginning of several), BadInput (an older desk's entry that is to withhold something), NotProvable, NotAllowed,
    SessionEnded.
    """
    with session.work(*REVIEWS_LOG) as db:
        value = _found_and_recorded(db, session, wanted)
    newest, problem = _newest_checkpoint(session.desk)
    column, tree, rows = COLUMNS.index(wanted.by), WatchedTree(), list[Row]()
    with _log(session.desk) as (stored, verifier):
        for batch in _first(stored, newest.size, progress):
            for row, leaf in zip(batch, _leaves(batch), strict=True):
                watched = row[column] == value
                tree.append(leaf, watched)
                if watched:
                    rows.append(row[: len(ENTRY_COLUMNS)])
    entries = tuple(ProvenEntry(index, row, path) for row, (index, path) in zip(rows, tree.finish(), strict=True))
    if not entries:
        raise _not_provable()
    if wanted.withhold:
        entries = _withheld(entries)
    return Proven(_checked(InclusionProof(verifier.name, newest, entries), verifier), problem)


def _withheld(entries: tuple[ProvenEntry, ...]) -> tuple[ProvenEntry, ...]:
    try:
        return tuple(withheld(proven) for proven in entries)
    except ValueError:  # a salt that was there when the export was recorded
        raise _not_provable() from None


def prove_since(session: "DeskSession", note: str, progress: Progress | None = None) -> Proven:
    """Prove that the log as it is now begins with the one that an older checkpoint of it states.

    `note` is that checkpoint's text. No entry is shown, so nothing is recorded. Raises BadInput for what is no
    checkpoint of this log, NotProvable when the log no longer holds it, NotAllowed, SessionEnded.
    """
    with session.reading(*REVIEWS_LOG):
        pass  # may they at all, before the log is signed
    since = _own_note(session.desk, note)
    newest, problem = _newest_checkpoint(session.desk)
    if since.size > newest.size:
        raise _not_provable()
    tree = PrefixTree(since.size, newest.size)
    with _log(session.desk) as (stored, verifier):
        for batch in _first(stored, newest.size, progress):
            tree.extend(_leaves(batch))
    proof = ConsistencyProof(verifier.name, since, newest, tree.finish())
    return Proven(_checked(proof, verifier), problem)


def _found_and_recorded(db: Session, session: "DeskSession", wanted: Wanted) -> int | str:
    """The value to look for, once there are such entries, as they are wanted, and the export of them is recorded."""
    value, column = wanted.value, col(getattr(LogEntry, wanted.by))
    if wanted.by is By.REQUESTER:
        value = whole_pseudonym(db, pseudonym_beginning(f"--requester {value}", str(value)))
    found = db.connection().execute(select(col(LogEntry.ticket)).where(column == value).limit(1)).first()
    word = wanted.by.name.lower()
    if found is None:
        which = f"entry {value}" if wanted.by is By.ENTRY else f"entry of {word} {value}"
        raise NothingThere(f"The log has no {which}.", "If one should exist, run `cs-console log verify`.")
    if wanted.withhold:
        _require_salts(db, column == value)
    entry = Entry(
        Action.LOG_EXPORTED,
        ticket=None if wanted.by is By.REQUESTER else found[0],
        requester=str(value) if wanted.by is By.REQUESTER else None,
        fields=(word,),
        reason=f"proof of entry {value}" if wanted.by is By.ENTRY else f"proof of a {word}'s entries",
    )
    record(db, session, entry)
    return value


def _require_salts(db: Session, are_wanted: ColumnElement[bool]) -> None:
    """Refuse entries that hold nothing in the place of who did it and why. Raises BadInput naming the first."""
    older = select(func.count(), func.min(col(LogEntry.seq))).where(are_wanted, col(LogEntry.salt).is_(None))
    count, first = db.connection().execute(older).one()
    if count:
        which = f"Entry {first}" if count == 1 else f"{count} of these entries, the first is {first},"
        raise BadInput(
            f"{which} cannot be proven without names: an older version wrote it.",
            "Prove later entries one by one (--entry), or prove these without --withhold.",
        )


def _newest_checkpoint(desk: "Desk") -> tuple[SignedNote, str]:
    """The current log, signed, and what is wrong with the second place. Raises BadInput for an empty log."""
    made = write_checkpoint(desk, force=True) or latest(desk)
    if made is None:
        raise BadInput("The log is empty.", "There is nothing to prove yet.")
    return read_note(made.note), made.problem


def _own_note(desk: "Desk", text: str) -> SignedNote:
    """A checkpoint of this log with the log's own signature only."""
    with desk.database.reading() as db:
        verifier = log_signer(db, desk).verifier
    try:
        (only,) = split_notes(text.splitlines(keepends=True))
        note = read_note(only)
    except ValueError:  # none, several, or no note
        raise BadInput("This is not a single checkpoint.", "Give a file made by `cs-console log checkpoint`.") from None
    if not verifier.accepts(note):
        raise BadInput(
            "This checkpoint belongs to another log, or was changed.", "Give a checkpoint that this desk signed."
        )
    mine = next(s for s in note.signatures if (s.name, s.key_id) == (verifier.name, verifier.key_id))
    return SignedNote(note.origin, note.size, note.root, note.text, (mine,))


@contextmanager
def _log(desk: "Desk") -> Iterator[tuple[StoredLog, LogVerifier]]:
    try:
        with stored_log(desk.database) as stored:
            yield stored, log_signer(stored.session, desk).verifier
    except NoTable:
        raise _not_provable() from None


def _first(stored: StoredLog, size: int, progress: Progress | None) -> Iterator[list[Row]]:
    """The first `size` entries, a batch at a time."""
    count = 0
    for rows in stored.entries():
        batch = rows[: size - count]
        yield batch
        count += len(batch)
        if progress is not None:
            progress(count, size)
        if count == size:
            return


def _leaves(batch: list[Row]) -> list[bytes]:
    try:
        return [leaf_hash(entry_bytes(row)) for row in batch]
    except (TypeError, ValueError):  # a column holds what the console never writes
        raise _not_provable() from None


def _checked(proof: Proof, verifier: LogVerifier) -> Proof:
    if not check_proof(proof, verifier).ok:
        raise _not_provable()
    return proof


def _not_provable() -> NotProvable:
    return NotProvable(
        "The log is not the one that was signed: it was reset, cut or rewritten, so nothing can be proven from it.",
        "Run `cs-console log verify`.",
    )

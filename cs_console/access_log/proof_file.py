"""Proofs about the log as files: one JSON object in ASCII, written in one way only, so that no byte of it is free.

An inclusion proof shows that entries stand in the log that a checkpoint states:

    {"version": 1, "log": NAME, "checkpoint": NOTE,
     "entries": [{"index": 11, "entry": {"seq": 12, "at": ..., ..., "reason": ""}, "path": [HASH, ...]}, ...]}

A consistency proof shows that the log of a checkpoint begins with the log of an older one:

    {"version": 1, "log": NAME, "since": OLDER NOTE, "checkpoint": NOTE, "consistency": [HASH, ...]}

Notes are C2SP signed notes with one signature, the log's own. `entry` holds the columns as they are hashed (`at` is
microseconds since 1970 in UTC, `about` and `salt` are there only where the entry has them); `index` counts from 0.
Hashes are base64; paths are RFC 6962, 2.1.1 and 2.1.2.

An entry may withhold who did it and the reason. Then `staff_hash` and `reason_hash` stand in the place of those columns
and of the salt: commitments (access_log/canonical.py), with which the entry's place in the log is proven all the same.
Entries without a salt, as older desks wrote them, cannot withhold anything.
"""

import base64
import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cs_console.access_log.canonical import COLUMNS, COMMITTED, committed, committed_bytes, entry_bytes
from cs_console.access_log.merkle import HASH_BYTES
from cs_console.access_log.merkle_proofs import Path
from cs_console.access_log.signed_note import NotANote, SignedNote, note_text, read_note

VERSION = 1

ENTRY_COLUMNS = COLUMNS[:-1]
"""What of an entry is hashed: all but the tag."""
_NUMBERS = frozenset({"seq", "at", "ticket", "seconds"})
_OPTIONAL = frozenset({"ticket", "requester", "seconds", "about", "salt"})
_LEFT_OUT = frozenset({"about", "salt"})
"""Where they are None, so that an entry is written as it was before there were such columns."""

EntryRow = tuple[int | str | None, ...]
"""An entry's columns, `ENTRY_COLUMNS`."""


class NotAProof(ValueError):
    """The text is not a proof written by the console; the message says why."""


@dataclass(frozen=True)
class ProvenEntry:
    """An entry, its position in the tree (from 0) and its path to the root.

    `row` is of the columns COMMITTED where who did it and the reason are withheld.
    """

    index: int
    row: EntryRow
    path: Path
    withheld: bool = False

    @property
    def hashed(self) -> bytes:
        """The bytes that the log's tree is over. Raises TypeError or ValueError for what is no entry."""
        return committed_bytes(self.row) if self.withheld else entry_bytes(self.row)


def withheld(proven: ProvenEntry) -> ProvenEntry:
    """The same without who did it and the reason. Raises ValueError for an entry without a salt."""
    *_, salt = proven.row
    if salt is None:
        raise ValueError("no salt")
    return ProvenEntry(proven.index, committed(proven.row), proven.path, withheld=True)


@dataclass(frozen=True)
class InclusionProof:
    """That these entries are in the log of that name, of which the checkpoint states size and root."""

    log: str
    checkpoint: SignedNote
    entries: tuple[ProvenEntry, ...]


@dataclass(frozen=True)
class ConsistencyProof:
    """That the log which the checkpoint states begins with the one that `since` states."""

    log: str
    since: SignedNote
    checkpoint: SignedNote
    path: Path


Proof = InclusionProof | ConsistencyProof


def proof_text(proof: Proof) -> str:
    """The proof as the text of a file: ASCII, so that it can be mailed, and shown, whatever the entries hold."""
    shape: dict[str, object] = {"version": VERSION, "log": proof.log}
    if isinstance(proof, ConsistencyProof):
        shape["since"] = _note_shape(proof.since)
        shape["checkpoint"] = _note_shape(proof.checkpoint)
        shape["consistency"] = _path_shape(proof.path)
    else:
        shape["checkpoint"] = _note_shape(proof.checkpoint)
        shape["entries"] = [
            {
                "index": proven.index,
                "entry": _entry_shape(proven),
                "path": _path_shape(proven.path),
            }
            for proven in proof.entries
        ]
    return json.dumps(shape, indent=1) + "\n"


def read_proof(data: bytes) -> Proof:
    """The proof in a file's bytes; whether it holds is not looked at. Raises NotAProof."""
    try:
        shape = json.loads(data.decode("ascii"))
        version = _number(shape["version"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NotAProof("it was not made by `cs-console log prove`") from None
    if version != VERSION:
        raise NotAProof("it was written by another version of cs-console")
    try:
        proof = _consistency(shape) if "since" in shape else _inclusion(shape)
        as_written = proof_text(proof).encode()
    except (ValueError, TypeError, KeyError, NotANote):
        raise NotAProof("a part of it is missing or damaged") from None
    if as_written != data:
        raise NotAProof("another program rewrote it, or it contains more than the proof")
    return proof


def _inclusion(shape: dict[str, Any]) -> InclusionProof:
    entries = tuple(_proven(proven) for proven in shape["entries"])
    if not entries or any(left.index >= right.index for left, right in pairwise(entries)):
        raise NotAProof
    return InclusionProof(_text(shape["log"]), _note(shape["checkpoint"]), entries)


def _proven(shape: dict[str, Any]) -> ProvenEntry:
    entry, withheld = shape["entry"], "staff_hash" in shape["entry"]
    names = COMMITTED if withheld else ENTRY_COLUMNS
    row = tuple(_column(name, entry.get(name) if name in _LEFT_OUT else entry[name]) for name in names)
    return ProvenEntry(_number(shape["index"]), row, _path(shape["path"]), withheld)


def _consistency(shape: dict[str, Any]) -> ConsistencyProof:
    return ConsistencyProof(
        _text(shape["log"]), _note(shape["since"]), _note(shape["checkpoint"]), _path(shape["consistency"])
    )


def _note(value: object) -> SignedNote:
    note = read_note(_text(value))
    if len(note.signatures) != 1:  # no one would check the others
        raise NotAProof
    return note


def _note_shape(note: SignedNote) -> str:
    return note_text(note.text, note.signatures)


def _path(value: object) -> Path:
    if not isinstance(value, list):
        raise TypeError
    path = tuple(base64.b64decode(_text(part), validate=True) for part in value)
    if any(len(part) != HASH_BYTES for part in path):
        raise ValueError
    return path


def _path_shape(path: Path) -> list[str]:
    return [base64.b64encode(part).decode() for part in path]


def _entry_shape(proven: ProvenEntry) -> dict[str, int | str | None]:
    shape = dict(zip(COMMITTED if proven.withheld else ENTRY_COLUMNS, proven.row, strict=True))
    return {name: value for name, value in shape.items() if name not in _LEFT_OUT or value is not None}


def _column(name: str, value: object) -> int | str | None:
    if value is None and name in _OPTIONAL:
        return None
    return _number(value) if name in _NUMBERS else _text(value)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # half of a surrogate pair is not text
    return value

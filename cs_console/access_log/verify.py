"""Proving that the log is whole, or naming the first entry that is not.

Every entry is read once, in order. Its keyed tag identifies the exact entry that was changed; the tree over all of them
must have the roots that the checkpoints state; the head must say how many there are. What a log cannot show is
what was never recorded.
"""

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cs_console.access_log.canonical import entry_bytes
from cs_console.access_log.checkpoint import LogVerifier, log_signer
from cs_console.access_log.checkpoint_claims import UNREADABLE, Claim, Source, flaw_of, outside_claims, stored_claims
from cs_console.access_log.checkpoint_store import checkpoint_store_of
from cs_console.access_log.diagnosis import Finding, bad_entry
from cs_console.access_log.head import TAG_BYTES, genuine_tree
from cs_console.access_log.merkle import Frontier
from cs_console.access_log.stated_heads import Stated, stated_heads
from cs_console.access_log.stored_log import NoTable, StoredLog, stored_log
from cs_console.errors import StoreUnavailable
from cs_console.progress import Progress

if TYPE_CHECKING:
    from cs_console.desk import Desk

RUNS_BACK = 30_000_000
"""In microseconds: by so much an entry of a desk from before may be older than the one before it, because clocks of
several hosts differ. Today none is appended that is older at all.
"""


@dataclass(frozen=True)
class Verdict:
    """What `verify_log` found.

    `size`: how many entries the head states, or were counted where it states nothing. `root`: hex of the tree
    over the entries that hold. `first_bad`: the smallest number that does not hold, of an entry, or (for the kinds
    about checkpoints) the size that a checkpoint states; None when it is only the head. `kind`: "" when whole,
    else edited, missing, inserted, swapped, duplicated, tail cut, head moved, checkpoint, foreign signature,
    statement, time runs back, rewritten or rolled back. `torn`: files of stated heads in which a crash cut a line.
    """

    ok: bool
    size: int
    root: str
    first_bad: int | None
    kind: str
    torn: tuple[Path, ...] = ()


def verify_log(desk: "Desk", *, note: str | None = None, progress: Progress | None = None) -> Verdict:
    """Read the whole log and say whether it holds: by itself, against its checkpoints, the second place, what was
    stated before each value was shown, and `note`.

    `note` is the text of one or more checkpoints kept elsewhere. `progress` is told entries read and entries in
    all. Nothing is written. Raises BadInput for an invalid note, StoreUnavailable and KeyUnavailable.
    """
    key = desk.log_tag_key
    # read before the log is: whatever is stated there was committed to the log earlier
    stated = _stated(desk, key)
    outside = outside_claims(checkpoint_store_of(desk.settings), note, stated)
    tree, size = Frontier(), 0
    try:
        with stored_log(desk.database) as stored:
            verifier = log_signer(stored.session, desk).verifier
            row = stored.head()
            size = row[0] if row is not None and isinstance(row[0], int) else 0
            claims = heapq.merge(stored_claims(stored, key), outside, key=lambda claim: claim.size)
            check = _Check(stored, key, verifier, genuine_tree(key, row), tree, claims)
            finding = check.entries(progress) or check.end()
    except NoTable:
        finding = Finding(tree.size + 1, "missing")
    root = tree.root().hex()
    if finding is None:
        return Verdict(True, size, root, None, "", stated.torn)
    return Verdict(False, max(size, 0) or tree.size, root, finding.number, finding.kind, stated.torn)


def _stated(desk: "Desk", key: bytes) -> Stated:
    folder = desk.settings.checkpoint_folder
    try:
        return stated_heads(folder, key)
    except OSError as problem:
        raise StoreUnavailable(
            f"The statements of the log in {folder} cannot be read: {problem.strerror}.",
            "Check the folder's permissions.",
        ) from None


@dataclass
class _Check:
    """One pass over the log. `tree` grows with each entry that holds."""

    stored: StoredLog
    key: bytes
    verifier: LogVerifier
    head: Frontier | None
    """What the head states; None where it is not as the console wrote it."""
    tree: Frontier
    claims: Iterator[Claim]
    agreed: int = 0
    """The newest size at which a checkpoint agreed."""

    def __post_init__(self) -> None:
        self.next_claim = next(self.claims, None)

    def entries(self, progress: Progress | None) -> Finding | None:
        """Go through the entries up to the first that does not hold."""
        finding = self._settle()
        if finding is not None:
            return finding
        sha256, encode = hashlib.sha256, entry_bytes
        tagger = hashlib.blake2b(key=self.key, digest_size=TAG_BYTES)
        stop, expected, latest = self._next_size(), 0, 0
        for batch in self.stored.entries():
            leaves: list[bytes] = []
            for row in batch:
                expected += 1
                try:
                    leaf = sha256(b"\x00" + encode(row)).digest()
                except (TypeError, ValueError):  # a column holds what the console never writes
                    leaf = b""
                tag = tagger.copy()
                tag.update(leaf)
                if row[0] != expected or tag.digest() != row[-1]:
                    self.tree.extend(leaves)
                    return bad_entry(self.stored, self.key, row, expected, self.head.size if self.head else None)
                if row[1] < latest - RUNS_BACK:
                    self.tree.extend(leaves)
                    return Finding(expected, "time runs back")
                latest = max(latest, row[1])
                leaves.append(leaf)
                if expected == stop:
                    self.tree.extend(leaves)
                    leaves.clear()
                    finding = self._settle()
                    if finding is not None:
                        return finding
                    stop = self._next_size()
            self.tree.extend(leaves)
            if progress is not None:
                progress(expected, max(expected, self.head.size if self.head else 0))
        return None

    def end(self) -> Finding | None:
        """Judge what comes after the last entry: the head, and checkpoints that state more than there is."""
        count = self.tree.size
        if self.head is not None and self.head.size > count:
            return Finding(count + 1, "tail cut")
        if self.next_claim is not None:
            claim = self.next_claim
            flaw = flaw_of(claim, self.verifier)
            if flaw:
                return Finding(None if claim.size == UNREADABLE else claim.size, flaw)
            inside = claim.source is Source.STORED and self.head is None
            return Finding(count + 1, "tail cut" if inside else "rolled back")
        if self.head is None or (self.head.size, self.head.root()) != (count, self.tree.root()):
            return Finding(None, "head moved")
        return None

    def _next_size(self) -> int:
        return -1 if self.next_claim is None else self.next_claim.size

    def _settle(self) -> Finding | None:
        """Hold every checkpoint of the present size (or a smaller one) against the tree as it is now."""
        root = self.tree.root()
        known = None
        while self.next_claim is not None and self.next_claim.size <= self.tree.size:
            claim, self.next_claim = self.next_claim, next(self.claims, None)
            if claim.source is Source.STORED:
                known = claim.note
            same = claim.note is not None and claim.source is not Source.STORED and claim.note == known
            flaw = "" if same else flaw_of(claim, self.verifier)
            if flaw or claim.root is None:
                return Finding(claim.size, flaw)
            if claim.root != root:
                return Finding(self.agreed + 1, "rewritten" if claim.source is Source.STORED else "rolled back")
            if claim.source is Source.CHECKPOINT_STORE and known is None:
                return Finding(claim.size, "checkpoint")  # stated once, and gone from the database
            self.agreed = claim.size
        return None

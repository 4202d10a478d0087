"""Proofs against the RFC's words, its example and the reference implementation's vectors; and what must not pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cs_console.access_log.merkle import EMPTY_ROOT, Frontier, leaf_hash, node_hash
from cs_console.access_log.merkle_proofs import (
    PrefixTree,
    WatchedTree,
    consistency_ranges,
    verify_consistency,
    verify_inclusion,
)
from tests.access_log.test_merkle import LEAVES, ROOTS, definition

MOST = 300
DATA = [str(number).encode() for number in range(MOST)]
HASHES = [leaf_hash(data) for data in DATA]
REFERENCE = [bytes.fromhex(leaf) for leaf in LEAVES]


def split_of(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def path_of(index: int, data: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1, word for word."""
    if len(data) == 1:
        return []
    k = split_of(len(data))
    if index < k:
        return [*path_of(index, data[:k]), definition(data[k:])]
    return [*path_of(index - k, data[k:]), definition(data[:k])]


def subproof(old: int, data: list[bytes], whole: bool) -> list[bytes]:
    """RFC 6962, 2.1.2, word for word."""
    if old == len(data):
        return [] if whole else [definition(data)]
    k = split_of(len(data))
    if old <= k:
        return [*subproof(old, data[:k], whole), definition(data[k:])]
    return [*subproof(old - k, data[k:], False), definition(data[:k])]


def made_paths(leaves: list[bytes], watched: set[int]) -> dict[int, tuple[bytes, ...]]:
    tree = WatchedTree()
    for index, leaf in enumerate(leaves):
        tree.append(leaf, index in watched)
    return dict(tree.finish())


def made_consistency(old: int, leaves: list[bytes], *cuts: int) -> tuple[bytes, ...]:
    """The path to all the leaves, which come in batches that end at these places."""
    tree = PrefixTree(old, len(leaves))
    for begin, end in zip((0, *cuts), (*cuts, len(leaves)), strict=True):
        tree.extend(leaves[begin:end])
    return tree.finish()


def root_of(leaves: list[bytes]) -> bytes:
    tree = Frontier()
    tree.extend(leaves)
    return tree.root()


def test_the_example_of_the_rfc() -> None:
    """RFC 6962, 2.1.3: seven leaves, their paths and consistency proofs, under the letters it gives the nodes."""
    a, b, c, d, e, f, j = HASHES[:7]
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, last = node_hash(g, h), node_hash(i, j)
    paths = made_paths(HASHES[:7], {0, 3, 4, 6})
    assert paths == {0: (b, h, last), 3: (c, g, last), 4: (f, j, k), 6: (i, k)}
    assert made_consistency(3, HASHES[:7]) == (c, d, g, last)
    assert made_consistency(4, HASHES[:7]) == (last,)
    assert made_consistency(6, HASHES[:7]) == (i, j, k)


@pytest.mark.parametrize(
    ("number", "size", "beginnings"),
    [(1, 1, ()), (1, 8, ("96a296d2", "5f083f0a", "6b47aaf2")), (6, 8, ("bc1a0643", "ca854ea1", "d37ee418")),
     (3, 3, ("fac54203",)), (2, 5, ("6e340b9c", "5f083f0a", "bc1a0643"))],
)  # fmt: skip
def test_inclusion_paths_are_the_reference_implementations(number: int, size: int, beginnings: tuple[str, ...]) -> None:
    leaves = [leaf_hash(data) for data in REFERENCE[:size]]
    path = made_paths(leaves, {number - 1})[number - 1]
    assert tuple(part.hex()[:8] for part in path) == beginnings
    assert verify_inclusion(leaves[number - 1], number - 1, size, path, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(
    ("old", "new", "beginnings"),
    [(1, 1, ()), (1, 8, ("96a296d2", "5f083f0a", "6b47aaf2")), (6, 8, ("0ebc5d34", "ca854ea1", "d37ee418")),
     (2, 5, ("5f083f0a", "bc1a0643"))],
)  # fmt: skip
def test_consistency_paths_are_the_reference_implementations(old: int, new: int, beginnings: tuple[str, ...]) -> None:
    path = made_consistency(old, [leaf_hash(data) for data in REFERENCE[:new]])
    assert tuple(part.hex()[:8] for part in path) == beginnings
    assert verify_consistency(old, new, bytes.fromhex(ROOTS[old - 1]), bytes.fromhex(ROOTS[new - 1]), path)


@pytest.mark.parametrize("size", range(34))
def test_every_path_in_a_small_tree_is_the_definitions(size: int) -> None:
    paths, root = made_paths(HASHES[:size], set(range(size))), root_of(HASHES[:size])
    assert list(paths) == list(range(size))
    for index, path in paths.items():
        assert list(path) == path_of(index, DATA[:size])
        assert verify_inclusion(HASHES[index], index, size, path, root)
        assert not any(
            verify_inclusion(HASHES[index], wrong, size, path, root) for wrong in range(-1, size + 2) if wrong != index
        )
    for old in range(1, size + 1):
        path = made_consistency(old, HASHES[:size])
        assert list(path) == subproof(old, DATA[:size], True)
        assert verify_consistency(old, size, root_of(HASHES[:old]), root, path)


@given(some.data())
def test_paths_of_any_wanted_leaves_are_the_definitions(data: some.DataObject) -> None:
    size = data.draw(some.integers(0, MOST))
    wanted = data.draw(some.sets(some.integers(0, size - 1), max_size=8)) if size else set()
    paths, root = made_paths(HASHES[:size], wanted), root_of(HASHES[:size])
    assert paths.keys() == wanted
    for index, path in paths.items():
        assert list(path) == path_of(index, DATA[:size])
        assert verify_inclusion(HASHES[index], index, size, path, root)


@given(some.data())
def test_consistency_paths_are_the_definitions_whatever_the_batches(data: some.DataObject) -> None:
    new = data.draw(some.integers(1, MOST))
    old = data.draw(some.integers(1, new))
    cuts = sorted(data.draw(some.lists(some.integers(0, new), max_size=4)))
    path = made_consistency(old, HASHES[:new], *cuts)
    assert list(path) == subproof(old, DATA[:new], True)
    assert verify_consistency(old, new, root_of(HASHES[:old]), root_of(HASHES[:new]), path)


@given(some.data())
def test_no_other_hash_fits_where_one_belongs(data: some.DataObject) -> None:
    new = data.draw(some.integers(2, MOST))
    index, old = data.draw(some.integers(0, new - 1)), data.draw(some.integers(1, new - 1))
    root = root_of(HASHES[:new])
    inclusion = [HASHES[index], *made_paths(HASHES[:new], {index})[index], root]
    assert verify_inclusion(inclusion[0], index, new, inclusion[1:-1], inclusion[-1])
    for changed in changes(data, inclusion):
        assert not verify_inclusion(changed[0], index, new, changed[1:-1], changed[-1])
    consistency = [root_of(HASHES[:old]), *made_consistency(old, HASHES[:new]), root]
    assert verify_consistency(old, new, consistency[0], consistency[-1], consistency[1:-1])
    for changed in changes(data, consistency):
        assert not verify_consistency(old, new, changed[0], changed[-1], changed[1:-1])


def changes(data: some.DataObject, hashes: list[bytes]) -> list[list[bytes]]:
    """The hashes with a bit of one flipped, one missing, one doubled, two in another order, one cut short."""
    at, bit = data.draw(some.integers(0, len(hashes) - 1)), data.draw(some.integers(0, 255))
    flipped = (int.from_bytes(hashes[at]) ^ (1 << bit)).to_bytes(32)
    inner = data.draw(some.integers(1, len(hashes) - 2)) if len(hashes) > 2 else None
    found = [
        [*hashes[:at], flipped, *hashes[at + 1 :]],
        [*hashes[:at], hashes[at][:-1], *hashes[at + 1 :]],
        [*hashes[:-1], hashes[0], hashes[-1]],
    ]
    if inner is not None:
        found += [[*hashes[:inner], *hashes[inner + 1 :]], [*hashes[:inner], hashes[inner], *hashes[inner:]]]
    if len(hashes) > 3:
        found.append([hashes[0], hashes[2], hashes[1], *hashes[3:]])
    return found


def test_trees_of_one_size_are_one_tree() -> None:
    one, other = root_of(HASHES[:5]), root_of(HASHES[1:6])
    assert verify_consistency(5, 5, one, one, ())
    assert not verify_consistency(5, 5, one, other, ())
    assert not verify_consistency(5, 5, one, one, (one,))


def test_every_tree_begins_with_the_empty_one_and_none_with_a_larger() -> None:
    root = root_of(HASHES[:5])
    assert made_consistency(0, HASHES[:5]) == ()
    assert verify_consistency(0, 5, EMPTY_ROOT, root, ())
    assert verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, ())
    assert not verify_consistency(0, 5, root, root, ())
    assert not verify_consistency(6, 5, root, root, ())
    assert not verify_consistency(-1, 5, root, root, ())
    with pytest.raises(ValueError, match="no larger"):
        consistency_ranges(6, 5)


def test_an_entry_outside_the_tree_is_not_in_it() -> None:
    assert not verify_inclusion(HASHES[0], 0, 0, (), HASHES[0])
    assert not verify_inclusion(HASHES[0], 1, 1, (), HASHES[0])
    assert verify_inclusion(HASHES[0], 0, 1, (), HASHES[0])


def test_no_byte_moves_from_one_hash_to_the_next() -> None:
    """Both orders give the tree the same bytes to hash: only hashes of the right length count."""
    left, right = HASHES[:2]
    root = root_of([left, right])
    assert not verify_inclusion(left + right[:1], 0, 2, (right[1:],), root)
    assert not verify_inclusion(right[1:], 1, 2, (left + right[:1],), root)
    assert not verify_consistency(5, 5, b"root", b"root", ())


def test_a_path_to_one_size_says_nothing_of_a_larger() -> None:
    root, path = root_of(HASHES[:7]), made_consistency(3, HASHES[:7])
    assert verify_consistency(3, 7, root_of(HASHES[:3]), root, path)
    assert not any(verify_consistency(3, larger, root_of(HASHES[:3]), root, path) for larger in range(9, 70))
    assert not verify_consistency(3, 5, root, root, ())
    assert not verify_consistency(4, 5, root, root, ())


def test_the_prover_keeps_no_more_than_the_paths_it_was_asked_for() -> None:
    tree = WatchedTree()
    for number in range(1 << 12):
        tree.append(HASHES[number % MOST], number in (5, 700))
    assert len(tree._standing) == 1
    assert [len(path) for _, path in tree.finish()] == [12, 12]

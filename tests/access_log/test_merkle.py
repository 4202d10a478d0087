"""The tree against the RFC's own vectors, and the frontier against the tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cs_console.access_log.merkle import EMPTY_ROOT, Frontier, leaf_hash, node_hash

LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Roots of the first one to eight leaves, as the certificate-transparency reference implementation has them."""


def definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(definition(leaves[:split]), definition(leaves[split:]))


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_reference_implementations(size: int) -> None:
    tree = Frontier()
    for leaf in LEAVES[:size]:
        tree.append(leaf_hash(bytes.fromhex(leaf)))
    assert tree.root().hex() == ROOTS[size - 1]


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(some.lists(some.binary(max_size=8), max_size=70))
def test_the_frontier_has_the_root_of_the_definition(leaves: list[bytes]) -> None:
    tree = Frontier()
    for leaf in leaves:
        tree = Frontier(tree.size, tree.packed)  # as it comes back from the store each time
        tree.append(leaf_hash(leaf))
    assert tree.size == len(leaves)
    assert tree.root() == definition(leaves)


@pytest.mark.parametrize(
    ("size", "packed"), [(1, b""), (3, b"\x00" * 32), (0, b"\x00" * 32), (2, b"\x00" * 31), (-1, b"\x00" * 32)]
)
def test_a_frontier_that_does_not_fit_its_size_is_refused(size: int, packed: bytes) -> None:
    with pytest.raises(ValueError, match="one hash for each one-bit"):
        Frontier(size, packed)


@given(some.lists(some.lists(some.binary(max_size=4), max_size=40), max_size=6))
def test_adding_many_at_once_makes_the_same_tree(batches: list[list[bytes]]) -> None:
    one_by_one, at_once = Frontier(), Frontier()
    for batch in batches:
        leaves = [leaf_hash(data) for data in batch]
        at_once.extend(leaves)
        for leaf in leaves:
            one_by_one.append(leaf)
        assert (at_once.size, at_once.packed) == (one_by_one.size, one_by_one.packed)

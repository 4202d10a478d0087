"""The log's head: how many entries there are and the tree over them, under a keyed hash.

Every append locks it; checkpoints sign what it states; verify.py holds it against the entries themselves.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from cs_console.access_log.merkle import Frontier
from models.log import LogHead

TAG_BYTES = 16
CHECKPOINT_ENTRIES = 256
"""After so many entries the log is signed, whatever the clock says."""
HEAD = select(col(LogHead.size), col(LogHead.frontier), col(LogHead.tag)).where(col(LogHead.id) == 1)


def head_tag(key: bytes, tree: Frontier) -> bytes:
    """A keyed hash over the head as it is stored, so that it cannot be moved without the desk's key."""
    return hashlib.blake2b(b"frontier" + tree.size.to_bytes(8) + tree.packed, key=key, digest_size=TAG_BYTES).digest()


def _former_tag(key: bytes, tree: Frontier) -> bytes:
    """As older desks have it until their next entry: as strong, but each append had to hash up to the root, twice."""
    return hashlib.blake2b(b"head" + tree.size.to_bytes(8) + tree.root(), key=key, digest_size=TAG_BYTES).digest()


def genuine_tree(key: bytes, row: Sequence[Any] | None) -> Frontier | None:
    """The tree that a row of `HEAD` states; None where the row is gone or not as the console wrote it.

    A person who edits the store by hand can put any type into any column.
    """
    if row is None:
        return None
    size, packed, tag = row
    try:
        tree = Frontier(size, packed)
        return tree if head_tag(key, tree) == tag or _former_tag(key, tree) == tag else None
    except (TypeError, ValueError, OverflowError, AttributeError):
        return None


def entry_tag(key: bytes, leaf: bytes) -> bytes:
    """A keyed hash that lets the desk name exactly the entry that was changed."""
    return hashlib.blake2b(leaf, key=key, digest_size=TAG_BYTES).digest()

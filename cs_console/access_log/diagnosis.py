"""Telling, for the first entry that does not hold, what was done to it. Slow, and only run once something is wrong."""

import itertools
from dataclasses import dataclass

from cs_console.access_log.canonical import entry_bytes
from cs_console.access_log.head import entry_tag
from cs_console.access_log.merkle import leaf_hash
from cs_console.access_log.stored_log import Row, StoredLog


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that does not hold: a number (of an entry, or the size of a checkpoint) and a kind."""

    number: int | None
    kind: str


def bad_entry(stored: StoredLog, key: bytes, row: Row, expected: int, size: int | None) -> Finding:
    """What is wrong with `row`, met where entry `expected` should be. `size`: of a genuine head, else None."""
    number = row[0]
    if not isinstance(number, int):
        return Finding(expected, "edited")
    if size is not None and expected > size:
        return Finding(number, "inserted")
    if number > expected:
        return Finding(expected, "missing")
    if number < expected:
        return Finding(number, "duplicated" if number > 0 else "inserted")
    return Finding(number, _what_happened(stored, key, row, number, size or number))


def _what_happened(stored: StoredLog, key: bytes, row: Row, number: int, size: int) -> str:
    origin = _original_number(key, row, max(number, size))
    if origin is None:
        follower = stored.entry(number + 1)
        return "inserted" if follower is not None and _fits(key, follower, number) else "edited"
    other = stored.entry(origin)
    if other is not None and _fits(key, other, number):
        return "swapped"
    if other is not None and _fits(key, other, origin):
        return "duplicated"
    return "missing"  # what stood here is gone, and a later entry took its number


def _original_number(key: bytes, row: Row, size: int) -> int | None:
    """The number under which this row was appended, None when its content or tag was changed."""
    near = (row[0] - 1, row[0] + 1)
    return next((number for number in itertools.chain(near, range(1, size + 2)) if _fits(key, row, number)), None)


def _fits(key: bytes, row: Row, number: int) -> bool:
    try:
        return bool(entry_tag(key, leaf_hash(entry_bytes((number, *row[1:])))) == row[-1])
    except (TypeError, ValueError):
        return False

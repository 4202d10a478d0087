"""Looking for a word in everything that Python can still reach: what any object, cache, frame or task holds."""

import functools
import gc
from collections.abc import Iterator
from types import ModuleType
from typing import Any

_LEAVES = (str, bytes, bytearray)


def backwards(word: str) -> str:
    """A word that stands in the source in the other direction only, so that the source itself does not hold it."""
    return word[::-1]


def holders(drow: str) -> list[str]:
    """What holds the word that `drow` is backwards: the kind of each object or the name of the cache."""
    gc.unfreeze()  # what the tests' set-up took out of the collector's sight (tests/conftest.py)
    gc.collect()
    word = backwards(drow)
    needles = (word, word.encode(), word.encode("utf-16-le"))
    found = []
    mine = {id(needles), id(word), *map(id, needles)}
    tracked = gc.get_objects()
    seen = {id(one) for one in tracked}
    for one in tracked:
        if one is tracked or one is seen or one is needles or one is mine:
            continue
        for leaf in _leaves(one, seen):
            if id(leaf) not in mine and _holds(leaf, needles):
                found.append(f"{_kind(one)} ({len(leaf)} letters)")  # the text itself would be one more holder
                break
    return found


def _leaves(one: object, seen: set[int], depth: int = 0) -> Iterator[Any]:
    """The texts that an object refers to, also through tuples and dicts that the collector does not track."""
    for other in gc.get_referents(one):
        if isinstance(other, _LEAVES):
            yield other
        elif depth < 8 and id(other) not in seen and not isinstance(other, ModuleType | type):
            yield from _leaves(other, seen, depth + 1)


def _holds(leaf: Any, needles: tuple[str, bytes, bytes]) -> bool:
    return needles[0] in leaf if isinstance(leaf, str) else any(needle in bytes(leaf) for needle in needles[1:])


def _kind(one: object) -> str:
    if isinstance(one, functools._lru_cache_wrapper):
        return f"cache of {one.__module__}.{one.__qualname__}"
    return f"{type(one).__module__}.{type(one).__qualname__}"

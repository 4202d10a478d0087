"""Looking for a word in everything that Python can still reach: what any object, cache, frame or task holds."""

import functools
import gc
from types import ModuleType
from typing import Any

_HAVE_GC = 1 << 14
"""Py_TPFLAGS_HAVE_GC: objects of such a kind can refer to others."""
_DEPTH = 8
"""How deep texts are looked for in tuples and dicts that the collector does not track."""


def backwards(word: str) -> str:
    """A word that stands in the source in the other direction only, so that the source itself does not hold it."""
    return word[::-1]


def holders(drow: str) -> list[str]:
    """What holds the word that `drow` is backwards: the kind of each object or the name of the cache.

    Three million references are looked through: as a whole, and one by one only once the word is among them.
    """
    gc.unfreeze()  # what the tests' set-up took out of the collector's sight (tests/conftest.py)
    gc.collect()
    layers = _layers(gc.get_objects())
    return _holders_among(layers, backwards(drow))  # a name of this function would be one more, in a cell


def _holders_among(layers: list[list[Any]], word: str) -> list[str]:
    tracked = {id(one) for one in layers[0]}
    reaching: dict[int, Any] = {}
    for layer in layers:
        referents = gc.get_referents(*layer)
        if _is_among(referents, word):
            reaching |= _with(referents, word)
    held = {at: len(text) for at, text in reaching.items()}
    for layer in reversed(layers[1:] if held else []):
        for one in layer:
            if not held.keys().isdisjoint(map(id, gc.get_referents(one))):
                held[id(one)] = 0
                reaching[id(one)] = one
    found = [one for one in gc.get_referrers(*reaching.values()) if id(one) in tracked] if held else []
    return [f"{_kind(one)} ({_letters(one, held)})" for one in found]


def _layers(tracked: list[Any]) -> list[list[Any]]:
    """The objects that the collector tracks, and below them, layer by layer, those that it need not: tuples, dicts."""
    layers = [tracked]
    known = {id(one) for one in tracked}
    while layers[-1] and len(layers) < _DEPTH:
        referents = gc.get_referents(*layers[-1])
        kinds = {kind for kind in set(map(type, referents)) if _may_refer(kind)}
        below = {id(one): one for one in referents if type(one) in kinds}
        layers.append([below[at] for at in below.keys() - known])
        known |= below.keys()
    return layers


def _may_refer(kind: type[Any]) -> bool:
    """Whether such an object can refer to others. Modules and classes that are not tracked are Python's own."""
    return bool(kind.__flags__ & _HAVE_GC) and not issubclass(kind, ModuleType | type)


def _is_among(objects: list[Any], word: str) -> bool:
    """Whether one of these is a text with the word. All of them are joined: searching each takes several times that."""
    kinds = set(map(type, objects))
    texts = {kind for kind in kinds if issubclass(kind, str)}
    others = {kind for kind in kinds if issubclass(kind, bytes | bytearray)}
    joined = "\n".join([one for one in objects if type(one) in texts])
    return word in joined or bool(_with([one for one in objects if type(one) in others], word))


def _with(objects: list[Any], word: str) -> dict[int, Any]:
    found = {}
    for one in objects:
        if _holds(one, word):
            found[id(one)] = one
    return found


def _holds(one: object, word: str) -> bool:
    if isinstance(one, str):
        return word in one
    return isinstance(one, bytes | bytearray) and (word.encode() in one or word.encode("utf-16-le") in one)


def _letters(one: object, held: dict[int, int]) -> str:
    """How long the texts with the word are to which it refers: they themselves must not be told."""
    lengths = [held[id(other)] for other in gc.get_referents(one) if id(other) in held]
    return f"{', '.join(str(length) for length in lengths if length) or 'further down, some'} letters"


def _kind(one: object) -> str:
    if isinstance(one, functools._lru_cache_wrapper):
        return f"cache of {one.__module__}.{one.__qualname__}"
    return f"{type(one).__module__}.{type(one).__qualname__}"

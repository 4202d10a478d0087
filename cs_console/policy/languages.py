"""A pack in another language: a layer of words over it, for every text that requesters read."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, JsonValue

from cs_console.policy.ground_rules import Ground
from cs_console.policy.parts import SAID, nearest

if TYPE_CHECKING:
    from cs_console.policy.schema import Pack

Layer = dict[str, JsonValue]
"""Tables as in the pack itself, with texts alone; a ground is found under its code: `[languages.zh.grounds.D1]`."""
Path = tuple[str, ...]

_P = TypeVar("_P", bound=BaseModel)


def in_language(pack: "Pack", asked: str) -> "Pack":
    """The pack with everything that requesters read in that language, the nearest to it, or else the pack's own.

    "zh-Hant-TW" is answered by "zh-Hant", else by "zh"; a language that the pack does not have by `meta.language`.
    """
    language = language_for(pack, asked)
    return pack if language == pack.meta.language else _laid_over(pack, pack.languages[language])


def language_for(pack: "Pack", asked: str) -> str:
    """Which of the pack's languages is used for a person who writes in this one."""
    known = {tag.casefold(): tag for tag in (*pack.languages, pack.meta.language)}
    tag = asked.casefold().replace("_", "-")
    while tag and tag not in known:
        tag = tag.rpartition("-")[0]
    return known.get(tag, pack.meta.language)


def said_texts(part: BaseModel, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text that requesters read, with its place in a layer."""
    for name, field in type(part).model_fields.items():
        yield from _said(getattr(part, name), (*path, name), SAID in field.metadata)


def layer_problems(pack: "Pack", layer: Layer) -> Iterator[tuple[Path, str]]:
    """What a layer leaves out, or says that is not its own to say: a letter holds one language."""
    wanted = dict(said_texts(pack))
    given = dict(_leaves(layer))
    for path, words in given.items():
        if path not in wanted:
            guess = nearest(".".join(path), map(".".join, wanted.keys() - given.keys()))
            yield path, f"is not a text that requesters read{guess}"
        elif not isinstance(words, str) or not words:
            yield path, "is not a text"
    for path in wanted:
        if path not in given:
            yield path, "is missing"


def _said(value: object, path: Path, said: bool) -> Iterator[tuple[Path, str]]:
    if isinstance(value, BaseModel):
        yield from said_texts(value, path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _said(inner, (*path, str(key)), said)
    elif isinstance(value, tuple):
        for inner in value:
            if isinstance(inner, Ground):
                yield from said_texts(inner, (*path, inner.code))
    elif said and isinstance(value, str) and value:
        yield path, value


def _leaves(layer: JsonValue, path: Path = ()) -> Iterator[tuple[Path, JsonValue]]:
    if isinstance(layer, dict):
        for key, inner in layer.items():
            yield from _leaves(inner, (*path, key))
    else:
        yield path, layer


def _laid_over(part: _P, layer: Layer) -> _P:
    return part.model_copy(update={name: _other(getattr(part, name), words) for name, words in layer.items()})


def _other(value: Any, words: Any) -> Any:
    """A value of the pack with these words in place of its own; the layer was checked when the pack was read."""
    if isinstance(value, BaseModel):
        return _laid_over(value, words)
    if isinstance(value, dict):
        return {key: _other(inner, words[key]) if key in words else inner for key, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(_laid_over(one, words[one.code]) if one.code in words else one for one in value)
    return words

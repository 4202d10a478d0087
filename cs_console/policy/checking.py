"""What is wrong with a pack's values, in plain words."""

import re
from collections.abc import Iterator
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cs_console.policy.days_off import unknown_country
from cs_console.policy.parts import nearest
from cs_console.policy.schema import BrokenReferences, Pack, pack_from
from cs_console.policy.toml_lines import Place

_QUOTED = re.compile(r"'([^']*)'")


def located_problems(values: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """Every problem of a pack's values but those of its letters, each with its place."""
    try:
        pack = pack_from(values)
    except ValidationError as problem:
        errors = problem.errors()
        for error in errors:
            yield from _explained(values, error)
        if not any(isinstance(error.get("ctx", {}).get("error"), BrokenReferences) for error in errors):
            yield from _dangling(values)
    else:
        unknown = unknown_country(pack.clock.holidays)  # too heavy to ask whenever a pack is read
        if unknown:
            yield ("clock", "holidays"), unknown


def dotted(place: Place) -> str:
    """A place as a dotted key: `grounds[3].approvers[0]`, counted from 0 as TOML readers do."""
    words = ""
    for part in place:
        words += f"[{part}]" if isinstance(part, int) else f".{part}" if words else str(part)
    return words


def _explained(values: dict[str, Any], error: ErrorDetails) -> Iterator[tuple[Place, str]]:
    """One of pydantic's findings in plain words, with a suggestion where something was mistyped."""
    place: Place = tuple(part for part in error["loc"] if part != "[key]")
    context = error.get("ctx", {})
    broken = context.get("error")
    if isinstance(broken, BrokenReferences):
        yield from broken.problems
        return
    kind = error["type"]
    if kind == "extra_forbidden":
        yield (
            place,
            f"is not a known key here{nearest(str(place[-1]), _missing_keys(values, place) or _keys(place))}",
        )
    elif kind == "missing":
        yield place, "is missing"
    elif kind in {"enum", "literal_error"}:
        known = _QUOTED.findall(str(context.get("expected", "")))
        given = error["input"]
        guess = nearest(given, known) if isinstance(given, str) else ""
        yield place, f"{given!r} is not one of {', '.join(known)}{guess}"
    elif kind == "string_pattern_mismatch":
        yield place, f"{error['input']!r} does not have the form {context.get('pattern')}"
    elif kind == "string_too_short":
        yield place, "is empty"
    else:
        words = error["msg"].removeprefix("Input ")
        yield place, words[:1].lower() + words[1:]


def _dangling(values: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """Names that refer to nothing, found even while the pack's shape is wrong elsewhere."""
    for table, key, of in (("matrix", "purpose", "purposes"), ("grounds", "offers", "offers")):
        rows, known = values.get(table), values.get(of)
        if not isinstance(rows, list) or not isinstance(known, dict):
            continue
        for at, row in enumerate(rows):
            names = row.get(key, ()) if isinstance(row, dict) else ()
            for name in [names] if isinstance(names, str) else names:
                if isinstance(name, str) and name not in known:
                    yield (table, at, key), f"{name!r} is not among the {of}{nearest(name, known)}"


def _model_at(place: Place) -> type[BaseModel] | None:
    """The part of the schema that describes this place."""
    model: Any = Pack
    for part in place:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(str(part))
            model = _present(field.annotation) if field else None
        else:  # a list's or a table's values
            inner = [one for one in get_args(model) if isinstance(one, type) and issubclass(one, BaseModel)]
            model = inner[0] if inner else None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _present(annotation: Any) -> Any:
    """What an optional part is where it is there."""
    options = get_args(annotation)
    return options[0] if len(options) == 2 and options[1] is NoneType else annotation


def _keys(place: Place) -> tuple[str, ...]:
    model = _model_at(place[:-1])
    return tuple(model.model_fields) if model else ()


def _missing_keys(values: dict[str, Any], place: Place) -> tuple[str, ...]:
    """The keys that could stand here and do not: the likeliest ones to have been mistyped."""
    here: Any = values
    for part in place[:-1]:
        here = here[part]
    return tuple(key for key in _keys(place) if key not in here)

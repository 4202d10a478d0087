"""What is wrong with a policy pack, line by line, in plain words."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cs_console.policy.days_off import unknown_country
from cs_console.policy.parts import nearest
from cs_console.policy.schema import BrokenReferences, Pack, pack_from
from cs_console.policy.toml_lines import Place, toml_lines

_AT_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")
_QUOTED = re.compile(r"'([^']*)'")


@dataclass(frozen=True)
class Problem:
    """One thing wrong: the line of the key in the file (0 for the whole file), the dotted key, what is wrong."""

    line: int
    key: str
    message: str

    def told_of(self, file: Path) -> str:
        """The problem as one line that names the file."""
        place = f"{file}:{self.line}" if self.line else str(file)
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


def check_pack(file: Path) -> tuple[Problem, ...]:
    """Every problem of a pack's file, in the order of its lines; empty for a pack that can be used.

    Raises OSError (FileNotFoundError) where there is no such file to read.
    """
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError as problem:
        return (Problem(0, "", f"is not UTF-8 text (byte {problem.start})"),)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        return (_syntax(text, str(problem)),)
    lines = toml_lines(text)
    located = (*_misnamed(file, values), *located_problems(values))
    found = [Problem(_line(lines, at), dotted(at), f"{words}{_of_ground(values, at)}") for at, words in located]
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: problem.line))


def _misnamed(file: Path, values: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """A ticket pins the pack's name and has to find the same policy again under it."""
    match values.get("meta"):
        case {"id": str(own), "version": str(version)} if file.stem != f"{own}-{version}":
            key = "version" if file.stem.startswith(f"{own}-") else "id"
            yield ("meta", key), f"the pack calls itself {own}-{version}, its file {file.stem}: name both the same"


def _of_ground(values: dict[str, Any], place: Place) -> str:
    """Which ground that is, by code, so that no one has to count to the fourteenth."""
    match place:
        case ("grounds", int(at), *_):
            code = values["grounds"][at].get("code")
        case _:
            return ""
    return f" (ground {code})" if isinstance(code, str) else ""


def located_problems(values: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """Every problem of a pack's values, each with its place."""
    try:
        pack = pack_from(values)
    except ValidationError as problem:
        errors = problem.errors()
        for error in errors:
            yield from _explained(values, error)
        if not any(isinstance(error.get("ctx", {}).get("error"), BrokenReferences) for error in errors):
            yield from _dangling(values)
    else:
        yield from _template_problems(pack)
        unknown = unknown_country(pack.clock.holidays)  # too heavy to ask whenever a pack is read
        if unknown:
            yield ("clock", "holidays"), unknown


def dotted(place: Place) -> str:
    """A place as a dotted key: `grounds[3].approvers[0]`, counted from 0 as TOML readers do."""
    words = ""
    for part in place:
        words += f"[{part}]" if isinstance(part, int) else f".{part}" if words else str(part)
    return words


def _syntax(text: str, message: str) -> Problem:
    match = _AT_LINE.search(message)
    line = int(match[1]) if match and match[1] else text.count("\n") + 1
    return Problem(line, "", f"is not TOML: {_AT_LINE.sub('', message).lower()}")


def _line(lines: dict[Place, int], place: Place) -> int:
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return 0


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
            f"is not a key of a pack here{nearest(str(place[-1]), _missing_keys(values, place) or _keys(place))}",
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


def _template_problems(pack: Pack) -> Iterator[tuple[Place, str]]:
    """What only shows when the texts are filled in, in each of the pack's languages."""
    from cs_console.policy.letters import letter_problems  # it makes letters, and they are made of packs

    for language in (pack.meta.language, *pack.languages):
        yield from letter_problems(pack, language)

"""What is wrong with a pack's file, line by line: its values, its views of the queue, and the letters made from it."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cs_console.adoption.trial_letters import letter_problems
from cs_console.adoption.view_trial import view_problems
from cs_console.policy.checking import dotted, located_problems
from cs_console.policy.schema import pack_from
from cs_console.policy.toml_lines import Place, toml_lines

_AT_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")


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
    located = (*_misnamed(file, values), *all_problems(values))
    found = [Problem(_line(lines, at), dotted(at), f"{words}{_of_ground(values, at)}") for at, words in located]
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: problem.line))


def _misnamed(file: Path, values: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """A ticket pins the pack's name and has to find the same policy again under it."""
    match values.get("meta"):
        case {"id": str(own), "version": str(version)} if file.stem != f"{own}-{version}":
            key = "version" if file.stem.startswith(f"{own}-") else "id"
            yield (
                ("meta", key),
                f"the pack is named {own}-{version} but its file {file.stem}: use the same name for both",
            )


def _of_ground(values: dict[str, Any], place: Place) -> str:
    """Which ground that is, by code, so that no one has to count to the fourteenth."""
    match place:
        case ("grounds", int(at), *_):
            code = values["grounds"][at].get("code")
        case _:
            return ""
    return f" (ground {code})" if isinstance(code, str) else ""


def all_problems(values: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """Every problem of a pack's values, then what only shows when the queue is asked for its views and when its letters
    are filled in, in each language.
    """
    yield from located_problems(values)
    try:
        pack = pack_from(values)
    except ValidationError:
        return
    yield from view_problems(pack)
    for language in (pack.meta.language, *pack.languages):
        yield from letter_problems(pack, language)


def _syntax(text: str, message: str) -> Problem:
    match = _AT_LINE.search(message)
    line = int(match[1]) if match and match[1] else text.count("\n") + 1
    return Problem(line, "", f"is not TOML: {_AT_LINE.sub('', message).lower()}")


def _line(lines: dict[Place, int], place: Place) -> int:
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return 0

"""Labelled sentences: texts with the stretches that a redaction has to hide, of our own making or from a file."""

import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import labelled_values
from benchmarks.letters import LETTERS, generated

FOLDER = Path(__file__).with_name("redaction_cases")
ROUNDS = 2
SEED = 20261130
_PART = re.compile(r"\{(?P<slot>[A-Z_]+)\}|‹(?P<kind>[A-Za-z]+):(?P<value>[^›]+)›")


@dataclass(frozen=True)
class Labelled:
    """A stretch that has to be hidden."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Case:
    """A text and all that has to be hidden in it; without spans nothing may be."""

    text: str
    spans: tuple[Labelled, ...]


def own_cases() -> list[Case]:
    """Our own sentences in many languages, then letters and values in frames: the same ones in every run."""
    rng = random.Random(SEED)
    cases = list(_sentences(rng))
    return [*cases, *(_filled(letter, "en", rng) for letter in (*LETTERS, *generated()))]


def _sentences(rng: random.Random) -> Iterator[Case]:
    """Those of `redaction_cases/LANGUAGE.txt`: with slots twice, with different values; after "= " nothing may go."""
    for path in sorted(FOLDER.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            sentence = line.removeprefix("= ").replace("\\n", "\n")
            for _ in range(ROUNDS if "{" in sentence else 1):
                yield _filled(sentence, path.stem, rng)


def cases_in(lines: Iterable[str]) -> list[Case]:
    """The cases of JSON Lines: `{"text", "spans": [{"kind", "start", "end"}]}`."""
    return [_case(json.loads(line)) for line in lines if line.strip()]


def _case(read: dict[str, object]) -> Case:
    text, spans = read["text"], read["spans"]
    if not isinstance(text, str) or not isinstance(spans, list):
        raise TypeError("a case has a text and a list of spans")
    return Case(text, tuple(Labelled(str(span["kind"]), int(span["start"]), int(span["end"])) for span in spans))


def _filled(sentence: str, language: str, rng: random.Random) -> Case:
    text, at = "", 0
    spans = []
    for part in _PART.finditer(sentence):
        text += sentence[at : part.start()]
        kind, value = (
            labelled_values.made(part["slot"], language, rng) if part["slot"] else (part["kind"], part["value"])
        )
        spans.append(Labelled(kind.upper(), len(text), len(text) + len(value)))
        text += value
        at = part.end()
    return Case(text + sentence[at:], tuple(spans))

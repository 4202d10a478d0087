"""Plain English for the people who read it: no sentence uses a word of `data/words_to_avoid.txt`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from screens.registry import COMMANDS

ROOT = Path(__file__).parent.parent
WORDS = (Path(__file__).parent / "data" / "words_to_avoid.txt").read_text(encoding="utf-8").split()
PEOPLE_READ = ("cs_console/errors.py", "cs_console/commands/*.py", "cs_console/__main__.py", "screens/**/*.py")
"""Errors, the commands' help, and all of the screens: the registry, help texts, notices and dialogs."""


def sentences(pattern: str) -> Iterator[tuple[str, str]]:
    """Every text in the source files of that pattern, docstrings too, with its place."""
    files = sorted(ROOT.glob(pattern))
    assert files, f"{pattern} matches no file: correct PEOPLE_READ"
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{file.relative_to(ROOT)}:{node.lineno}", node.value


@pytest.mark.parametrize("pattern", PEOPLE_READ)
def test_no_sentence_uses_a_word_to_avoid(pattern: str) -> None:
    avoided = re.compile(rf"\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)
    found = [f"{place}: {word[0]}" for place, text in sentences(pattern) for word in avoided.finditer(text)]
    assert not found


def test_no_line_of_code_or_documents_does_either() -> None:
    words = set(WORDS) - {"stands"}  # a word of other meanings as well
    avoided = re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)
    places = [*ROOT.glob("*.md"), *ROOT.glob("*.toml")]
    for folder in ("cs_console", "screens", "models", "benchmarks", "tests", "docs"):
        places += [file for ending in ("py", "md", "toml") for file in (ROOT / folder).rglob(f"*.{ending}")]
    found = [
        f"{file.relative_to(ROOT)}:{number}: {word[0]}"
        for file in places
        if file.name != "CHANGELOG.md"  # older lines stay as they were
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        for word in avoided.finditer(line)
    ]
    assert not found


def test_the_list_has_its_words_and_the_sentences_are_found() -> None:
    assert len(WORDS) == len(set(WORDS)) > 5
    texts = [text for _, text in sentences("cs_console/errors.py")]
    assert "Wrong password." in texts
    assert {one.help for one in COMMANDS} - {text for _, text in sentences("screens/*.py")} <= {
        f"{words} {n}." for words in ("Show view", "Turn to step") for n in range(10)
    }

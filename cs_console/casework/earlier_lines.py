"""Which lines of a conversation's messages repeat earlier ones or sign them, for showing them folded. Nothing is taken
out of any message; it is only for the eye, over the redacted text."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from cs_console.casework.ticket_view import Line
from cs_console.intake.quoted_history import Sort, hashes_of, stretches
from models.enums import MessageSort

_FROM_OUTSIDE = frozenset({MessageSort.RECEIVED, MessageSort.AUTOMATIC})
_BETWEEN_AGENTS = MessageSort.NOTE
_LONGEST = 200_000
"""Characters of a message that is looked through; a longer one is shown whole."""
_FEWEST = 2
"""Lines with words: fewer are shown, they take no more room than the line that would say so."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Some lines of a message as they stand. `folded` says in a few words what they are; empty for what is new."""

    text: str
    folded: str = ""


def passages_of(lines: Iterable[Line]) -> dict[str, tuple[Passage, ...]]:
    """The passages of each message that came from outside and has something to fold, by its id.

    What was written in this conversation is known by hashes of its words, which are kept nowhere. Of history that no
    line of its own marks only that is folded: in the rest may be an answer.
    """
    lines = sorted(lines, key=lambda line: line.at)
    ours = hashes_of(line.text for line in lines if line.sort not in _FROM_OUTSIDE and line.sort is not _BETWEEN_AGENTS)
    found: dict[str, tuple[Passage, ...]] = {}
    said = set(ours)
    for line in lines:
        if line.sort not in _FROM_OUTSIDE or len(line.text) > _LONGEST:
            continue
        passages = _passages(line.text, ours, said)
        if any(passage.folded for passage in passages):
            found[line.id] = passages
        said |= hashes_of([line.text])
    return found


def _passages(text: str, ours: AbstractSet[bytes], said: AbstractSet[bytes]) -> tuple[Passage, ...]:
    made: list[Passage] = []
    for stretch in stretches(text.strip(), ours, said=said):
        words = "\n".join(stretch.lines).strip("\n")
        count = sum(1 for line in stretch.lines if line.strip())
        fold = stretch.sort is not Sort.NEW and count >= _FEWEST
        if made and not fold and not made[-1].folded:
            made[-1] = Passage(f"{made[-1].text}\n{words}")
        elif words:
            made.append(Passage(words, _words(stretch.sort, count) if fold else ""))
    return tuple(made)


def _words(sort: Sort, count: int) -> str:
    return f"{count} earlier lines" if sort is Sort.HISTORY else f"{count} lines of signature"

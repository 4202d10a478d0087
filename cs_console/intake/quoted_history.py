"""Which lines of a letter are new, which repeat earlier ones, and which are its signature. Nothing is taken away.

What we sent ourselves is known by hashes of its words; the rest by how mail programs mark it in many languages. A line
between quoted ones that nothing marks is an answer, and stays new. To be shown folded, of history that no line marks
only what was said before is earlier: anyone may have answered in the rest.
"""

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from itertools import groupby, pairwise

from cs_console.intake.quotation_patterns import (
    ATTRIBUTION,
    BEGINS_ONE,
    CLOSING,
    DASHES,
    DATE_AND_ADDRESS,
    DATED,
    DISCLAIMER,
    ENDS_A_SENTENCE,
    ENDS_ONE,
    FORWARDED,
    FROM,
    INLINE,
    OTHER_LABEL,
    OWN,
    QUOTED,
    RULE,
    SENT_FROM,
    SEPARATOR,
)

_MOST_LINES = 20_000
_LONGEST_SIGNATURE = 25
"""Lines."""
_LONGEST_LINE = 1000
_GRAM = 5
"""Words in a row by which our own text is known."""
_DATE_FIRST = 12
"""Characters before the date with which an attribution begins."""
_SHORT_QUOTE = 3
"""Quoted lines that an answer below them needs to be understood."""


class Sort(Enum):
    """What a stretch of lines is."""

    NEW = "new"
    HISTORY = "earlier"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some lines in a row. The lines of all stretches, one after the other, are the text."""

    sort: Sort
    lines: tuple[str, ...]


_MARKING = frozenset(">|-_=*—＞»")
_COLONS = (":", "：")
_LABEL = 30
"""As far into a line as a label's colon stands."""
_WORD = re.compile(r"[^\W_]+")
_EAST = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")


def hashes_of(texts: Iterable[str]) -> frozenset[bytes]:
    """What our own texts are known by: hashes of each few words in a row, never the words."""
    return frozenset(gram for text in texts for gram in _grams(_words(text[:200_000])))


def new_text(text: str) -> str:
    """The new lines alone, to guess from; all lines where nothing would be left."""
    lines = text.split("\n")
    if not any(map(_could_mark, lines)) and not any(map(_could_sign, lines[-_LONGEST_SIGNATURE:])):
        return text
    kept = "\n".join(line for one in stretches(text, strict=True) if one.sort is Sort.NEW for line in one.lines)
    return kept if _WORD.search(kept) else _without_labels(text)


def _could_mark(line: str) -> bool:
    """Whether the line is worth a closer look: it may quote, name whose words follow, or begin what was written."""
    stripped = line.strip()
    if not stripped:
        return False
    if stripped[0] in _MARKING or stripped[-1] in _COLONS:
        return True
    return any(colon in stripped[:_LABEL] for colon in _COLONS)


def _could_sign(line: str) -> bool:
    return len(line) <= 60 and bool(CLOSING.match(line) or SENT_FROM.match(line))


def stretches(
    text: str, ours: AbstractSet[bytes] = frozenset(), *, strict: bool = False, said: AbstractSet[bytes] | None = None
) -> tuple[Stretch, ...]:
    """The text's lines in stretches. `ours`: hashes of what we wrote (`hashes_of`). `strict`: also what only most
    likely is a signature, the lines under a name. `said`: hashes of all that was said before; where it is given, a line
    of unmarked history that is not in it is new. Linear in the text's length."""
    lines = text.split("\n")
    sorts = [Sort.NEW] * len(lines)
    read = min(len(lines), _MOST_LINES)
    starts = [line[:_LONGEST_LINE] for line in lines[:read]]
    own = _ours(starts, ours)
    end = _mark_history(starts, own, sorts)
    if said is not None:
        _show_what_may_be_new(starts, sorts, end, said)
    if not any(sort is Sort.NEW and _WORD.search(line) for sort, line in zip(sorts, starts, strict=False)):
        return (Stretch(Sort.NEW, tuple(lines)),)  # nothing else was written: the quotation is the letter
    _mark_signature(starts, sorts, end, strict)
    if len(lines) > _MOST_LINES and end < read and said is None:
        sorts[read:] = [Sort.HISTORY] * (len(lines) - read)
    return tuple(
        Stretch(sort, tuple(lines[number] for number in numbers))
        for sort, numbers in ((key, [*group]) for key, group in groupby(range(len(lines)), key=lambda at: sorts[at]))
    )


def _mark_history(lines: list[str], own: list[bool], sorts: list[Sort]) -> int:
    """Mark what is earlier, and return where the new lines end: at unmarked history down to the end, or the end."""
    end = _unmarked_history(lines, own, sorts)
    quoted = [bool(QUOTED.match(line)) for line in lines]
    runs = list(_runs([quoted[at] or own[at] for at in range(end)], lines))
    for start, stop in runs:
        begins = _with_attribution(lines, start)
        below = any(lines[at].strip() and not own[at] for at in range(stop, end))
        short = stop - start <= _SHORT_QUOTE and below and len(runs) > 1
        if not (short and quoted[start]):
            for at in range(begins, stop):
                sorts[at] = Sort.HISTORY
    return end


def _runs(marked: list[bool], lines: list[str]) -> Iterator[tuple[int, int]]:
    """Where marked lines are, in rows; empty lines between them belong to the row."""
    start = stop = -1
    for at, is_marked in enumerate(marked):
        if is_marked:
            start = at if start < 0 else start
            stop = at + 1
        elif start >= 0 and lines[at].strip():
            yield start, stop
            start = -1
    if start >= 0:
        yield start, stop


def _with_attribution(lines: list[str], start: int) -> int:
    """Where the quotation begins that goes on from `start`: at the line above that says whose words they are."""
    at = start - 1
    while at >= 0 and not lines[at].strip() and start - at <= 2:
        at -= 1
    if at < 0 or not _is_attribution(lines[at].strip()):
        return start
    for first in range(at, max(at - 3, -1), -1):
        if BEGINS_ONE.match(lines[first]) and lines[first].strip():
            return first
    line = lines[at]
    dated = DATED.search(line)
    is_programs = dated is not None and (dated.start() <= _DATE_FIRST or ("<" in line and ">" in line))
    return at if is_programs else start  # else it is a sentence of the letter: "As your colleague wrote:"


def _is_attribution(line: str) -> bool:
    return len(line) <= 400 and bool(ATTRIBUTION.match(line) or DATE_AND_ADDRESS.match(line))


def _unmarked_history(lines: list[str], own: list[bool], sorts: list[Sort]) -> int:
    """Mark history that no line of its own marks, down to the end; return where it begins.

    Not where nothing was written above it (then it is what the letter is about), where the letter says that it answers
    in it, and of our own text not the lines between that we did not write.
    """
    marking = [_could_mark(line) for line in lines]
    places = (at for at in range(len(lines)) if any(marking[at : at + 3]) and _starts_history(lines, at))
    begins = next(places, len(lines))
    above = "\n".join(lines[:begins])
    if begins == len(lines) or not _WORD.search(above) or INLINE.search(above):
        return len(lines)
    known = [at for at in range(begins, len(lines)) if own[at]]
    for at in range(begins, len(lines)):
        answer = bool(known) and known[0] < at < known[-1] and not own[at] and bool(lines[at].strip())
        sorts[at] = Sort.NEW if answer and not QUOTED.match(lines[at]) else Sort.HISTORY
    return begins


def _show_what_may_be_new(lines: list[str], sorts: list[Sort], begins: int, said: AbstractSet[bytes]) -> None:
    """Mark as new what is in the unmarked history from `begins` on and was not said before, and all of it where
    nothing was: then it is no history of this conversation."""
    known = _said_before(lines, begins, said)
    heads = _heads(lines, begins) if any(known) else [False] * len(known)
    before = Sort.NEW
    for at in range(begins, len(lines)):
        if not lines[at].strip():
            sorts[at] = before
        else:
            is_earlier = known[at - begins] or heads[at - begins] or QUOTED.match(lines[at])
            sorts[at] = Sort.HISTORY if is_earlier else Sort.NEW
        before = sorts[at]


def _said_before(lines: list[str], begins: int, said: AbstractSet[bytes]) -> list[bool]:
    """Which lines from `begins` on were said before, with words of those around them where they are short: programs
    break lines elsewhere, and what was written between them parts the words."""
    numbered = [(word, at) for at in range(begins, len(lines)) for word in _words(QUOTED.sub("", lines[at]))]
    covered = [False] * len(numbered)
    for start, gram in enumerate(_grams([word for word, _ in numbered])):
        if gram in said:
            covered[start : start + _GRAM] = [True] * _GRAM
    found = [False] * (len(lines) - begins)
    for at, group in groupby(zip(numbered, covered, strict=True), key=lambda one: one[0][1]):
        is_whole = len(lines[at]) < _LONGEST_LINE
        found[at - begins] = all(is_covered for _, is_covered in group) and is_whole
    return found


def _heads(lines: list[str], begins: int) -> list[bool]:
    """Which lines from `begins` on only say whose words follow."""
    found = [False] * (len(lines) - begins)
    at = begins
    while at < len(lines):
        if not _starts_history(lines, at):
            at += 1
            continue
        stop = at + 1
        if not (FROM.match(lines[at]) or SEPARATOR.match(lines[at]) or RULE.match(lines[at])):
            stop += next(
                (more for more in range(3) if lines[min(at + more, len(lines) - 1)].rstrip().endswith(_COLONS)), 0
            )
        while stop < len(lines) and (
            not lines[stop].strip() or FROM.match(lines[stop]) or OTHER_LABEL.match(lines[stop])
        ):
            stop += 1
        found[at - begins : stop - begins] = [True] * (min(stop, len(lines)) - at)
        at = stop
    return found


def _starts_history(lines: list[str], at: int) -> bool:
    line = lines[at]
    if not line.strip() or QUOTED.match(line):
        return False
    if SEPARATOR.match(line) and not FORWARDED.match(line):
        return True
    if RULE.match(line):
        return _is_header_block(lines, at + 1)
    if FROM.match(line):
        return _is_header_block(lines, at) and not any(map(FORWARDED.match, lines[max(at - 2, 0) : at]))
    for length in (1, 2, 3):
        if not lines[min(at + length, len(lines)) - 1].rstrip().endswith(_COLONS):
            continue
        whole = " ".join(part.strip() for part in lines[at : at + length])
        if _is_attribution(whole) and DATED.search(whole) and (length == 1 or BEGINS_ONE.match(line)):
            below = next((one for one in lines[at + length : at + length + 3] if one.strip()), "")
            marked = not below or QUOTED.match(below) is not None
            return not marked and not OWN.search(whole) and _is_whole_attribution(line, whole)
    return False


def _is_whole_attribution(line: str, whole: str) -> bool:
    """Whether nothing but an attribution can be meant: it begins with when, and ends with who wrote."""
    addressed = "<" in whole and ">" in whole
    return bool(DATE_AND_ADDRESS.match(whole) or addressed or (BEGINS_ONE.match(line) and ENDS_ONE.search(whole)))


def _is_header_block(lines: list[str], at: int) -> bool:
    """Whether a mail's headers are pasted here: who it is from, and one of when, to which address and what about."""
    while at < len(lines) and not lines[at].strip():
        at += 1
    if at >= len(lines) or not FROM.match(lines[at]):
        return False
    return sum(1 for line in lines[at + 1 : at + 7] if OTHER_LABEL.match(line)) >= 2


def _mark_signature(lines: list[str], sorts: list[Sort], end: int, strict: bool) -> None:
    """Mark the signature of the new text, which ends at `end` or where only history follows."""
    last = end
    while last > 0 and (sorts[last - 1] is Sort.HISTORY or not lines[last - 1].strip()):
        last -= 1
    start = last
    for at in range(last - 1, max(last - _LONGEST_SIGNATURE, -1), -1):
        if sorts[at] is not Sort.NEW:
            break
        if DASHES.match(lines[at]) and at < last - 1:
            start = at
            break
        if CLOSING.match(lines[at]):
            below = [one for one in range(at + 1, last) if lines[one].strip()]
            if (
                all(len(lines[one]) <= 80 and not ENDS_A_SENTENCE.search(lines[one]) for one in below)
                and len(below) <= 10
            ):
                kept = below[:1]  # the name is read as part of the letter
                fits = len(below) >= 3 or (strict and len(below) >= 2)
                start = min(start, kept[0] + 1) if kept and fits else start
            break
    while start > 0 and _is_boilerplate(lines, start - 1, sorts):
        start -= 1
    if start < last and any(lines[at].strip() for at in range(start)):
        for at in range(start, last):
            sorts[at] = Sort.SIGNATURE


def _is_boilerplate(lines: list[str], at: int, sorts: list[Sort]) -> bool:
    line = lines[at]
    if sorts[at] is not Sort.NEW:
        return False
    return bool(SENT_FROM.match(line)) or len(DISCLAIMER.findall(line)) >= 2


def _ours(lines: list[str], ours: AbstractSet[bytes]) -> list[bool]:
    """Which lines are ours: all their runs of words are; short ones only between two that are."""
    found = [False] * len(lines)
    if not ours:
        return found
    for at, line in enumerate(lines):
        words = _words(QUOTED.sub("", line))
        if len(words) >= _GRAM:
            found[at] = all(gram in ours for gram in _grams(words))
    known = [at for at, is_ours in enumerate(found) if is_ours]
    for before, after in pairwise(known):
        between = range(before + 1, after)
        if len(between) <= 2 and all(len(_words(lines[at])) == 0 for at in between):
            for at in between:
                found[at] = True
    return found


def _words(text: str) -> list[str]:
    words: list[str] = []
    for word in _WORD.findall(text.casefold()):
        words += word if _EAST.match(word) else (word,)
    return words


def _grams(words: list[str]) -> Iterator[bytes]:
    for at in range(len(words) - _GRAM + 1):
        yield blake2b("\0".join(words[at : at + _GRAM]).encode("utf-8", "replace"), digest_size=8).digest()


def _without_labels(text: str) -> str:
    """A letter that only passes another on, without that one's headers."""
    lines = [
        line for line in text.split("\n") if not (FROM.match(line) or OTHER_LABEL.match(line) or FORWARDED.match(line))
    ]
    return "\n".join(line.lstrip("> ") for line in lines)

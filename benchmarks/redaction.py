"""How much of what is personal redaction hides in labelled texts of many languages, and how much else."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns

from phonenumbers import PhoneNumberMatcher

from benchmarks.labelled import Case, Labelled, cases_in, own_cases
from benchmarks.letters import Letter
from benchmarks.result import Result, compare
from cs_console.custody.folding import Span
from cs_console.custody.redaction import hidden_spans

REGIONS = ("CN", "HK", "TW", "US", "GB", "DE", "FR", "ES", "JP")
BLOCK = re.compile(r"\[([^\[\]]*)\]")
WORD = re.compile("[\u3400-\u9fff\u3040-\u30ff]|[^\\W_\u3400-\u9fff\u3040-\u30ff]+")
LEAK = 5
"""So many letters or digits of a value in a row, still readable, count as not hidden."""
LABELS = {
    "PHONE": ("phone", "mobile", "number"), "EMAIL": ("e-mail",), "CARD": ("card",), "IBAN": ("iban",), "ID": ("id",),
    "PASSPORT": ("passport",), "ACCOUNT": ("account", "messenger"), "MESSENGER": ("messenger",),
    "ADDRESS": ("address",),
    "BIRTH": ("date of birth",), "PERSON": ("name",), "IP": ("ip",), "LINK": ("link",),
}  # fmt: skip
"""What is labelled, and how redaction's labels of it begin."""
WELL_FORMED = ("PHONE", "EMAIL", "CARD", "IBAN", "ID", "IP", "LINK")
"""Kinds that their form tells. All others have to be introduced: no form tells a name or the number of a passport."""


@dataclass(frozen=True)
class _Read:
    """A case and what was hidden in it."""

    case: Case
    hidden: tuple[Span, ...]


def run(size: int = 0, cases: Path | None = None) -> Iterator[Result]:
    """One line a kind, then one for all well-formed and one for all introduced; `size` is how many values there are.

    Of the file `cases` if there is one, else of our own. Times are per text; beside them one look for phones by the
    library alone. `recall`: the part of the values that were hidden wholly. `precision`: of the blocks with that kind's
    label, the part that hide something labelled. `hidden_words`: the part of all other words that were hidden too, the
    same on each line.
    """
    if cases is None:
        chosen = own_cases()
    else:
        with cases.open(encoding="utf-8") as lines:
            chosen = cases_in(lines)
    chosen = chosen[: size or None]
    hidden_spans("Call Mr Example on +44 20 7946 0958.", REGIONS)  # what is only made once is not a text's time
    ours: list[float] = []
    theirs: list[float] = []
    read: list[_Read] = []
    for case in chosen:
        began = perf_counter_ns()
        hidden = hidden_spans(case.text, REGIONS)
        between = perf_counter_ns()
        list(PhoneNumberMatcher(case.text, "CN"))
        ours.append((between - began) / 1e6)
        theirs.append((perf_counter_ns() - between) / 1e6)
        read.append(_Read(case, tuple(hidden)))
    others = round(_other_words_hidden(read), 5)
    kinds = dict.fromkeys(span.kind for one in read for span in one.case.spans)
    groups = {
        **{kind: (kind,) for kind in kinds},
        "all well-formed": tuple(kind for kind in kinds if kind in WELL_FORMED),
        "all introduced": tuple(kind for kind in kinds if kind not in WELL_FORMED),
    }
    for name, group in groups.items():
        values, recall, precision = _found(read, group)
        sort = "well-formed" if set(group) <= set(WELL_FORMED) else "introduced"
        more = {"recall": round(recall, 4), "precision": round(precision, 4), "hidden_words": others, "sort": sort}
        yield compare("redaction", values, ours, theirs, kind=name, **more)


def missed(case: Case, hidden: Iterable[Span]) -> list[Labelled]:
    """The labelled stretches of which a letter or a digit is still readable."""
    covered = _places(hidden)
    return [
        span
        for span in case.spans
        if any(case.text[at].isalnum() and at not in covered for at in range(span.start, span.end))
    ]


def hidden_by_mistake(case: Case, hidden: Iterable[Span]) -> list[str]:
    """The words outside of what is labelled of which a part was hidden."""
    covered, labelled = _places(hidden), _places(case.spans)
    return [
        word.group()
        for word in WORD.finditer(case.text)
        if labelled.isdisjoint(range(*word.span())) and not covered.isdisjoint(range(*word.span()))
    ]


def other_words(case: Case) -> int:
    """How many words are outside of what is labelled."""
    labelled = _places(case.spans)
    return sum(labelled.isdisjoint(range(*word.span())) for word in WORD.finditer(case.text))


def _places(spans: Iterable[Span | Labelled]) -> set[int]:
    return {at for span in spans for at in range(span.start, span.end)}


def _other_words_hidden(read: list[_Read]) -> float:
    words = sum(other_words(one.case) for one in read)
    return sum(len(hidden_by_mistake(one.case, one.hidden)) for one in read) / max(words, 1)


def _found(read: list[_Read], kinds: tuple[str, ...]) -> tuple[int, float, float]:
    """How many values of these kinds there are, the part hidden, and the part of such blocks that hide a value."""
    values = kept = blocks = right = 0
    labels = tuple(label for kind in kinds for label in LABELS.get(kind, (kind.casefold(),)))
    for one in read:
        values += sum(span.kind in kinds for span in one.case.spans)
        kept += sum(span.kind in kinds for span in missed(one.case, one.hidden))
        labelled = _places(one.case.spans)
        for block in one.hidden:
            if block.label.startswith(labels):
                blocks += 1
                right += not labelled.isdisjoint(range(block.start, block.end))
    return values, 1 - kept / max(values, 1), right / blocks if blocks else 1.0


def leaks(value: str, out: str) -> bool:
    """Whether a good part of a value can still be read."""
    core, seen = re.sub(r"\W", "", value), re.sub(r"[^\w\n]", "", readable(out))
    return any(core[at : at + LEAK] in seen for at in range(max(1, len(core) - LEAK + 1)))


def readable(out: str) -> str:
    """A redacted text without its blocks."""
    return BLOCK.sub("\n", out)


def hidden_words(corpus: list[Letter], shown: list[str]) -> float:
    """The part of the plain words of letters that were hidden."""
    words = hidden = 0
    for letter, out in zip(corpus, shown, strict=True):
        wanted = Counter(word for text in letter.plain for word in WORD.findall(text))
        words += wanted.total()
        hidden += (wanted - Counter(WORD.findall(readable(out)))).total()
    return hidden / words

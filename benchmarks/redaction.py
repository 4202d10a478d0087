"""How much of what is personal redaction finds in letters of many languages, and how much else it hides."""

import re
from collections import Counter
from collections.abc import Iterator
from time import perf_counter_ns

from phonenumbers import PhoneNumberMatcher

from benchmarks.letters import Letter, letters
from benchmarks.result import Result, compare
from cs_console.custody.redaction import redact

REGIONS = ("CN", "HK", "TW", "US", "GB", "DE", "FR", "ES", "JP")
BLOCK = re.compile(r"\[([^\[\]]*)\]")
WORD = re.compile("[\u4e00-\u9fff\u3040-\u30ff]|[^\\W\\d_\u4e00-\u9fff\u3040-\u30ff]+")
LEAK = 5
"""So many letters or digits of a value in a row, still readable, count as not hidden."""
KINDS = {
    "phone": ("phone", "mobile", "number"), "email": ("e-mail",), "card": ("card",), "iban": ("iban",), "ip": ("ip",),
    "id": ("id",), "link": ("link",),
}  # fmt: skip
"""What the letters mark, and the labels that redaction gives it."""


def run(size: int = 0) -> Iterator[Result]:
    """One line a kind; `size` values of it. Times are per letter; beside them one look for phones by the library alone.

    `hidden_words`: the part of all other words in the letters that were hidden, the same on each line.
    """
    corpus = letters()[: size or None]
    ours: list[float] = []
    theirs: list[float] = []
    shown: list[str] = []
    for letter in corpus:
        began = perf_counter_ns()
        shown.append(redact(letter.text, REGIONS))
        between = perf_counter_ns()
        list(PhoneNumberMatcher(letter.text, "CN"))
        ours.append((between - began) / 1e6)
        theirs.append((perf_counter_ns() - between) / 1e6)
    hidden = hidden_words(corpus, shown)
    for kind in KINDS:
        recall, precision, values = _found(kind, corpus, shown)
        more = {"recall": round(recall, 4), "precision": round(precision, 4), "hidden_words": round(hidden, 5)}
        yield compare("redaction", values, ours, theirs, kind=kind, **more)


def leaks(value: str, out: str) -> bool:
    """Whether a good part of a value can still be read."""
    core, seen = re.sub(r"\W", "", value), re.sub(r"[^\w\n]", "", readable(out))
    return any(core[at : at + LEAK] in seen for at in range(max(1, len(core) - LEAK + 1)))


def readable(out: str) -> str:
    """A redacted text without its blocks."""
    return BLOCK.sub("\n", out)


def hidden_words(corpus: list[Letter], shown: list[str]) -> float:
    """The part of the plain words that were hidden."""
    words = hidden = 0
    for letter, out in zip(corpus, shown, strict=True):
        wanted = Counter(word for text in letter.plain for word in WORD.findall(text))
        words += wanted.total()
        hidden += (wanted - Counter(WORD.findall(readable(out)))).total()
    return hidden / words


def _found(kind: str, corpus: list[Letter], shown: list[str]) -> tuple[float, float, int]:
    """The part of the values that were hidden, the part of that kind's blocks that hide one, and how many values."""
    values = kept = blocks = right = 0
    for letter, out in zip(corpus, shown, strict=True):
        secrets = [value for marked, value in letter.secrets if marked == kind]
        labelled = sum(label.startswith(KINDS[kind]) for label in BLOCK.findall(out))
        values += len(secrets)
        kept += sum(leaks(value, out) for value in secrets)
        blocks += labelled
        right += min(labelled, len(secrets))
    return 1 - kept / max(values, 1), right / max(blocks, 1), values

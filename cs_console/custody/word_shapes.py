"""What every search for introduced values shares: text in one case, links between a word and its value, written codes.

A search is handed the folded text, the same text in lower case, and where the word is that introduces a value. It looks
at a bounded stretch around it, so that the time taken grows with the text and no faster.
"""

import re
from collections.abc import Callable

from cs_console.custody.folding import Span

Search = Callable[[str, str, int, int], Span | None]
"""(text, lower, where the introducing word begins, where it ends) -> what it introduces."""

AMOUNT_SIGNS = (
    r"[ \t]?(?:[€$£¥%]|(?:eur|euros?|usd|gbp|chf|cny|rmb|jpy|dollars?|pounds?|prozent|percent)(?!\w)|[元块円원万])"
)
_AMOUNT_AFTER = re.compile(AMOUNT_SIGNS)
_AMOUNT_BEFORE = re.compile(r"(?:[€$£¥]|(?<!\w)(?:eur|euro|usd|gbp|chf|rmb))[ \t]?\Z")
_AMOUNT = re.compile(r"\d{1,3}(?:[ .,]\d{3})*[.,]\d{2}")
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})")
_GROUP = re.compile(r"[A-Za-z0-9]+")
LONGEST_GROUP = 24
MOST_GROUPS = 10


def word_set(words: str) -> frozenset[str]:
    """The words of a long list, written with spaces between them."""
    return frozenset(words.split())


def lowered(text: str) -> str:
    """The text in lower case, every character in its place."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    return lower


def code_at(text: str, at: int, capitals: int = 4) -> int:
    """Where the code ends that begins here, or `at`: groups of letters and digits, nearly all with digits.

    A group of at most `capitals` capitals belongs to it if one with digits follows, a single one also at the end.
    """
    end = here = at
    for number in range(MOST_GROUPS):
        found = _GROUP.match(text, here)
        if found is None or found.end() - here > LONGEST_GROUP:
            break
        group = found.group()
        if any(map(str.isdigit, group)):
            end = found.end()
        elif not group.isupper() or len(group) > (capitals if number == 0 or len(group) > 1 else 1):
            break
        elif number and len(group) == 1 and not text[found.end() : found.end() + 2].strip(" .-/")[:1].isdigit():
            return found.end()
        here = found.end()
        if text[here : here + 1] in " .-/" and _GROUP.match(text, here + 1):
            here += 1
        elif text[here : here + 3] == " - " or text[here : here + 3] == " / ":
            here += 3
        else:
            break
    return end


def digits_in(text: str, start: int, end: int) -> int:
    """How many digits a stretch has."""
    return sum(map(str.isdigit, text[start:end]))


def is_amount_or_date(lower: str, start: int, end: int) -> bool:
    """Whether this is money, a share or a day rather than the number of something."""
    written = lower[start:end]
    return (
        _AMOUNT_AFTER.match(lower, end) is not None
        or _AMOUNT_BEFORE.search(lower[max(0, start - 6) : start]) is not None
        or _AMOUNT.fullmatch(written) is not None
        or (lower[end : end + 1] in ".," and _AMOUNT.fullmatch(lower[start : end + 3]) is not None)
        or _DATE.fullmatch(written) is not None
    )

"""The words around a person's reply: its subject, the requester's own words where they are quoted, the signature."""

import re
from collections.abc import Iterator
from datetime import datetime

from cs_console.delivery.flowed import SEPARATOR
from cs_console.plain_text import one_line, plain
from cs_console.policy.languages import in_language
from cs_console.policy.letter_lines import written_date
from cs_console.policy.schema import Pack
from cs_console.policy.templates import render

LONGEST_SUBJECT = 160
MOST_QUOTED = 200
"""Lines of the quoted mail; the requester has the rest."""
_REPLY = re.compile(
    r"(?:re|aw|antw\.?|antwort|sv|vs|vá|odp|odg|ynt|res|resp|bls|atb|hl|απ|отв|ответ|תגובה|回复|回覆|答复|答覆|返信|답장|회신"
    r"|(?-i:R))"
    r"\s*(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s*[:：]\s*",
    re.IGNORECASE,
)
_TAG = re.compile(r"\s*\[#\d{1,9}\]")
_CUT = "[…]"


def answering_subject(theirs: str) -> str:
    """`Re:` and their subject, plain and on one line, without any `Re:` and any ticket's tag of before; "" for none."""
    subject = one_line(_TAG.sub(" ", theirs), 2 * LONGEST_SUBJECT)
    while found := _REPLY.match(subject):
        subject = subject[found.end() :]
    return f"Re: {one_line(subject, LONGEST_SUBJECT)}" if subject else ""


def surrounded(
    pack: Pack, language: str, words: str, desk_name: str, theirs: str = "", at: datetime | None = None
) -> str:
    """An agent's words with what the pack puts around them: their mail quoted, if it says so, and the signature.

    `theirs` is the recipient's own last mail, `at` when it came. The fixed words are in the requester's language.
    """
    rules = in_language(pack, language).replies
    parts = [words.strip("\n")]
    if rules.quote and theirs.strip():
        said = render(rules.quoted, {"date": written_date(pack, at)}).strip() if rules.quoted and at else ""
        parts.append("\n".join([*([said] if said else []), *_quoted(theirs)]))
    signature = rules.signature.strip() or desk_name
    parts.append(f"{SEPARATOR}\n{signature}")
    return "\n\n".join(parts)


def _quoted(theirs: str) -> Iterator[str]:
    """Their lines as a quotation; what they quoted themselves is left out, and what is beyond the limit is cut."""
    lines = [line for line in plain(theirs).strip().split("\n") if not line.startswith(">")]
    while lines and not lines[-1].strip():
        lines.pop()
    yield from (f"> {line}" for line in lines[:MOST_QUOTED])
    if len(lines) > MOST_QUOTED:
        yield f"> {_CUT}"

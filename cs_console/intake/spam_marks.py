"""By which header a mail server on the way to us says that a mail is spam."""

import re
from collections.abc import Callable, Iterable

from cs_console.intake.senders import Values

_COMMENT = re.compile(r"\([^()]*\)")
_PROOFPOINT = re.compile(r"rule=(?!\w*(?:not|no|safe))\w*spam")
_RSPAMD = re.compile(r"[\w.-]*:true\b")
_MAILSCANNER = re.compile(r"(?:spam|yes)\b")
_MAILSCANNERS = "mailscanner-spamcheck"
"""Its header has the name of its site before that."""


def spam_mark(values: Values, names: Iterable[str]) -> str:
    """The header by which a mail server marked it as spam, "" where none did. `names` are those of all its headers."""
    marked = next((name for name, says in _MARKS if any(map(says, values(name)))), "")
    if marked:
        return marked
    scanners = (name for name in names if name[-len(_MAILSCANNERS) :].lower() == _MAILSCANNERS)
    return next((name for name in scanners if any(_MAILSCANNER.match(plain_value(said)) for said in values(name))), "")


def word_of(value: str) -> str:
    """A header's value without its comments and parameters, casefolded."""
    return plain_value(value).partition(";")[0].strip()


def plain_value(value: str) -> str:
    """A header's value without its comments and spaces, casefolded."""
    return "".join(_COMMENT.sub("", value).split()).casefold()


def _is(*words: str) -> Callable[[str], bool]:
    return lambda value: word_of(value) in words


def _begins(*words: str) -> Callable[[str], bool]:
    return lambda value: plain_value(value).startswith(words)


def _at_least(least: int) -> Callable[[str], bool]:
    return lambda value: _number(word_of(value)) >= least


def _forefront(value: str) -> bool:
    marks = dict(part.partition(":")[::2] for part in plain_value(value).split(";"))
    return marks.get("sfv") in ("spm", "sks", "skb") or _number(marks.get("scl", "")) >= 5


def _rspamd_acts(value: str) -> bool:
    return plain_value(value).replace("_", "") in ("addheader", "rewritesubject", "reject", "quarantine")


def _number(value: str) -> int:
    found = re.fullmatch(r"-?\d{1,3}", value.strip())
    return int(found[0]) if found else -1


_MARKS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("X-Spam-Flag", _is("yes", "true", "1")),
    ("X-Spam-Status", _begins("yes", "true")),
    ("X-Spam", _is("yes", "true", "spam")),
    ("X-Spamd-Result", lambda value: _RSPAMD.match(plain_value(value)) is not None),
    ("X-Rspamd-Action", _rspamd_acts),
    ("X-Bogosity", _begins("spam", "yes")),
    ("X-DSPAM-Result", _is("spam", "blacklisted", "blocklisted")),
    ("X-CRM114-Status", _begins("spam")),
    ("X-SpamProbe", _begins("spam")),
    ("X-MS-Exchange-Organization-SCL", _at_least(5)),
    ("X-Forefront-Antispam-Report", _forefront),
    ("X-Proofpoint-Spam-Details", lambda value: _PROOFPOINT.search(plain_value(value)) is not None),
    ("X-Barracuda-Spam-Flag", _is("yes")),
    ("X-Barracuda-Spam-Status", _begins("yes")),
    ("X-SpamExperts-Class", _is("spam")),
    ("X-Spampanel-Class", _is("spam")),
    ("X-Assp-Spam", _is("yes")),
    ("X-KSMG-AntiSpam-Status", _is("spam")),
    ("X-TM-AS-Result", _begins("yes-")),
    ("X-VR-SpamState", _begins("spam")),
    ("X-Vade-SpamState", _begins("spam", "phishing")),
    ("X-GMX-Antispam", _at_least(5)),
    ("X-Yandex-Spam", _is("4")),
    ("X-Gm-Spam", _is("1")),
)
"""What filters write, and how it is read. Their "no", and scores below their own threshold, say nothing."""

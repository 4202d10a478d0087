"""What kind of ticket a message is: guessed from the address and the pack's keywords, for an agent to correct."""

import re
from collections.abc import Callable
from functools import lru_cache

from cs_console.intake.quoted_history import new_text
from cs_console.policy.schema import Pack
from models.enums import TicketKind

_READ = 4000
_FIRST_WITHOUT_SPACES = "\u0e00"
_SUBJECT_WEIGHT = 3
# a rights request has a clock by law: taking it for something else costs most
_WEIGHTIEST_FIRST = (TicketKind.RIGHTS, TicketKind.APPEAL, TicketKind.REPORT, TicketKind.COMPLAINT)
# A job or a department under a name, or in a menu of links, asks for nothing.
_TITLES = re.compile(
    r"(?:data protection|data privacy|privacy|gdpr|report|complaints?)[ -]+(?:officer|manager|team|department|counsel"
    r"|lead|policy|notice|statement|desk|office)|head of (?:data protection|privacy|complaints?)|chief privacy officer"
    r"|datenschutz(?:beauftragte[rn]?|erklärung|hinweise?|koordinator(?:in)?)"
    r"|délégué[e]? à la protection des données|politique de confidentialité|delegad[oa] de protección de datos"
    r"|política de privacidad(?:e)?|encarregad[oa] d[ea] proteção de dados|responsabile della protezione dei dati"
    r"|informativa sulla privacy|functionaris (?:voor )?gegevensbescherming|隐私政策|隱私政策|数据保护官"
    r"|個人情報保護方針",
    re.IGNORECASE,
)
_LONGEST_TITLE = 80
_ASKS = re.compile(
    r"\b(?:i|my|me|you|please|want|need|ich|mein\w*|bitte|sie|je|mes|mon|veuillez|vous|quiero|mis|mi|por favor|quero"
    r"|meus?|voglio|miei|ik|mijn)\b|我|请|請|私",
    re.IGNORECASE,
)

_Counter = Callable[[str], int]


def guess_kind(pack: Pack, mailboxes: tuple[str, ...], subject: str, text: str) -> TicketKind:
    """The kind whose own mailbox it was sent to, unless that is the general one; else the kind whose words stand in
    it most, the subject counting thrice; else an inquiry (policy I.(1)3). The words of an inquiry decide nothing:
    everybody who asks for their rights also asks a question."""
    by_box = {box.casefold(): kind for kind, rules in pack.kinds.items() for box in rules.mailboxes}
    sent_to = {by_box[box] for box in mailboxes if box in by_box}
    for kind in _WEIGHTIEST_FIRST:
        if kind in sent_to:
            return kind
    title = subject.casefold()
    body = _without_titles(new_text(text[: 4 * _READ])[:_READ]).casefold()
    counters = _counters(tuple((kind, pack.kinds[kind].words) for kind in _WEIGHTIEST_FIRST))
    hits = {kind: count(title) * _SUBJECT_WEIGHT + count(body) for kind, count in counters}
    best = max(_WEIGHTIEST_FIRST, key=lambda kind: hits[kind])  # the first of equals
    return best if hits[best] else TicketKind.INQUIRY


def _without_titles(text: str) -> str:
    """Without what only names a job or a department: alone on a line, or with a name beside it."""
    if not _TITLES.search(text):
        return text
    lines = text.split("\n")
    named = [len(line) <= _LONGEST_TITLE and not _ASKS.search(line) for line in lines]
    return "\n".join(_TITLES.sub(" ", line) if is_name else line for line, is_name in zip(lines, named, strict=True))


@lru_cache(maxsize=8)
def _counters(words: tuple[tuple[TicketKind, tuple[str, ...]], ...]) -> tuple[tuple[TicketKind, _Counter], ...]:
    return tuple((kind, _counter(own)) for kind, own in words)


def _counter(words: tuple[str, ...]) -> _Counter:
    """Counts which of a kind's words stand in casefolded text: from a word's beginning on, or anywhere in scripts
    without spaces."""
    folded = tuple(dict.fromkeys(map(str.casefold, words)))
    return lambda text: sum(_stands_in(word, text) for word in folded)


def _stands_in(word: str, text: str) -> bool:
    at = text.find(word)
    while at > 0 and word[0] < _FIRST_WITHOUT_SPACES and text[at - 1].isalnum():
        at = text.find(word, at + 1)
    return at >= 0

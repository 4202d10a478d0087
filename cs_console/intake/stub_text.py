"""Whether the plain version of a mail only stands in for its HTML: nothing but links, or "open this in a browser"."""

import re
from collections.abc import Callable

from cs_console.intake.quotation_patterns import SENT_FROM

_LONGEST = 600
"""Characters of a plain version that could be a stub; a longer one is a letter."""
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_ELLIPSIS = re.compile(r"(?:\.\.\.|…|\[…\]|\[\.\.\.\])\s*\Z")
_BOILERPLATE = re.compile(
    r"html|browser|navigat(?:eur|or)|navegador|pregl[ae]d|pr(?:zegl|ohl)[aąií][dž]|webbl[äa]s|selain|böngész"
    r"|tarayıcı|браузер|оглядач|πρόγραμμα περιήγησης|متصفح|דפדפן|浏览器|瀏覽器|ブラウザ|브라우저|เบราว์เซอร์"
    r"|view (?:this|the|it|your)?[\w\s]{0,20}online|online (?:ansehen|version|lesen|bekijken)|en ligne|en línea"
    r"|multipart|mime|rich text|in linea|na internet|visualiz",
    re.IGNORECASE,
)
_SIGNATURE_WORDS = 12
_ENOUGH = 4
"""Words that the HTML has to have beyond the plain version before that is taken for a stub."""


def could_be_stub(text: str) -> bool:
    """Whether it is short enough to be worth a look at the other version."""
    return len(text) <= _LONGEST


def is_stub(text: str, other: Callable[[], str]) -> bool:
    """Whether the plain version stands in for `other`, the text of its HTML, which is asked for only where needed."""
    if not could_be_stub(text):
        return False
    own = _words(text)
    html = other()
    theirs = _words(html)
    if not own:
        return bool(theirs) or bool(html.strip())
    beyond = [word for word in theirs if word not in own]
    if _BOILERPLATE.search(text) and len(own) <= 60:
        return len(beyond) >= _ENOUGH and _shared(own, theirs) < 0.8
    if len(own) <= _SIGNATURE_WORDS and all(map(SENT_FROM.match, text.strip().splitlines())):
        return len(beyond) >= _ENOUGH
    if _ELLIPSIS.search(text):
        return len(beyond) >= _ENOUGH and _shared(own, theirs) >= 0.8
    return len(own) <= 40 and len(beyond) >= 2 * len(own) and len(beyond) >= 8 and _shared(own, theirs) < 0.4


def _shared(own: dict[str, None], theirs: dict[str, None]) -> float:
    return sum(1 for word in own if word in theirs) / len(own)


def _words(text: str) -> dict[str, None]:
    """Its words without links and addresses; in scripts without spaces, its letters."""
    found: dict[str, None] = {}
    written = " ".join(piece for piece in _LINK.sub(" ", text.casefold()).split() if "@" not in piece)
    for word in _WORD.findall(written):
        found |= dict.fromkeys(word) if word[0] >= "\u0e00" else {word: None}
    return found

"""Which language a message is in, guessed from its script and its commonest words; good enough for a filter."""

import re
from collections import Counter

_READ = 2000
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("uk", re.compile("[іїєґ]", re.IGNORECASE)),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)
_COMMON = {
    "en": ["the", "and", "you", "your", "have", "with", "this", "that", "please", "not", "are", "was", "from", "would"],
    "de": [
        "der",
        "die",
        "das",
        "und",
        "ich",
        "nicht",
        "ist",
        "sie",
        "mein",
        "meine",
        "bitte",
        "mit",
        "auf",
        "eine",
        "für",
    ],
    "fr": ["le", "la", "les", "et", "je", "vous", "mon", "est", "pas", "une", "pour", "dans", "bonjour", "avec", "mes"],
    "es": ["el", "los", "las", "que", "por", "mi", "una", "con", "para", "hola", "no", "está", "gracias", "su", "como"],
    "pt": [
        "o",
        "os",
        "não",
        "uma",
        "por",
        "meu",
        "minha",
        "com",
        "para",
        "obrigado",
        "está",
        "você",
        "que",
        "em",
        "olá",
    ],
    "it": ["il", "che", "non", "per", "una", "con", "mio", "sono", "grazie", "della", "gli", "buongiorno", "mia", "ho"],
    "nl": ["het", "een", "niet", "van", "ik", "mijn", "en", "dat", "is", "met", "voor", "zijn", "op", "kan", "graag"],
}
_WORD = re.compile(r"[^\W\d_]+")
_TAG = re.compile(r"\s*([a-zA-Z]{2,3})\b")


def language_of(text: str, claimed: str = "") -> str:
    """A two- or three-letter code: what the message claims (Content-Language), else the best guess, else "en"."""
    found = _TAG.match(claimed)
    if found:
        return found[1].lower()
    sample = text[:_READ]
    letters = 0 if sample.isascii() else sum(map(str.isalpha, sample))
    for code, script in _SCRIPTS if letters else ():
        if len(script.findall(sample)) * (20 if code in ("ja", "uk") else 4) > letters:
            return code
    words = Counter(_WORD.findall(sample.casefold()))
    counts = {code: sum(words[word] for word in common) for code, common in _COMMON.items()}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] else "en"

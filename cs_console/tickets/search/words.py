"""Which words a text has, in the form in which they are indexed and looked for.

Capitals, accents, the width of characters, marks that no one sees and the usual endings of plurals make no difference,
nor do ä and ae. Scripts that put no spaces between words are taken apart into overlapping pairs of characters, and not
into single ones: how often each occurs would soon tell them all. Of a longer word the beginning is kept too, in two
lengths alone, which makes the index about half as large again; every length would double it. Words that every text has
are left out: they find nothing, and how often they occur would tell them first.
"""

import re
from unicodedata import normalize

LONGEST = 40
"""Of a longer word only the beginning counts."""
BEGINNINGS = (5, 8)
"""So many letters of a longer word find it where a * follows them; of more letters the longer of the two is asked."""
ANY_ENDING = "*"
_SHORTEST_STEM = 4
_WITHOUT_ENDING = re.compile(r"([a-z]{4,}?)(?:er|[esn])*", re.ASCII)
"""The stem of a word, without the endings that make plurals where words are written in these letters. Taking off too
much only means that a few more tickets are found."""

_SPACED = re.compile(r"(?:[^\W_]|[\u0900-\u0963\u0966-\u0dff])+")
"""Letters and digits, and the vowel signs of India's scripts, which Python takes for no part of a word."""
_BEGUN = re.compile(rf"{_SPACED.pattern}\*")
_UNSPACED = re.compile(
    r"[\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u1049\u1780-\u17d3"  # Thai, Lao, Burmese, Khmer
    r"\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # Japanese
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese
    r"\uac00-\ud7a3]+"  # Korean, whose words carry endings
)
_FIRST_UNSPACED = "\u0e00"
_UNSEEN = re.compile(
    r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]+"
)
"""Soft hyphens, joiners, marks of direction, variants: a word is the same without them."""
_BEHIND_ONE_LETTER = re.compile(r"[-\u2010](?<=\b[^\W\d_][-\u2010])(?=[^\W\d_]{2})")
"""The hyphen of an e-mail, which is an email."""
_UMLAUT = re.compile(r"(?<!q)([aou])e")
_SHORTEST_UMLAUT = 6
"""In shorter words ae is hardly ever an ä: a shoe, a poem."""
_ARTICLE = "\u0627\u0644"  # Arabic al-, written in one with its word
_ACCENTS = re.compile(r"[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")
"""Marks without which a word is written just as well: of Latin, Greek, Cyrillic, Hebrew and Arabic letters. In other
scripts marks are vowels."""
_MARKS_WITHOUT_END = re.compile(r"((?:[^\w\s]|[\uff9e\uff9f]){30})(?:[^\w\s]|[\uff9e\uff9f])+")
"""More marks on one letter than any language has: to put them in order takes the square of how many they are. The two
are marks of half width, which Python takes for letters."""
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"}
    | {"\u0649": "\u064a", "\u06cc": "\u064a", "\u06a9": "\u0643", "\u0629": "\u0647"}  # Arabic, as Persian has it
    | {chr(zero + digit): str(digit) for zero in (0x660, 0x6F0, 0x966, 0x9E6, 0xE50) for digit in range(10)}
)
_EVERYWHERE_WORDS = (
    "a about after all also am an and any are as at be because been before but by can could did do does for from get "
    "had has have he her his how i if in into is it its just me more my no not of on only or our out she so some than "
    "that the their them then there these they this to up us was we were what when which who will with would you your "
    "aber als am an auch auf aus bei bin bitte da das dass dem den der des die doch du ein eine einem einen einer er "
    "es fur hat habe haben ich ihr ihre ihnen im in ist ja kann kein mein meine mich mir mit nach nicht noch nur oder "
    "sein sich sie sind so und uns von vor war was wenn wie wir wird zu zum zur "
    "au aux avec ce ces cette dans de des du elle en est et il je la le les leur lui ma mais me mes mon ne nous on ou "
    "par pas pour que qui sa se ses son sur tu un une vos votre vous "
    "al como con cuando del el ella ellos en es esta este esto fue ha han hay la las le lo los mas me mi muy no nos o "
    "para pero por porque que se ser si sin sobre su sus te todo tu un una y ya "
    "ao aos com da das de do dos e em foi isso mais meu minha na nao nas no nos o os ou para pela pelo por qual quando "
    "que se sem seu sua tem um uma voce "
    "che chi ci con cosa della delle di e gli il in io la le lo ma mi ne nel non o per piu piu si sono su una uno "
    "aan bij dat de deze die dit een en er het hij ik in is je maar met mijn naar niet nog of om ook op te uit van "
    "voor wat we wel zijn"
)
_EVERYWHERE = frozenset(_EVERYWHERE_WORDS.split())


def words_of(text: str) -> frozenset[str]:
    """The words of a text, folded; none of them is shorter than two characters."""
    return _stems(written_words(text))


def indexed_words(text: str) -> frozenset[str]:
    """The same, and what finds a longer word by its beginning: those letters and a *."""
    return frozenset(form for word in written_words(text) for form in indexed_forms(word))


def written_words(text: str) -> set[str]:
    """The words of a text as they are written but for capitals and accents, of some scripts the pairs of characters."""
    folded = _folded(text)
    if folded.isascii() or max(folded) < _FIRST_UNSPACED:
        return _spaced(folded)
    return _pairs(folded) | _spaced(_UNSPACED.sub(" ", folded))


def indexed_forms(word: str) -> tuple[str, ...]:
    """What the index holds of a word that is written so."""
    stem = _stem(word)
    begun = (f"{word[:length]}{ANY_ENDING}" for length in BEGINNINGS if len(word) > length)
    return (stem, *begun) if len(stem) > 1 else ()


def sought_words(typed: str) -> frozenset[str]:
    """What is looked for where this was typed: its words, and of each that a * follows the folded letters and the *."""
    folded = _folded(typed)
    spaced = _UNSPACED.sub(" ", folded)
    words = _pairs(folded) | _spaced(_BEGUN.sub(" ", spaced))
    return _stems(words).union(_BEGUN.findall(spaced))


def forms_of(word: str) -> tuple[str, ...]:
    """As which of the indexed words one that is looked for may be there. One with a * has BEGINNINGS[0] letters."""
    letters = word.removesuffix(ANY_ENDING)
    if letters == word:
        return (word,)
    length = max(one for one in BEGINNINGS if one <= len(letters))
    whole = (_stem(letters),) if len(letters) == length else ()
    return (f"{letters[:length]}{ANY_ENDING}", *whole)


def _pairs(folded: str) -> set[str]:
    return {run[at : at + 2] for run in _UNSPACED.findall(folded) for at in range(len(run) - 1)}


def _spaced(folded: str) -> set[str]:
    return {word[:LONGEST] for word in _SPACED.findall(folded)} - _EVERYWHERE


def _stems(words: set[str]) -> frozenset[str]:
    return frozenset(stem for stem in map(_stem, words) if len(stem) > 1)


def _stem(word: str) -> str:
    plain = _UMLAUT.sub(r"\1", word) if len(word) >= _SHORTEST_UMLAUT else word
    found = _WITHOUT_ENDING.fullmatch(plain)
    if found is None:
        return plain.removeprefix(_ARTICLE) if len(plain) > _SHORTEST_STEM else plain
    stem = found[1]
    # a policy, two policies
    return f"{stem[:-1]}i" if len(stem) > _SHORTEST_STEM and stem.endswith("y") else stem


def _folded(text: str) -> str:
    if text.isascii():
        return _BEHIND_ONE_LETTER.sub("", text.lower())
    few_marks = _MARKS_WITHOUT_END.sub(r"\1 ", _UNSEEN.sub("", text))
    apart = normalize("NFD", normalize("NFKC", few_marks).casefold())
    folded = normalize("NFC", _ACCENTS.sub("", apart)).translate(_LETTERS)
    return _BEHIND_ONE_LETTER.sub("", folded)

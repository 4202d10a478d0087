"""Which words a text has, in the form in which they are indexed and looked for.

Capitals, accents and the usual endings of plurals make no difference. Scripts that put no spaces between words are
taken apart into overlapping pairs of characters. Words that every text has are left out: they find nothing, and how
often a token stands there would tell them first.
"""

import re
from collections.abc import Iterator
from unicodedata import normalize

LONGEST = 40
"""Of a longer word only the beginning counts."""
_SHORTEST_STEM = 4
_WITHOUT_ENDING = re.compile(r"([a-z]{4,}?)(?:er|[esn])*", re.ASCII)
"""The stem of a word, without the endings that make plurals where words are written in these letters. Taking off too
much only means that a few more tickets are found."""

_SPACED = re.compile(r"(?:[^\W_]|[\u0900-\u0963\u0966-\u0dff])+")
"""Letters and digits, and the vowel signs of India's scripts, which Python takes for no part of a word."""
_UNSPACED = re.compile(
    r"[\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u1049\u1780-\u17d3"  # Thai, Lao, Burmese, Khmer
    r"\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # Japanese
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese
    r"\uac00-\ud7a3]+"  # Korean, whose words carry endings
)
_FIRST_UNSPACED = "\u0e00"
_ACCENTS = re.compile(r"[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")
"""Marks without which a word is written just as well: of Latin, Greek, Cyrillic, Hebrew and Arabic letters. In other
scripts marks are vowels."""
_MARKS_WITHOUT_END = re.compile(r"((?:[^\w\s]|[\uff9e\uff9f]){30})(?:[^\w\s]|[\uff9e\uff9f])+")
"""More marks on one letter than any language has: to put them in order takes the square of how many they are. The two
are marks of half width, which Python takes for letters."""
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
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
    folded, found = _folded(text), set[str]()
    if not folded.isascii() and max(folded) >= _FIRST_UNSPACED:
        for run in _UNSPACED.findall(folded):
            found.update(run[at : at + 2] for at in range(len(run) - 1))
        folded = _UNSPACED.sub(" ", folded)
    found.update(_stems(set(_SPACED.findall(folded)) - _EVERYWHERE))
    return frozenset(found)


def _stems(words: set[str]) -> Iterator[str]:
    for word in {word[:LONGEST] for word in words}:  # before its ending is looked for, which takes the square of it
        stem = _WITHOUT_ENDING.fullmatch(word)
        if stem is None:
            if len(word) > 1:
                yield word
        elif len(stem[1]) > _SHORTEST_STEM and stem[1].endswith("y"):
            yield f"{stem[1][:-1]}i"  # a policy, two policies
        else:
            yield stem[1]


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    few_marks = _MARKS_WITHOUT_END.sub(r"\1 ", text)
    apart = normalize("NFD", normalize("NFKC", few_marks).casefold())
    return normalize("NFC", _ACCENTS.sub("", apart)).translate(_LETTERS)

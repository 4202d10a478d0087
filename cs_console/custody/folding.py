"""A folded copy of a text to search in: the same letters in fewer forms, each place traceable to the original."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

BLANK = "\x00"

_WITHOUT_MARKS = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d",
    "Đ": "D", "ħ": "h", "Ħ": "H", "ı": "i", "þ": "th", "Þ": "TH", "ð": "d", "Ð": "D", "ŋ": "n", "Ŋ": "N", "ŧ": "t",
    "Ŧ": "T", "ĸ": "k", "ƶ": "z", "Ƶ": "Z", "ɨ": "i", "Ɨ": "I", "ƀ": "b", "Ƀ": "B", "ǥ": "g", "Ǥ": "G", "ȷ": "j",
}  # fmt: skip
"""Letters of Latin scripts that Unicode does not take apart."""
_SIGNS = dict.fromkeys("´‘’‚‛ʹʻʼʽʾʿˈˊˋ′‵՚׳＇ꞌ", "'") | {"⠀": " ", "−": "-", "˗": "-"}
_PLAIN_SIGNS = frozenset("()+-./@_:,;'#&=?%*<>[]{}~|\\\"!$^")
_OWN_SOUNDS = re.compile("[\u3040-\u30ff\uac00-\ud7a3]")
"""Kana and Hangul are taken apart by Unicode into what would be other letters."""
_FOOTNOTE = re.compile("(?<=\\d)[²³¹⁰-⁹₀-₉]+(?![\\d²³¹⁰-⁹₀-₉])")
_NAMED_MARK = "⟨([0-9A-F]{2,5})⟩"
_TOGETHER = "[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[\u3040-\u30ff][\u3099\u309a]"
"""Letters that come in pieces and belong together."""
_VOWELS_OF_HANGUL = frozenset(map(chr, range(0x1161, 0x1176)))
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}

_same_length: dict[int, str] = {}
_other_length: dict[str, str] = {}
_seen: set[str] = set(map(chr, range(128)))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text and what it is."""

    start: int
    end: int
    label: str


class Folded:
    """`text` in ASCII where it can be: without accents, in plain digits, signs and spaces, nothing invisible left.

    Case stays. Every stretch of the folded text can be traced to the original (`original`).
    """

    __slots__ = ("_after", "_ends", "_source", "_starts", "text")

    def __init__(self, original: str) -> None:
        self._source = original
        self._starts: list[int] = []
        """Where each piece of another length than its original begins in the folded text,"""
        self._ends: list[int] = []
        """where it ends there,"""
        self._after: list[tuple[int, int]] = []
        """and where it begins and ends in the original."""
        self.text = original if original.isascii() else self._folded(original)

    def _folded(self, original: str) -> str:
        chars = set(original)
        for char in chars - _seen:
            _learn(char)
        if not chars.isdisjoint("²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉"):
            original = _FOOTNOTE.sub(lambda note: " " * len(note.group()), original)
        in_pieces = not chars.isdisjoint(_VOWELS_OF_HANGUL)
        pattern = _pieces(frozenset(chars & _other_length.keys()), in_pieces, "⟨" in chars)
        if pattern is None:
            return original.translate(_same_length)
        kept: list[str] = []
        at = length = 0
        for piece in pattern.finditer(original):
            instead = _in_place_of(piece)
            if instead is None:
                continue
            kept += (original[at : piece.start()], instead)
            length += piece.start() - at
            self._starts.append(length)
            length += len(instead)
            self._ends.append(length)
            self._after.append(piece.span())
            at = piece.end()
        kept.append(original[at:])
        return "".join(kept).translate(_same_length)

    def original(self, span: Span) -> Span:
        """The position of that stretch in the original, with the marks that belong to its last letter."""
        start, end = self._place(span.start)[0], self._place(span.end - 1)[1]
        while end < len(self._source) and not self._source[end].isascii() and _is_mark(self._source[end]):
            end += 1
        return Span(start, end, span.label)

    def _place(self, at: int) -> tuple[int, int]:
        """The stretch of the original that this one folded character comes from."""
        piece = bisect_right(self._starts, at) - 1
        if piece < 0:
            return at, at + 1
        if at < self._ends[piece]:
            return self._after[piece]
        here = at - self._ends[piece] + self._after[piece][1]
        return here, here + 1

    def blank(self, spans: Iterable[Span]) -> None:
        """Make stretches unfindable, so that no later search finds a part of them again."""
        self.text = blanked(self.text, ((span.start, span.end) for span in spans))

    def extended(self, span: Span, edge: int) -> Span:
        """The span, up to the next space where it was cut off at the edge of what was searched."""
        if span.end != edge or edge >= len(self.text):
            return span
        space = re.compile(r"\s").search(self.text, edge)
        return Span(span.start, space.start() if space else len(self.text), span.label)


def blanked(text: str, stretches: Iterable[tuple[int, int]]) -> str:
    """The text with these stretches, in order, blanked, everything else in its place."""
    pieces: list[str] = []
    at = 0
    for start, end in stretches:
        pieces += (text[at:start], BLANK * (end - start))
        at = end
    return "".join((*pieces, text[at:])) if at else text


def folded(text: str) -> str:
    """The folded text alone, in one case: what two spellings of the same name share."""
    return Folded(text).text.casefold()


def spellings(text: str) -> tuple[str, ...]:
    """How a word may also be written: ä as a or ae, ö as o or oe, ü as u or ue, each in every combination; casefolded.

    More than four such letters are all written the same way.
    """
    word = unicodedata.normalize("NFC", text).lower()
    if not any(char in _UMLAUTS for char in word):
        return (folded(word),)
    whole = "".join(_UMLAUTS.get(char, char) for char in word)
    if sum(char in _UMLAUTS for char in word) > 4:
        return tuple(dict.fromkeys((folded(word), folded(whole))))
    made = [""]
    for char in word:
        instead = (char, _UMLAUTS[char]) if char in _UMLAUTS else (char,)
        made = [start + end for start in made for end in instead]
    return tuple(dict.fromkeys(folded(one) for one in made))


def _learn(char: str) -> None:
    """Remember the folded form of a character."""
    plain = _form(char)
    if len(plain) == 1:
        if plain != char:
            _same_length[ord(char)] = plain
    else:
        _other_length[char] = plain
    _seen.add(char)


def _form(char: str) -> str:
    if char in _SIGNS:
        return _SIGNS[char]
    if char in _WITHOUT_MARKS:
        return _WITHOUT_MARKS[char]
    code, category = ord(char), unicodedata.category(char)
    if _is_mark(char) or category in ("Cf", "Cc") or char in _INVISIBLE or 0x2400 <= code <= 0x2421:
        return " " if char in "\x85\u2409\u240a\u240b\u240c\u240d" else ""
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    if category in ("Zs", "Zl", "Zp"):
        return " "
    if category == "Pd":
        return "-"
    if _OWN_SOUNDS.match(char):
        return char
    parts = unicodedata.normalize("NFKD", char)
    plain = "".join(_WITHOUT_MARKS.get(part, part) for part in parts if not _is_mark(part))
    if plain == char or plain.isalnum() or (len(plain) == 1 and plain in _PLAIN_SIGNS):
        return plain
    return char


def _is_mark(char: str) -> bool:
    """Accents, keycaps, variation selectors; not the vowels of scripts that write them as marks."""
    code = ord(char)
    if 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or 0x180B <= code <= 0x180F:
        return True
    category = unicodedata.category(char)
    return category == "Me" or (category == "Mn" and unicodedata.combining(char) != 0)


@lru_cache(maxsize=256)
def _pieces(odd: frozenset[str], in_pieces: bool, marks_named: bool) -> re.Pattern[str] | None:
    """What finds the pieces of a text with these characters whose folded form has another length."""
    if not odd and not in_pieces and not marks_named:
        return None
    either = [_TOGETHER]
    if marks_named:
        either.append(_NAMED_MARK)
    if odd:
        either.append(f"[{''.join(re.escape(char) for char in sorted(odd))}]")
    return re.compile("|".join(either))


def _in_place_of(piece: re.Match[str]) -> str | None:
    """What a piece is folded to; None where it only looks like the name of an invisible character."""
    found = piece.group()
    if found.startswith("⟨"):
        code = int(found[1:-1], 16)
        hidden = unicodedata.category(chr(code)) in ("Cf", "Cc", "Cn", "Mn", "Me", "Lo", "Zl", "Zp")
        return None if code < 0x80 or not hidden else ""
    if len(found) > 1:
        return unicodedata.normalize("NFC", found)
    return _other_length[found]

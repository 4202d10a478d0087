"""The one door for text from outside: what passes here cannot move a cursor, hide a letter or start a link."""

import re
import unicodedata

_PICTURE_OF_DEL = "\u2421"
_REPLACEMENT = "\ufffd"

# Written as escapes on purpose: none of these can be seen in an editor. C0 but tab and line feed, DEL, C1; whatever is
# drawn with no width or turns the direction of writing; blank letters; tag characters; halves of surrogate pairs.
_UNSAFE = re.compile(
    "\r\n|["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\ud800-\udfff"
    "]"
)
_LINE_ENDS = frozenset({"\r\n", "\u2028", "\u2029"})

# Newsletters hide what a mail list shows of them behind runs of these, with spaces in between.
_INVISIBLE = "\u00ad\u034f\u180e\u200b-\u200d\u2060\ufeff"
_SPACES = " \t\u00a0\u2002-\u200a"
_PADDING = re.compile(f"[{_SPACES}]?(?:[{_INVISIBLE}][{_SPACES}]*+){{3,}}")
_HAS_INVISIBLE = re.compile(f"[{_INVISIBLE}]")
_DROPPED = frozenset("\u00ad\ufeff")
"""A place where a word may be cut, and a mark of the order of bytes: nothing is hidden by them."""

_NON_JOINER, _JOINER, _ZERO_SPACE = "\u200c", "\u200d", "\u200b"
# Scripts whose letters join, and in which a reader sees whether they do (UAX 31, 2.3.1).
_CURSIVE = re.compile(
    "[\u0620-\u065f\u066e-\u06d3\u06d5-\u06dc\u06df-\u06e8\u06ea-\u06ef\u06fa-\u06ff\u0710-\u074f\u0750-\u077f\u07ca-\u07f5"
    "\u0840-\u085b\u0860-\u086a\u0870-\u08ff\u1820-\u18aa\ufb50-\ufdff\ufe70-\ufefc]"
)
_STACKED = re.compile(
    "[\u0900-\u0963\u0971-\u0dff\u0f40-\u0fbc\u1000-\u109f\u1780-\u17d3\u1900-\u194f\u1980-\u19df\u1a20-\u1aad\u1b00-\u1bff"
    "\ua840-\uabff\ua9e0-\ua9ff\U00011000-\U000114ff]"
)
_WITHOUT_SPACES = re.compile("[\u0e01-\u0eff\u1000-\u109f\u1780-\u17d3\u19e0-\u19ff\u1950-\u19df\ua9e0-\uaa7f]")
"""Scripts that mark where a line may break with a space that is not seen."""
_PICTURE = re.compile("[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]")
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_FLAG = re.compile(
    "\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)\U000e007f"
)
"""England, Scotland and Wales: the only flags that are written with tags."""


def plain(text: str) -> str:
    """`text` without anything that a terminal obeys or a reader cannot see (SECURITY.md, ASVS 1.2.4, 1.3.3).

    Control characters become their pictures (U+24xx), characters without width or with a direction of their own are
    named (`⟨200B⟩`), lone surrogates become U+FFFD, every way of ending a line but a lone carriage return, which is
    shown, becomes one line feed. Tabs stay. So do joiners and selectors in scripts and emoji that need them. What
    hides nothing goes: soft hyphens, byte order marks, runs of at least three invisible characters (a space where
    spaces were among them).
    plain(plain(x)) == plain(x).
    """
    if not text.isascii() and _HAS_INVISIBLE.search(text):
        text = _PADDING.sub(_one_space, text)
    return _UNSAFE.sub(_shown, text)


def _one_space(found: re.Match[str]) -> str:
    run = found.group()
    return " " if any(char.isspace() for char in run) else ""


def _shown(found: re.Match[str]) -> str:
    char = found.group()
    if char in _LINE_ENDS:
        return "\n"
    if char in _DROPPED or (char >= "\u180b" and _is_needed(found)):
        return "" if char in _DROPPED or char == _ZERO_SPACE else char
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return _PICTURE_OF_DEL
    if 0xD800 <= code <= 0xDFFF:
        return _REPLACEMENT
    return f"⟨{code:02X}⟩"


def _is_needed(found: re.Match[str]) -> bool:
    """Whether the letters or pictures beside an invisible character look otherwise without it."""
    text, char, at = found.string, found.group(), found.start()
    before, after = text[max(at - 1, 0) : at], text[at + 1 : at + 2]
    if char in (_NON_JOINER, _JOINER):
        if _CURSIVE.match(before):
            return char == _JOINER or _CURSIVE.match(after) is not None
        if _STACKED.match(before):
            return unicodedata.combining(before) == 9 or _STACKED.match(after) is not None
        pictures = before == "\ufe0f" or _PICTURE.match(before) is not None
        return char == _JOINER and pictures and _PICTURE.match(after) is not None
    if char == _ZERO_SPACE:
        return _WITHOUT_SPACES.match(before) is not None and _WITHOUT_SPACES.match(after) is not None
    if "\u180b" <= char <= "\u180f" and char != "\u180e":
        return "\u1820" <= before <= "\u18aa"
    if "\U000e0100" <= char <= "\U000e01ef":
        return _IDEOGRAPH.match(before) is not None
    if "\U000e0020" <= char <= "\U000e007f":
        base = text.rfind("\U0001f3f4", max(at - 6, 0), at)
        flag = _FLAG.match(text, base) if base >= 0 else None
        return flag is not None and flag.end() > at
    return False


def one_line(text: str, limit: int = 200) -> str:
    """`text` as one plain line of at most `limit` characters: runs of white space become one space, a cut shows as …"""
    folded = " ".join(plain(text).split())
    return folded if len(folded) <= limit else folded[: limit - 1].rstrip() + "…"


def sentence_line(text: str) -> str:
    """`text` plain and on one line, uncut: a line break in a file's name is shown, so that it cannot forge a line."""
    return plain(text).replace("\n", "\u240a")

"""The one door for text from outside: what passes here cannot move a cursor, hide a letter or start a link."""

import re

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


def plain(text: str) -> str:
    """`text` without anything that a terminal obeys or a reader cannot see (SECURITY.md, ASVS 1.2.4, 1.3.3).

    Control characters become their pictures (U+24xx), characters without width or with a direction of their own are
    named (`⟨200B⟩`), lone surrogates become U+FFFD, every way of ending a line but a lone carriage return, which is
    shown, becomes one line feed. Tabs stay.
    plain(plain(x)) == plain(x); nothing is dropped silently.
    """
    return _UNSAFE.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    char = found.group()
    if char in _LINE_ENDS:
        return "\n"
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return _PICTURE_OF_DEL
    if 0xD800 <= code <= 0xDFFF:
        return _REPLACEMENT
    return f"⟨{code:02X}⟩"


def one_line(text: str, limit: int = 200) -> str:
    """`text` as one plain line of at most `limit` characters: runs of white space become one space, a cut shows as …"""
    folded = " ".join(plain(text).split())
    return folded if len(folded) <= limit else folded[: limit - 1].rstrip() + "…"


def sentence_line(text: str) -> str:
    """`text` plain and on one line, uncut: a line break in a file's name is shown, so that it cannot forge a line."""
    return plain(text).replace("\n", "\u240a")

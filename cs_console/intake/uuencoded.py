"""Files that old programs write into the text itself, between `begin` and `end` (uuencode)."""

import re
from binascii import Error, a2b_uu

_BEGIN = re.compile(r"begin [0-7]{3,4} (\S[^\n]{0,200})\n")
_MOST = 50
"""Files of one text; a text with more is no mail of that kind."""


def without_uuencoded(text: str) -> tuple[str, tuple[tuple[str, bytes], ...]]:
    """The text with a line of its own in place of each file in it, and the files: name and content.

    What begins as one and cannot be decoded to its end stays in the text.
    """
    if "\nbegin " not in f"\n{text[:6]}" and "\nbegin " not in text:
        return text, ()
    kept: list[str] = []
    files: list[tuple[str, bytes]] = []
    at = 0
    for begin in _BEGIN.finditer(text):
        if begin.start() < at or (begin.start() and text[begin.start() - 1] != "\n") or len(files) == _MOST:
            continue
        content, end = _decoded(text, begin.end())
        if content is None:
            continue
        kept += (text[at : begin.start()], f"[file: {begin[1].strip()}]")
        files.append((begin[1].strip(), content))
        at = end
    return "".join((*kept, text[at:])), tuple(files)


def _decoded(text: str, start: int) -> tuple[bytes | None, int]:
    """The content of the file whose lines begin here, None for one that is damaged, and where the text goes on."""
    content = bytearray()
    at = start
    while at < len(text):
        end = text.find("\n", at)
        line = text[at : end if end >= 0 else len(text)].rstrip("\r")
        at = end + 1 if end >= 0 else len(text)
        if line.strip() == "end":
            return bytes(content), at if end < 0 else at - 1
        if len(line) > 90 or not line.isascii():
            return None, start
        try:
            content += a2b_uu(line.rstrip() or " ")
        except Error:
            return None, start
    return None, start

"""Text that any mail program wraps to its own width and joins again: format=flowed (RFC 3676), both ways."""

import re
from collections.abc import Iterator

WIDTH = 76
"""Characters of a line, its soft break included, where there is a space to break at."""
SEPARATOR = "-- "
"""The line above a signature: it ends with a space, and is no soft break."""
NARROWEST = 20
"""What is left of it for words that are quoted very deeply."""
_QUOTED = re.compile(r"(>+) (.*)", re.DOTALL)
_STUFFED = (" ", ">", "From ")
"""What a line may not begin with by itself: it would be taken for stuffing, for a quotation, or by old mailboxes for
the beginning of another mail."""


def settled(text: str) -> str:
    """The text as `flowed` can carry it: no spaces before a line's end, but above a signature and in quoted gaps."""
    return "\n".join(map(_settled, text.split("\n")))


def _settled(line: str) -> str:
    bare = line.rstrip(" ")
    return f"{bare} " if line == SEPARATOR or (bare and not bare.strip(">")) else bare


def flowed(text: str) -> str:
    """The text for a part that says `format=flowed`: long lines are broken softly, where there is a space.

    A line that begins with `>` and a space is a quotation, and each of its pieces is. `unflowed` gives `settled(text)`
    again. Line feeds alone end lines in it.
    """
    return "\n".join(piece for line in settled(text).split("\n") for piece in _pieces(line))


def unflowed(text: str) -> str:
    """What `flowed` was given, read as any mail program reads it, without `delsp`."""
    lines: list[str] = []
    open_depth = -1  # how deeply the line that goes on is quoted; -1 where none does
    for physical in text.replace("\r\n", "\n").split("\n"):
        quoted = physical.lstrip(">")
        depth = len(physical) - len(quoted)
        content = quoted.removeprefix(" ")
        if depth == open_depth and content != SEPARATOR:
            lines[-1] += content
        else:
            lines.append(f"{'>' * depth} {content}" if depth else content)
        open_depth = depth if content.endswith(" ") and content != SEPARATOR else -1
    return "\n".join(lines)


def _pieces(line: str) -> Iterator[str]:
    quoted = _QUOTED.fullmatch(line)
    marks, words = quoted.groups() if quoted else ("", line)
    if line == SEPARATOR or (marks and words == SEPARATOR):
        yield line
        return
    for piece in _broken(words, WIDTH - len(marks) - 1):
        if marks:
            yield f"{marks} {piece}" if piece else marks
        else:
            yield f" {piece}" if piece.startswith(_STUFFED) else piece


def _broken(words: str, width: int) -> Iterator[str]:
    """The words in pieces that end with a space, all but the last; a word is never broken."""
    width, start = max(width, NARROWEST), 0
    while len(words) - start > width:
        space = words.rfind(" ", start + 1, start + width)
        if space < 0 or not words[start:space].strip() or words[start : space + 1] == SEPARATOR:
            space = words.find(" ", start + width)
        while 0 <= space < len(words) - 1 and words[space + 1] == " ":  # the next piece begins with a word
            space += 1
        if space < 0 or space == len(words) - 1:
            break
        yield words[start : space + 1]
        start = space + 1
    yield words[start:]

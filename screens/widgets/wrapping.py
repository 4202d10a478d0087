"""Where the lines of a text break: the one way to wrap in widgets that draw their own lines."""

from itertools import pairwise

from rich._wrap import divide_line  # Rich and Textual wrap by it, but offer it with their own texts alone


def wrap(text: str, width: int, hang: int = 0) -> list[tuple[int, int]]:
    """Where each line begins and ends: the first of at most `width` cells, all others of `hang` cells less.

    Lines break at spaces, which are in no line's end, and a word that is longer than a line is cut between characters.
    An empty text is one empty line.
    """
    breaks = divide_line(text, max(width, 1))
    if hang and breaks:
        first = breaks[0]
        breaks = [first, *(first + at for at in divide_line(text[first:], max(width - hang, 1)))]
    edges = (0, *breaks, len(text))
    return [(begin, begin + len(text[begin:end].rstrip())) for begin, end in pairwise(edges)]

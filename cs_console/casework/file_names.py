"""Names of files as they may stand in a folder or in a mail: no path, nothing hidden, nothing a program obeys."""

import re

from cs_console.plain_text import one_line

LONGEST = 100
_NOT_A_NAME = re.compile(r"[^\w .()+,@-]+")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")


def safe_name(name: str, instead: str = "file") -> str:
    """The name with everything else replaced by `_`, not beginning with a dot or a dash, at most 100 characters.

    Its ending survives a cut.
    """
    words = _NOT_A_NAME.sub("_", one_line(name.replace("\\", "/").rpartition("/")[2], 1000)).strip(" ._-")
    ending = _ENDING.search(words)
    last = ending.group() if ending else ""
    stem = words.removesuffix(last).strip(" .") or instead
    return stem[: LONGEST - len(last)].rstrip(" .") + last

"""Whether a mail says of itself that a program wrote it: an out-of-office answer, a bounce, a list (RFC 3834)."""

import re
from collections.abc import Callable

_COMMENT = re.compile(r"\([^()]*\)")
_NOT_PERSONAL = frozenset({"bulk", "junk", "auto_reply", "list"})
_ANSWERING_PROGRAM = ("X-Autoreply", "X-Autorespond")


def is_automatic(values: Callable[[str], tuple[str, ...]]) -> bool:
    """Whether one of the headers says so; `values` gives the raw values under a name.

    Anyone can write these headers, but only against themselves: such a mail proves less.
    """
    return (
        any(_word(value) != "no" for value in values("Auto-Submitted"))
        or any(_word(value) in _NOT_PERSONAL for value in values("Precedence"))
        or any(values(name) for name in _ANSWERING_PROGRAM)
        or any(_plain(value) == "<>" for value in values("Return-Path"))
    )


def _word(value: str) -> str:
    """The value without its comments and parameters."""
    return _plain(value).partition(";")[0].strip()


def _plain(value: str) -> str:
    return "".join(_COMMENT.sub("", value).split()).casefold()

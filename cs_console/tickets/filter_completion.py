"""What the word at the end of a filter line may become as it is typed."""

from collections.abc import Mapping, Sequence

from cs_console.tickets.filters import ME, NO, UNASSIGNED, YES, YES_OR_NO, Key
from models.enums import Channel, Priority, TicketKind, TicketState

_KEYS = (
    *("kind:", "state:", "assignee:", "due:", "priority:", "tag:", "verified:", "unread:", "answered:"),
    *("received:", "updated:", "snoozed:", "channel:", "lang:", "older:", "newer:", "number:"),
)
_VALUES: Mapping[str, tuple[str, ...]] = {
    "kind": tuple(TicketKind),
    "state": tuple(one.value.replace(" ", "-") for one in TicketState),
    "priority": tuple(one.name.lower() for one in reversed(Priority)),
    "channel": tuple(Channel),
    **{key.value: (YES, NO) for key in YES_OR_NO},
    "due": ("late", UNASSIGNED, "<1d", "<3d", "<7d", ">7d"),
    "received": ("<1d", "<7d", ">7d"),
    "updated": ("<1d", "<7d", ">7d"),
    "older": ("1d", "3d", "1w"),
    "newer": ("1d", "3d", "1w"),
}


def completed(text: str, names: Sequence[str] = (), tags: Sequence[str] = ()) -> str | None:
    """The line with its last word completed, None where nothing fits or nothing is left to complete.

    `names` are the agents, `tags` the desk's: what cannot be known from the language itself.
    """
    before, space, word = text.rpartition(" ")
    minus = "-" if word.startswith("-") else ""
    bare = word.removeprefix("-")
    if not bare:
        return None
    key, colon, value = bare.partition(":")
    if not colon:
        found = _first(bare, _KEYS)
        return None if found is None else f"{before}{space}{minus}{found}"
    listed, comma, last = value.rpartition(",")
    possible = {Key.ASSIGNEE.value: (ME, UNASSIGNED, *names), Key.TAG.value: tuple(tags), **_VALUES}
    found = _first(last, [one for one in possible.get(key.casefold(), ()) if one not in listed.split(",")])
    return None if found is None else f"{before}{space}{minus}{key}:{listed}{comma}{found}"


def _first(begun: str, possible: Sequence[str]) -> str | None:
    """The first that begins so and says more."""
    folded = begun.casefold()
    fits = (one for one in possible if one.casefold().startswith(folded) and len(one) > len(begun))
    return next(fits, None)

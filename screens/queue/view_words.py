"""The queue's views as people read them: titles, orders, counts, and what an empty one says."""

from collections.abc import Callable

from cs_console.tickets import queue
from cs_console.tickets.saved_views import KeptView
from models.roles import Role
from screens.queue.kept_views_dialog import keys_of
from screens.queue.view_list import View

SORT_WORDS = {
    queue.Sort.DUE: "due first",
    queue.Sort.RECEIVED: "newest first",
    queue.Sort.UPDATED: "last updated first",
    queue.Sort.PRIORITY: "most urgent first",
}
TITLES = dict(queue.VIEWS)
URGENCY = {"answered": "blue", "overdue": "red", "due_soon": "amber"}
"""The colours of these views' counts."""


def views_shown(kept: tuple[KeptView, ...], key_of: Callable[[str], str]) -> tuple[View, ...]:
    """The views of the list, with their keys: the desk's, the policy's, and those that people keep.

    `key_of` names the key of a command.
    """
    desk = (
        View(
            name,
            title,
            key=key_of(command_of(name)),
            group="" if name in queue.PERSONAL else "Desk",
            urgency=URGENCY.get(name, ""),
        )
        for name, title in queue.VIEWS
    )
    others = (
        View(one.id, one.name, key=f"'{key}" if key else "", group="Policy" if one.of_pack else "Saved")
        for key, one in zip(keys_of(kept), kept, strict=True)
    )
    return (*desk, *others)


def command_of(view: str) -> str:
    """The command that shows a view of the desk's: they are numbered in their order, the tenth with 0."""
    return f"view_{([*TITLES].index(view) + 1) % 10}"


def count_words(counted: queue.ViewCount) -> str:
    """`12`, `499,812`, or `1,000+` where it was counted no further."""
    return f"{counted.count:,}{'+' if counted.more else ''}"


def first_view(roles: frozenset[Role]) -> str:
    """The view to start with: an agent's own tickets, a verifier's waiting ones, or all for the other roles."""
    if Role.AGENT in roles:
        return "mine"
    return "to_verify" if Role.VERIFIER in roles else "all"


def nothing_words(view: str, key_of: Callable[[str], str]) -> str:
    """What an empty list says of a filter: it goes along to another view, which may have what is looked for.

    `key_of` names the key of a command.
    """
    others = [f"{key_of(command_of(name))} looks in {TITLES[name]}" for name in ("all", "closed") if name != view]
    return f"Nothing in {TITLES[view]} matches the filter. {', '.join(others)}."

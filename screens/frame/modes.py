"""Where a signed-in agent can go. Each place is imported when first visited, not before the first paint."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.screen import Screen

if TYPE_CHECKING:
    from textual.command import Provider


def _queue() -> Screen[None]:
    from screens.queue.queue import QueueScreen

    return QueueScreen()


def _approvals() -> Screen[None]:
    from screens.decisions.approvals import ApprovalsScreen

    return ApprovalsScreen()


def _erasures() -> Screen[None]:
    from screens.erasure.erasures import ErasuresScreen

    return ErasuresScreen()


def _set_aside() -> Screen[None]:
    from screens.set_aside.set_aside import SetAsideScreen

    return SetAsideScreen()


def _log() -> Screen[None]:
    from screens.access_log.access_log import AccessLogScreen

    return AccessLogScreen()


DOOR = "door"
"""The mode of the sign-in screen, and of what must be done before the queue."""

INSIDE: dict[str, Callable[[], Screen[None]]] = {
    "queue": _queue,
    "approvals": _approvals,
    "erasures": _erasures,
    "set_aside": _set_aside,
    "log": _log,
}
"""Textual's modes after sign-in; each keeps its own stack of screens until the session ends."""


def palette_commands() -> "type[Provider]":
    """The palette's provider."""
    from screens.frame.palette import ConsoleCommands

    return ConsoleCommands

"""Drafts of screens that close: saved at once, or kept hidden until the store takes them."""

from functools import partial
from typing import TYPE_CHECKING

from cs_console.errors import ConsoleError, StoreUnavailable
from screens.frame.autosave import Drafts, save_all
from screens.frame.background import BackgroundApp

if TYPE_CHECKING:
    from cs_console.desk import DeskSession


class KeptDrafts:
    """What the store has refused so far waits here, each with the session that it was typed in."""

    def __init__(self, app: BackgroundApp) -> None:
        self._app = app
        self.waiting: list[tuple[DeskSession, Drafts]] = []

    def save(self, session: "DeskSession", drafts: Drafts) -> None:
        """Save drafts of closing screens in the background."""
        if drafts:
            then = partial(self._keep_if_refused, session, drafts)
            self._app.in_background(partial(save_all, session, drafts), then)

    def _keep_if_refused(self, session: "DeskSession", drafts: Drafts, problem: ConsoleError | None) -> None:
        if isinstance(problem, StoreUnavailable):
            self.waiting.append((session, drafts))

    def try_again(self) -> None:
        """Try to save in the background what is waiting."""
        waiting, self.waiting = self.waiting, []
        for session, drafts in waiting:
            self.save(session, drafts)


def save_kept(waiting: list[tuple["DeskSession", Drafts]]) -> None:
    """Save what is waiting, for a worker thread. Raises StoreUnavailable."""
    for session, drafts in waiting:
        save_all(session, drafts)

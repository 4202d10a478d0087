"""Revealing on a screen: say why, then see one value in its place for a short while."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from math import ceil
from time import monotonic

from textual.timer import Timer
from textual.widget import Widget

from cs_console.custody.disclosure import PurposeChoice, Revealed, Target, end_view, purposes_for, reveal
from cs_console.desk import Desk
from screens.asking import Request
from screens.choice import ChoiceDialog
from screens.console_screen import ConsoleScreen
from screens.forgetting import forget_texts
from screens.widgets.choice_list import Choice
from screens.widgets.revealed_value import RevealedValue

TICK_SECONDS = 0.25
LATE_SECONDS = 5


class RevealScreen(ConsoleScreen[None]):
    """A screen on which one value at a time can stand.

    The value goes when its time is over, at Escape, when anything else comes on top, and when the screen goes; each
    way its view is ended on record. It is held by one widget and nowhere else.
    """

    def __init__(self) -> None:
        super().__init__()
        self._view_of: Revealed | None = None
        self._viewer: Desk | None = None
        self._began = 0.0
        self._ticking: Timer | None = None

    def place_for(self, target: Target) -> Widget | None:
        """The widget in which the target's value is to stand."""
        return None

    @property
    def shows_value(self) -> bool:
        """Whether a revealed value stands here now."""
        return self._view_of is not None

    def start_reveal(self, number: int, target: Target, title: str) -> None:
        """Ask for the purpose, then reveal. Where no purpose is listed the service refuses, on record."""
        self.hide_values()
        self.ask(
            partial(purposes_for, self.desk, number, target.field),
            partial(self._ask_purpose, number, target, title),
            group="purposes",
        )

    def _ask_purpose(self, number: int, target: Target, title: str, purposes: Sequence[PurposeChoice]) -> None:
        if not purposes:
            self._reveal(number, target, "")
            return
        choices = [Choice(purpose.key, purpose.title, f"policy {purpose.clause}") for purpose in purposes]
        dialog = ChoiceDialog(
            f"What do you need it for? ({title})", choices, hint="↵ show it, on record first   esc back"
        )
        self.go_on(dialog, partial(self._purpose_chosen, number, target))

    def _purpose_chosen(self, number: int, target: Target, purpose: str | None) -> None:
        if purpose is not None:
            self._reveal(number, target, purpose)

    def _reveal(self, number: int, target: Target, purpose: str) -> None:
        desk = self.desk
        work = partial(reveal, desk, number, target, purpose)
        # not held: a value does not wait in memory until its screen is on top again
        self.change(work, partial(self._show, desk, target), late=partial(self._never_shown, desk), held=False)

    def _never_shown(self, desk: Desk, revealed: Revealed) -> None:
        """The value came when its screen was gone: its view ends on record without a second."""
        self._record_end(desk, replace(revealed, value=""), 0)

    def _show(self, desk: Desk, target: Target, revealed: Revealed) -> None:
        self.hide_values()
        self._view_of, self._viewer, self._began = replace(revealed, value=""), desk, monotonic()
        place = self.place_for(target)
        if place is None or self.app.screen is not self or self._shown_for() > LATE_SECONDS:
            # something came on top meanwhile, a lock perhaps: it was never shown, and is not shown late
            self._end(0)
            return
        place.mount(RevealedValue(revealed.value, revealed.seconds))
        self.call_after_refresh(place.scroll_visible, animate=False)
        self._ticking = self.set_interval(TICK_SECONDS, self._tick)

    def _shown_for(self) -> float:
        """Seconds since the value came, by the office's clock or the machine's own, whichever says more."""
        if self._view_of is None or self._viewer is None:
            return 0.0
        by_office: timedelta = self._viewer.office.clock.now() - self._view_of.shown_at
        return max(by_office.total_seconds(), monotonic() - self._began)

    def _tick(self) -> None:
        if self._view_of is None:
            return
        left = self._view_of.seconds - self._shown_for()
        if left <= 0:
            self.hide_values()
            return
        for shown in self.query(RevealedValue):
            shown.count(ceil(left))

    def hide_values(self) -> None:
        """Take the value off the screen at once and put the end of the view on record."""
        shown_values = self.query(RevealedValue)
        for shown in shown_values:
            shown.wipe()
            shown.remove()
        if shown_values:
            forget_texts()
        if self._view_of is not None:
            self._end(min(ceil(self._shown_for()), self._view_of.seconds))

    def _end(self, seconds: int) -> None:
        revealed, desk = self._view_of, self._viewer
        self._view_of = self._viewer = None
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        if revealed is None or desk is None:
            return
        self._record_end(desk, revealed, seconds)

    def _record_end(self, desk: Desk, revealed: Revealed, seconds: int) -> None:
        # not a worker: those are cancelled with their screen, and this has to be written when the screen goes
        request = Request(0, "", partial(end_view, desk, revealed, seconds), _nothing, None, change=False, desk=desk)
        asyncio.get_running_loop().run_in_executor(None, self._answer, self.console, request)

    def on_screen_suspend(self) -> None:
        self.hide_values()

    def on_unmount(self) -> None:
        self.hide_values()


def _nothing(_answer: None) -> None:
    """There is nothing to do with that answer."""

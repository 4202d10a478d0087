"""Revealing on a screen: give a purpose, then see one value in its place for a short time."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from math import ceil
from time import monotonic

from textual.timer import Timer
from textual.widget import Widget

from cs_console.custody.disclosure import Revealed, Target, end_view, purposes_for, reveal
from cs_console.desk import DeskSession
from screens.frame.choice import ChoiceDialog
from screens.frame.console_screen import ConsoleScreen
from screens.frame.forgetting import forget_texts
from screens.frame.service_calls import Request
from screens.frame.steps import in_steps
from screens.ticket.revealed_value import RevealedValue
from screens.widgets.choice_list import Choice

TICK_SECONDS = 0.25
LATE_SECONDS = 5


class RevealScreen(ConsoleScreen[None]):
    """A screen that can show one revealed value at a time.

        The value is hidden when its time is over, at Escape, when another screen comes on top, and when the screen
    closes; each time the end of the view is recorded. The value is held by one widget and nowhere else.
    """

    def __init__(self) -> None:
        super().__init__()
        self._view_of: Revealed | None = None
        self._viewer: DeskSession | None = None
        self._began = 0.0
        self._ticking: Timer | None = None

    def place_for(self, target: Target) -> Widget | None:
        """The widget that is to show the target's value."""
        return None

    @property
    def shows_value(self) -> bool:
        """Whether a revealed value is shown now."""
        return self._view_of is not None

    @in_steps
    async def start_reveal(self, number: int, target: Target, title: str) -> None:
        """Ask for the purpose, then reveal. If no purpose is listed, the service refuses and records it."""
        self.hide_values()
        purposes = await self.call(partial(purposes_for, self.session, number, target.field), group="purposes")
        if not purposes:
            self._reveal(number, target, "")
            return
        choices = [Choice(purpose.key, purpose.title, f"policy {purpose.clause}") for purpose in purposes]
        hint = "↵ record the view and show it   esc back"
        purpose = await self.ask(ChoiceDialog(f"Why do you need it? ({title})", choices, hint=hint))
        if purpose is not None:
            self._reveal(number, target, purpose)

    def _reveal(self, number: int, target: Target, purpose: str) -> None:
        session = self.session
        work = partial(reveal, session, number, target, purpose)
        # not held: a value must not wait in memory until its screen is on top again
        self.change_then(
            work, partial(self._show, session, target), late=partial(self._never_shown, session), held=False
        )

    def _never_shown(self, session: DeskSession, revealed: Revealed) -> None:
        """The value arrived after its screen was gone: record the end of the view with 0 seconds shown."""
        self._record_end(session, replace(revealed, value=""), 0)

    def _show(self, session: DeskSession, target: Target, revealed: Revealed) -> None:
        self.hide_values()
        self._view_of, self._viewer, self._began = replace(revealed, value=""), session, monotonic()
        place = self.place_for(target)
        if place is None or self.app.screen is not self or self._shown_for() > LATE_SECONDS:
            # another screen came on top, such as the lock: the value was never shown, and must not be shown late
            self._end(0)
            return
        place.mount(RevealedValue(revealed.value, revealed.seconds))
        self.call_after_refresh(place.scroll_visible, animate=False)
        self._ticking = self.set_interval(TICK_SECONDS, self._tick)

    def _shown_for(self) -> float:
        """Seconds since the value arrived, by the desk's clock or the machine's own, whichever is more."""
        if self._view_of is None or self._viewer is None:
            return 0.0
        by_desk: timedelta = self._viewer.desk.clock.now() - self._view_of.shown_at
        return max(by_desk.total_seconds(), monotonic() - self._began)

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
        """Remove the value from the screen at once and record the end of the view."""
        shown_values = self.query(RevealedValue)
        for shown in shown_values:
            shown.wipe()
            shown.remove()
        if shown_values:
            forget_texts()
        if self._view_of is not None:
            self._end(min(ceil(self._shown_for()), self._view_of.seconds))

    def _end(self, seconds: int) -> None:
        revealed, session = self._view_of, self._viewer
        self._view_of = self._viewer = None
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        if revealed is None or session is None:
            return
        self._record_end(session, revealed, seconds)

    def _record_end(self, session: DeskSession, revealed: Revealed, seconds: int) -> None:
        # not a worker: workers are cancelled with their screen, and this has to be written when the screen closes
        request = Request(
            0, "", partial(end_view, session, revealed, seconds), _nothing, None, change=False, session=session
        )
        asyncio.get_running_loop().run_in_executor(None, self._answer, self.console, request)

    def on_screen_suspend(self) -> None:
        self.hide_values()

    def on_unmount(self) -> None:
        self.hide_values()


def _nothing(_answer: None) -> None:
    """Ignore the answer."""

"""Revealing on a screen: give a purpose, then see one value in its place for a short time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from math import ceil
from time import monotonic
from typing import Any

from textual.timer import Timer

from cs_console.casework.conversation import TicketView
from cs_console.custody.disclosure import Revealed, Target, end_view, purposes_by_field, reveal
from cs_console.desk import DeskSession
from screens.frame.console_screen import ConsoleScreen
from screens.frame.forgetting import forget_texts
from screens.ticket.lines import field_key
from screens.ticket.reveal_dialog import RevealDialog
from screens.ticket.revealed_value import RevealedValue, ShowsValue
from screens.widgets.notice_bar import Tone

TICK_SECONDS = 0.25
LATE_SECONDS = 5
_NONE = ""
"""No purpose: the service lists none of that name, so it refuses whatever the ticket is by now."""

Place = tuple[ShowsValue, str]
"""A part of the screen, and what in it the value belongs to."""


class Reveal:
    """Shows one revealed value at a time on a screen, in the part and by the key that `place_for` names.

    The value is hidden when its time is over, and whenever the screen says so: at Escape, when another screen comes on
    top, and when it closes; each time the end of the view is recorded. One part holds the value, and nothing else.
    """

    def __init__(self, screen: ConsoleScreen[Any], number: int, place_for: Callable[[Target], Place | None]) -> None:
        self._screen = screen
        self._number = number
        self._place_for = place_for
        self._view_of: Revealed | None = None
        self._viewer: DeskSession | None = None
        self._began = 0.0
        self._ticking: Timer | None = None
        self._shown_in: ShowsValue | None = None
        self._value: RevealedValue | None = None

    @property
    def shows_value(self) -> bool:
        """Whether a revealed value is shown now."""
        return self._view_of is not None

    async def start(self, view: TicketView, key: str | None) -> None:
        """Ask what to reveal and why, with the cursor on that field, else on the newest message; then reveal.

        A field that was chosen by its key and cannot be shown now is not asked about: the service refuses and records
        it. Where none can be shown, the screen says why.
        """
        self.hide()
        screen = self._screen
        fields = {field_key(one.field, one.item): one for one in (*reversed(view.text_fields), *view.fields)}
        asked = fields.get(key) if key is not None else None
        if asked is not None and not asked.revealable:
            self._reveal(Target(asked.field, asked.item), _NONE, "")
            return
        if not any(one.revealable for one in fields.values()):
            reasons = ", ".join(dict.fromkeys(one.why for one in fields.values()))
            screen.say(f"Nothing of this ticket can be shown now{f': {reasons}' if reasons else ''}.", Tone.WARNING)
            return
        work = partial(purposes_by_field, screen.session, self._number)
        purposes = await screen.call(work, group="purposes")
        answer = await screen.ask(RevealDialog(view, purposes, key or next(iter(fields))))
        if answer is not None:
            one = fields[answer.key]
            self._reveal(Target(one.field, one.item), answer.purpose, answer.purpose_words)

    def _reveal(self, target: Target, purpose: str, purpose_words: str) -> None:
        session = self._screen.session
        work = partial(reveal, session, self._number, target, purpose)
        # no async function may hold a value; and it must not wait in memory until its screen is on top again
        self._screen.change_then(
            work,
            partial(self._show, session, target, purpose_words),
            late=partial(self._never_shown, session),
            held=False,
        )

    def _never_shown(self, session: DeskSession, revealed: Revealed) -> None:
        """The value arrived after its screen was gone: record the end of the view with 0 seconds shown."""
        self._record_end(session, replace(revealed, value=""), 0)

    def _show(self, session: DeskSession, target: Target, purpose: str, revealed: Revealed) -> None:
        self.hide()
        self._view_of, self._viewer, self._began = replace(revealed, value=""), session, monotonic()
        screen, place = self._screen, self._place_for(target)
        if place is None or screen.app.screen is not screen or self._shown_for() > LATE_SECONDS:
            # another screen came on top, such as the lock: the value was never shown, and must not be shown late
            self._end(0)
            return
        self._value = RevealedValue(revealed.value, purpose, revealed.seconds)
        self._shown_in, key = place
        self._shown_in.open_value(key, self._value)
        self._ticking = screen.set_interval(TICK_SECONDS, self._tick)

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
            self.hide()
            return
        if self._value is not None and self._shown_in is not None and ceil(left) != self._value.left:
            self._value.left = ceil(left)
            self._shown_in.count_value()

    def hide(self) -> None:
        """Remove the value from the screen at once and record the end of the view."""
        if self._shown_in is not None:
            self._shown_in.close_value()
            self._shown_in = self._value = None
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
        self._screen.do_anyway(session, partial(end_view, session, revealed, seconds))

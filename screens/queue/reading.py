"""When the reading pane reads: once the cursor rests on a ticket, on record, and it counts as read a little later."""

from functools import partial
from time import monotonic
from typing import Any

from cs_console.casework.preview import Preview, mark_previewed, preview
from cs_console.errors import ConsoleError
from cs_console.tickets.queue import QueueRow
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.queue.pane_words import READ_ON_TICKET
from screens.queue.reading_pane import ReadingPane

RESTS_SECONDS = 0.3
"""How long the cursor rests before a message is read: what is only passed over is neither shown nor recorded."""
READ_SECONDS = 2.0
"""How long a message is in sight before it counts as read."""


class Reading:
    """Follows the cursor by `look`, which the screen calls several times a second."""

    def __init__(self, screen: ConsoleScreen[Any], pane: ReadingPane) -> None:
        self._screen = screen
        self._pane = pane
        self._row: QueueRow | None = None
        self._since = 0.0
        self._asked = False
        self._read_at: float | None = None

    def look(self, row: QueueRow | None, *, may_read: bool) -> None:
        """Show this row's facts at once, and read its newest message when it has been under the cursor for a while.

        Not `may_read`: the person is looking at something else, and what they do not see is not read.
        """
        now = monotonic()
        if row != self._row:
            moved = row is None or self._row is None or row.number != self._row.number
            self._row, self._asked = row, False
            if moved:
                self._since, self._read_at = now, None
            self._pane.show(row)
        if not may_read:
            self._since = now
            return
        if row is None or now - self._since < RESTS_SECONDS:
            return
        if not self._asked:
            self._asked = True
            self._read(row.number)
        elif row.unread and self._read_at is not None and now - self._read_at >= READ_SECONDS:
            self._read_at = None
            if self._pane.seen is not None:
                self._mark(self._pane.seen)

    def say(self, what: ConsoleError) -> None:
        """Say in the pane why nothing is shown."""
        self._pane.show_text(None, what.sentence)

    @in_steps
    async def _read(self, number: int) -> None:
        session = self._screen.session
        seen = await self._screen.call(partial(preview, session, number), group="preview", retry=False)
        if self._row is None or self._row.number != number:
            return  # the cursor has moved on
        if seen is None or self._pane.seen != seen:
            self._read_at = None if seen is None else monotonic()
        self._pane.show_text(seen, READ_ON_TICKET)

    @in_steps
    async def _mark(self, seen: Preview) -> None:
        if await self._screen.call(partial(mark_previewed, self._screen.session, seen), group="read", retry=False):
            self._screen.refresh_now()

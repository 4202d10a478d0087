"""What the header of every screen says: what waits for the agent, who is signed in, the time, and what is wrong."""

from functools import partial
from typing import TYPE_CHECKING

from cs_console.errors import ConsoleError
from cs_console.local_time import hour
from screens.frame.console import HeaderState, Need, Urgency
from screens.frame.session_app import SessionApp
from screens.widgets.header_bar import HeaderBar
from screens.widgets.signs import Sign
from screens.widgets.trouble_banner import TroubleBanner

if TYPE_CHECKING:
    from cs_console.access_log.state import LogState
    from cs_console.casework.needs import Needs
    from cs_console.desk import DeskSession


class Header:
    """Keeps every open screen's header up to date, behind a dialog too."""

    def __init__(self, app: SessionApp) -> None:
        self._app = app
        self._log_state: LogState | None = None
        self._needs: tuple[Need, ...] = ()

    def show(self) -> None:
        """Draw the headers again if anything in them changed."""
        session = self._app.session
        if session is None:
            self._show_state(HeaderState(clock=self._app.door.time_words()))
            return
        log = self._log_state
        state = HeaderState(
            name=session.agent.name,
            clock=hour(session.desk.clock.now()),
            needs=self._needs,
            trouble=trouble_words(log),
            clock_only=log is not None and log.ok is not False,
            log_ok=None if log is None else log.ok,
        )
        self._show_state(state)

    def _show_state(self, state: HeaderState) -> None:
        if state != self._app.header:
            self._app.header = state
            for screen in self._app.screen_stack:
                for bar in screen.query(HeaderBar):
                    bar.refresh()
                for banner in screen.query(TroubleBanner):
                    banner.show(state)

    def read(self, session: "DeskSession") -> None:
        """Read the log's state and what waits in the background, then show them."""
        self._app.in_background(partial(self._read, session))

    def forget(self) -> None:
        """Nothing of this session is shown to the next."""
        self._needs = ()

    def _read(self, session: "DeskSession") -> None:
        from cs_console.access_log.state import log_state
        from cs_console.casework.needs import needs_of

        log = log_state(session.desk)
        try:
            needs = need_words(needs_of(session)) if log.ok is not None else None
        except ConsoleError:  # the session has ended, or the store went away: whatever is done next says so
            needs = None
        self._app.on_ui(partial(self._have_read, session, log, needs))

    def _have_read(self, session: "DeskSession", log: "LogState", needs: tuple[Need, ...] | None) -> None:
        self._log_state = log
        if needs is not None and session is self._app.session:
            self._needs = needs
        self.show()
        if log.ok is None and self._app.session is not None:
            self._app.in_background(self._app.session.desk.require_stores)  # which tells whether it is busy or away


def need_words(needs: "Needs") -> tuple[Need, ...]:
    """What waits, most urgent first; nothing for what does not wait."""
    overdue, today, approvals, answered = map(
        _number, (needs.overdue, needs.due_today, needs.approvals, needs.answered)
    )
    one_approval = f"{approvals} approval{'' if needs.approvals == 1 else 's'}"
    found = (
        (needs.overdue, Need(f"{overdue} overdue", f"{overdue} overdue", Urgency.LATE)),
        (needs.due_today, Need(f"{today} due today", f"{today} today", Urgency.SOON)),
        (needs.answered, Need(f"{Sign.ANSWERED} {answered} answered", f"{Sign.ANSWERED} {answered}", Urgency.NEW)),
        (needs.approvals, Need(one_approval, one_approval, Urgency.NEW)),
    )
    return tuple(need for count, need in found if count)


def _number(count: int) -> str:
    from cs_console.casework.needs import COUNTED_UP_TO

    return str(count) if count <= COUNTED_UP_TO else f"{COUNTED_UP_TO}+"


def trouble_words(log: "LogState | None") -> str:
    """What is wrong with the log or with this host's clock, and what to do; "" while nothing is."""
    if log is None:
        return ""
    if log.ok is False:
        return "The access log is broken. Tell a privacy officer before you go on."
    return f"{log.clock[:1].upper()}{log.clock[1:]}. Tell the operator." if log.clock else ""

"""Being on a ticket, as its screen says it to others and hears it of them."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.screen import ModalScreen

from cs_console.casework.presence import be_on, leave
from cs_console.errors import ConsoleError
from cs_console.tickets.present import Present
from models.enums import Doing
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.ticket.compose import ComposeScreen

if TYPE_CHECKING:
    from cs_console.desk import DeskSession

LOOK_SECONDS = 1.0
"""How often the screen calls `look`."""
SAY_AGAIN_SECONDS = 15.0
"""How often it is said: others take a person who is silent for a minute to be gone."""


class BeingHere:
    """While its ticket is on top, says so to the desk, and calls `heard` with the others who are there.

    An agent who only reads a ticket that is not their own says nothing: others are not told of that.
    """

    def __init__(self, screen: ConsoleScreen[Any], number: int, heard: Callable[[tuple[Present, ...]], object]) -> None:
        self._screen = screen
        self._number = number
        self._heard = heard
        self._said: Doing | None = None
        self._said_at = 0.0
        self._turn = Lock()
        self._gone = False
        self.mine: bool | None = None
        """Whether the ticket is the agent's own; None until it was read."""

    def look(self) -> None:
        """Say what the agent does here, if that has changed or it is time to say it again."""
        doing, console = self._doing(), self._screen.console
        if doing is None or self.mine is None or console.session is None or console.locked or console.store_away:
            return
        is_told = self.mine or doing is not Doing.READS
        if not is_told and self._said is None:
            return
        if doing is self._said and monotonic() - self._said_at < SAY_AGAIN_SECONDS:
            return
        self._said, self._said_at = doing if is_told else None, monotonic()
        self._say(doing)

    def leave(self) -> None:
        """The screen closes: say that the agent is gone, after what is still being said."""
        if self._said is not None and self._screen.console.session is not None:
            session = self._screen.session
            self._screen.do_anyway(session, partial(self._leave, session))

    def say(self, _problem: ConsoleError) -> None:
        """Whatever the person does next says what is wrong."""

    def _doing(self) -> Doing | None:
        """What is on top, behind a dialog too; None where the person is elsewhere."""
        stack = self._screen.app.screen_stack
        top = next((one for one in reversed(stack) if not isinstance(one, ModalScreen)), None)
        if top is self._screen:
            return Doing.READS
        return top.doing if isinstance(top, ComposeScreen) and top.number == self._number else None

    @in_steps
    async def _say(self, doing: Doing) -> None:
        work = partial(self._be_on, self._screen.session, doing)
        self._heard(await self._screen.call(work, group="presence", retry=False))

    def _be_on(self, session: "DeskSession", doing: Doing) -> tuple[Present, ...]:
        with self._turn:
            return () if self._gone else be_on(session, self._number, doing)

    def _leave(self, session: "DeskSession") -> None:
        with self._turn, suppress(ConsoleError):
            self._gone = True
            leave(session, self._number)

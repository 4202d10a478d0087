"""The ticket on a screen, as the actions on it see it: each action is one async function in a module of its own."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cs_console.casework.conversation import TicketView
from cs_console.errors import ChangedElsewhere, ConsoleError
from models.roles import Role
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import Waiting, in_steps
from screens.frame.text_dialog import WordsDialog, Written
from screens.widgets.notice_bar import Said

if TYPE_CHECKING:
    from textual.screen import Screen

    from cs_console.act_id import ActId
    from cs_console.desk import DeskSession

Answer = TypeVar("Answer")


class OpenTicket:
    """Its number, its newest view once it has been read, and how an action asks the person and the services."""

    def __init__(self, screen: ConsoleScreen[Any], number: int, reload: Callable[[], None]) -> None:
        self._screen = screen
        self._reload = reload
        self.number = number
        self.view: TicketView | None = None

    @property
    def session(self) -> "DeskSession":
        """The session of the signed-in agent."""
        return self._screen.session

    @property
    def roles(self) -> frozenset[Role]:
        """The roles of the signed-in agent."""
        return self._screen.roles

    def say(self, problem: ConsoleError) -> None:
        """Show an error."""
        self._screen.say(problem)

    def tell(self, said: Said) -> None:
        """Show what came of something."""
        self._screen.say(said)

    def act_for(self, *what: object) -> "ActId":
        """The id of an act, the same until its outcome is known."""
        return self._screen.act_for(*what)

    def call(self, work: Callable[[], Answer], *, group: str) -> Waiting[Answer]:
        """The answer of a service."""
        return self._screen.call(work, group=group)

    def ask(self, dialog: "Screen[Answer]") -> Waiting[Answer | None]:
        """What the person answers to a dialog; None means no."""
        return self._screen.ask(dialog)

    def ask_words(self, question: str, place: str, *, hint: str) -> Waiting[Written | None]:
        """What the person writes; the draft is kept at this place of the ticket until it is used."""
        return self._screen.ask(WordsDialog(question, f"{place}:{self.number}", self.number, hint=hint))

    async def change(self, work: Callable[[], Answer], told: str | Callable[[Answer], Said]) -> None:
        """Change something; say what came of it and reload the ticket, also if someone else has changed it."""

        def words(answer: Answer) -> Said:
            return Said(told) if isinstance(told, str) else told(answer)

        try:
            answer = await self._screen.change(work, late=words)
        except ChangedElsewhere as refusal:
            self._screen.say(refusal)
        else:
            self._screen.say(words(answer))
        self._reload()


class ShowsTicket(Protocol):
    """A screen on which actions are taken."""

    ticket: OpenTicket

    def say(self, what: ConsoleError, /) -> None:
        """Show an error."""


def on_ticket(action: Callable[[OpenTicket], Coroutine[Any, Any, None]]) -> Callable[[Any], None]:
    """The method of a screen that takes this action on its ticket."""

    @wraps(action)
    async def run(screen: ShowsTicket) -> None:
        await action(screen.ticket)

    return in_steps(run)

"""What screens may ask of the application around them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from textual.screen import Screen

    from cs_console.act_id import ActId
    from cs_console.desk import Desk, DeskSession
    from cs_console.errors import ConsoleError, SessionEnded
    from cs_console.settings import Settings
    from cs_console.staff.sign_in import SignedIn
    from screens.frame.console_screen import ConsoleScreen
    from screens.widgets.notice_bar import Said


@dataclass(frozen=True, slots=True)
class Typed:
    """Something typed and not yet sent: where it belongs, its text, and the ticket it is about (if any).

        An agent has one draft per place, so a place for a ticket names it: `reply:10482`. `act` is the id of the act
    that the draft is written for.
    """

    place: str
    text: str
    ticket: int | None = None
    act: "ActId | None" = None


class Urgency(StrEnum):
    """How something that waits is shown: late, due soon, or new."""

    LATE = "red"
    SOON = "amber"
    NEW = "blue"


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for the agent: `3 due today`, and the same where there is little room: `3 today`."""

    words: str
    short: str
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class HeaderState:
    """What every screen's top line says beside its place: what waits, who is signed in, the time.

    `trouble` is a sentence for a line of its own while something is wrong with the log, or with this host's clock
    alone (`clock_only`). `log_ok`: the log's state as last looked at; None before that, or while it cannot be asked.
    """

    name: str = ""
    clock: str = ""
    needs: tuple[Need, ...] = ()
    trouble: str = ""
    clock_only: bool = False
    log_ok: bool | None = None


class Console(Protocol):
    """The application as its screens know it."""

    settings: "Settings"
    session: "DeskSession | None"
    header: HeaderState
    locked: bool

    @property
    def store_away(self) -> bool:
        """Whether the store cannot be reached at the moment; every screen then says so."""

    @property
    def sample(self) -> bool:
        """Whether this is a sample desk, as its own data says: never a setting."""

    def store_lost(self) -> None:
        """A call could not reach the store: the console asks it again until it answers."""

    def desk(self) -> "Desk":
        """The open desk; waits for it. Call it only from a worker thread. Raises StoreUnavailable."""

    def on_desk(self, then: "Callable[[ConsoleError | None], None]") -> None:
        """Call `then` on the UI thread when the desk is open (None) or could not be opened (why)."""

    def signed_in(self, result: "SignedIn") -> None:
        """Show the agent's next screen: a new password, the undertaking, or the queue."""

    def step_done(self) -> None:
        """A new password was chosen, or the undertaking was accepted: continue."""

    def action_sign_out(self) -> None:
        """End the session; what was typed is saved first."""

    def session_over(self, why: "SessionEnded") -> None:
        """Back to the sign-in screen with the reason; what was typed is kept."""

    def go_to(self, mode: str) -> None:
        """Show the queue, the approvals, the erasures or the access log."""

    def show_help(self, about: "type[ConsoleScreen[Any]]") -> None:
        """Show the keys and the help of such a screen."""

    def show_phone(self) -> None:
        """Show what the outbox received, in the demo."""

    def on_ui(self, then: "Callable[[], None]") -> None:
        """From any thread: call `then` on the UI thread, soon."""

    def has_open(self, screen: "Screen[Any]") -> bool:
        """Whether that screen is open, on top or not."""

    def say_late(self, said: "Said") -> None:
        """Report, on the top screen but not over the lock, the outcome of a change whose own screen is gone."""

    def deliver_held(self, number: int, at: "datetime") -> None:
        """Send what is held on a ticket once its time has come, while this console runs; else an upkeep does."""

    def unlocked(self) -> None:
        """The correct password was typed on the lock screen."""

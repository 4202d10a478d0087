"""What all screens share: the frame of header, body, notices and footer, and the commands that work everywhere."""

from functools import partial
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.containers import Container
from textual.screen import Screen

from screens.frame.autosave import Drafting
from screens.frame.dialog import WIDE
from screens.frame.forgetting import forget_removed_widgets
from screens.frame.go_dialog import NUMBER, GoTo
from screens.frame.steps import in_steps
from screens.registry import Command, roles_for
from screens.widgets.header_bar import HeaderBar
from screens.widgets.key_bar import KeyBar
from screens.widgets.notice_bar import NoticeBar
from screens.widgets.store_banner import StoreBanner
from screens.widgets.trouble_banner import TroubleBanner

T = TypeVar("T")


# Screen before Drafting: Textual looks for inherited styles along the first base only
class ConsoleScreen(Screen[T], Drafting, Generic[T]):
    """A whole screen.

    A subclass names itself in `WHERE` (as the registry knows it), sets `BINDINGS = bindings_for(WHERE)`, yields its
    widgets from `body`, and writes `action_<command id>` for each of its commands. `HELP` says in a sentence or two
    what the screen is for. A screen without fields to fill in lets notices of problems fade (`PROBLEMS_FADE`).
    """

    WHERE: ClassVar[str] = ""
    HEADING: ClassVar[str] = ""
    HELP_TITLE: ClassVar[str] = "Keys"
    HELP: ClassVar[str] = ""
    PROBLEMS_FADE: ClassVar[bool] = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]

    def __init__(self) -> None:
        super().__init__()
        self._called = self.HEADING

    def compose(self) -> ComposeResult:
        first = self.app.screen_stack[0]
        if first is self or not isinstance(first, ConsoleScreen):
            yield HeaderBar(self.HEADING, self.console.settings.desk_name)
        else:
            yield HeaderBar(self.HEADING, first.HEADING, inside=True)
        yield StoreBanner(self.console.store_away)
        yield TroubleBanner(self.console.header)
        with Container(id="body"):
            yield from self.body()
        yield NoticeBar()
        yield KeyBar()

    def body(self) -> ComposeResult:
        """The widgets between header and notices."""
        yield from ()

    @property
    def heading(self) -> str:
        """What the header calls this screen."""
        return self.query_one(HeaderBar).heading

    @heading.setter
    def heading(self, words: str) -> None:
        self.query_one(HeaderBar).heading = self._called = words

    @property
    def called(self) -> str:
        return self._called or super().called

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Close with a result; see `go_away`."""
        return self.go_away(partial(super().dismiss, result))

    def on_screen_resume(self) -> None:
        # they were not updated while another place was shown
        self.query_one(HeaderBar).refresh()
        self.query_one(TroubleBanner).show(self.console.header)

    def on_unmount(self) -> None:
        """Let go of what it drew."""
        forget_removed_widgets()

    def hide_values(self) -> None:
        """Remove every revealed value and end its view: the console locks, ends or shows another place."""

    def refresh_now(self) -> None:
        """Reload what changes by itself; called about every ten seconds while the screen is on top."""

    def arrived(self) -> None:
        """The agent returned to this screen with `g`."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide commands that the agent's roles do not allow; the services refuse them in any case."""
        if action == "phone" and not self.console.sample:
            return False
        wanted = roles_for(self.WHERE, action)
        return not self.roles or not wanted or bool(wanted & self.roles)

    def applies(self, one: Command) -> bool:
        """Whether there is something here and now that the command would act on; the footer shows no other ones.

        The key of one that is not shown still works, and says why nothing is done.
        """
        del one
        return True

    def title_of(self, one: Command) -> str:
        """What the footer calls a command here and now."""
        return one.title

    def not_yet(self) -> tuple[str, str] | None:
        """A command that something is still missing for: its id, and the words that the footer says of it instead."""
        return None

    def action_move(self, by: int) -> None:
        """Move within the focused widget: the cursor of a list, or the text."""
        word = "down" if by > 0 else "up"
        for name in (f"action_cursor_{word}", f"action_scroll_{word}"):
            moves = getattr(self.focused, name, None)
            if moves is not None:
                moves()
                return

    def action_back(self) -> None:
        """Go back to the screen underneath; from a first screen to the queue."""
        if len(self.app.screen_stack) > 1:
            self.dismiss(None)
        elif self.app.current_mode != "queue":
            self.console.go_to("queue")

    @in_steps
    async def action_go(self) -> None:
        """Wait for the second key of `g q`, `g a` and `g l`."""
        mode = await self.ask(GoTo())
        if mode == NUMBER:
            await self._go_to_number()
        elif mode is not None:
            self.console.go_to(mode)

    async def _go_to_number(self) -> None:
        from screens.frame.number_dialog import NumberDialog

        number = await self.ask(NumberDialog())
        if number is not None:
            from screens.ticket.ticket import TicketScreen

            self.go_on(TicketScreen(number))

    def action_help(self) -> None:
        """Keys and help for this screen."""
        if self.app.screen is self.screen:  # else the person has moved on
            self.console.show_help(type(self))

    def action_phone(self) -> None:
        """Show what the outbox received, in the demo."""
        self.console.show_phone()

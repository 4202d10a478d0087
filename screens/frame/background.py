"""The application's own work in worker threads, independent of any screen."""

from collections.abc import Callable
from functools import partial

from textual import on
from textual.message import Message

from cs_console.errors import ConsoleError, SessionEnded, StoreUnreachable
from cs_console.faults import spot_of
from screens.frame.quiet_app import QuietApp
from screens.frame.run_once import Once

BACKGROUND = "background"


class Reported(Message):
    """A thread wants something done on the UI thread."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self.then = then


class BackgroundApp(QuietApp, inherit_bindings=False):
    """An application that never waits for a store on its UI thread."""

    def in_background(
        self, work: Callable[[], object], then: Callable[[ConsoleError | None], None] | None = None
    ) -> None:
        """Run `work` in a thread, then call `then` on the UI thread with the error it raised, if any."""
        self.run_worker(
            Once(partial(self._carry_out, work, then)),
            name=BACKGROUND,
            group=BACKGROUND,
            description=BACKGROUND,
            thread=True,
            exit_on_error=False,
        )

    def store_lost(self) -> None:
        """The store could not be reached; called on the UI thread."""

    def session_over(self, why: SessionEnded) -> None:
        """The session has ended elsewhere, or for a reason of its own; called on the UI thread."""

    def on_ui(self, then: Callable[[], None]) -> None:
        """From any thread: call `then` on the UI thread, soon."""
        self.post_message(Reported(then))

    def _carry_out(self, work: Callable[[], object], then: Callable[[ConsoleError | None], None] | None) -> None:
        problem: ConsoleError | None = None
        try:
            work()
        except ConsoleError as error:
            problem = error
            if isinstance(error, StoreUnreachable):
                self.on_ui(self.store_lost)
        except Exception as fault:  # noqa: BLE001 - the outermost edge of a worker
            problem = ConsoleError(f"Unexpected error ({spot_of(fault)}).", "Tell an admin.")
        if then is not None:
            self.on_ui(partial(then, problem))

    @on(Reported)
    def _reported(self, message: Reported) -> None:
        if self.is_running and self.screen_stack:  # otherwise the console is closing and its screens are being removed
            message.then()

"""Opening the stores after the first paint: one thread, one result, and another attempt after a failure."""

import gc
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from cs_console.errors import ConsoleError, StoreUnavailable
from cs_console.local_time import day, hour

if TYPE_CHECKING:
    from cs_console.desk import Desk
    from cs_console.settings import Settings


class DeskLoader:
    """Gives worker threads the open desk, once it is open."""

    def __init__(self, settings: "Settings", desk: "Desk | None") -> None:
        self._settings = settings
        self._future: Future[Desk] = Future()
        self._waiting: list[Callable[[ConsoleError | None], None]] = []
        if desk is not None:
            self._future.set_result(desk)

    @property
    def is_settled(self) -> bool:
        """Whether the first attempt has ended."""
        return self._future.done()

    @property
    def problem(self) -> ConsoleError | None:
        """Why the stores could not be opened, once that is known."""
        found = self._future.exception() if self._future.done() else None
        return found if isinstance(found, ConsoleError) else None

    @property
    def sample(self) -> bool:
        """Whether an open desk is a sample's."""
        return self._future.done() and self._future.exception() is None and self._future.result().sample

    def time_words(self) -> str:
        """`Tue 24 Nov  08:57` by the clock of an open desk; "" before that."""
        if not self._future.done() or self._future.exception() is not None:
            return ""
        now = self._future.result().clock.now()
        return f"{now.astimezone():%a} {day(now)}  {hour(now)}"

    def when_settled(self, then: Callable[[ConsoleError | None], None]) -> None:
        """On the UI thread: call `then` once the desk is open (None) or could not be opened (why)."""
        if self.is_settled:
            then(self.problem)
        else:
            self._waiting.append(then)

    def tell_waiting(self) -> None:
        """On the UI thread, after the first attempt: call all that wait for it."""
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then(self.problem)

    def open_in_background(self, told: Callable[[], None], warm: Callable[[], None]) -> None:
        """Open the stores in a separate thread; there, report that the attempt has ended, then call `warm`."""
        threading.Thread(target=self._run, args=(told, warm), name="desk", daemon=True).start()

    def _run(self, told: Callable[[], None], warm: Callable[[], None]) -> None:
        gc.freeze()
        gc.enable()
        try:
            self._future.set_result(self._open())
        except ConsoleError as error:
            self._future.set_exception(error)
        except Exception as problem:  # noqa: BLE001 - the outermost edge of a thread
            self._future.set_exception(
                StoreUnavailable(f"The desk cannot be opened ({type(problem).__name__}).", "Run `cs-console doctor`.")
            )
        told()
        if self.problem is None:
            warm()

    def desk(self) -> "Desk":
        """The open desk; waits for it, retries after a failure. For worker threads. Raises StoreUnavailable."""
        if self._future.done() and self._future.exception() is not None:
            opened = self._open()
            self._future = Future()
            self._future.set_result(opened)
        return self._future.result()

    def close(self) -> None:
        """Close every connection of an open desk."""
        if self._future.done() and self._future.exception() is None:
            self._future.result().close()

    def _open(self) -> "Desk":
        from cs_console.adoption.adopting import note_at_opening
        from cs_console.opening import open_desk  # the stores' libraries take longer than the first paint may

        desk = open_desk(self._settings)
        note_at_opening(desk)
        return desk

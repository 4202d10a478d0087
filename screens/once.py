"""Work that is done once: what it was given, a password or typed words, is not held by whoever still holds the work."""

from collections.abc import Callable


class Once:
    """Calls the work the first time and lets go of it; Textual keeps workers long after they are done."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work: Callable[[], object] | None = work

    def __call__(self) -> None:
        work, self._work = self._work, None
        try:
            if work is not None:
                work()
        finally:
            del work  # a traceback would go on holding it

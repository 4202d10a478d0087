"""Work that runs once: its arguments, such as a password, are not kept alive by references to the work."""

from collections.abc import Callable


class Once:
    """Calls the work once and releases it; Textual keeps workers long after they are done."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work: Callable[[], object] | None = work

    def __call__(self) -> None:
        work, self._work = self._work, None
        try:
            if work is not None:
                work()
        finally:
            del work  # a traceback would keep it alive

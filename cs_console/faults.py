"""What is said about a fault of the program: its kind and its line, never what it was working on (ASVS 16.5.1-3)."""

import sys
import threading
from contextlib import suppress
from pathlib import Path, PurePath

from cs_console.plain_text import plain

_PR_SET_DUMPABLE = 4


def spot_of(fault: BaseException) -> str:
    """The kind of an unexpected error and the last line of ours that it passed: `KeyError at queue:120`."""
    trace = fault.__traceback__
    spot = ""
    while trace is not None:
        file = PurePath(trace.tb_frame.f_code.co_filename)
        if not {"site-packages", "lib"} & set(file.parts):
            spot = f" at {file.stem}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(fault).__name__}{spot}"


def crash_sentence(fault: BaseException, report: Path | None = None) -> str:
    """What a person reads instead of a traceback; `report` is the file that says more, without personal data."""
    more = f" A report without personal data is in {plain(str(report))}." if report is not None else ""
    return (
        f"cs-console stopped because of an error ({spot_of(fault)}). "
        f"What you typed is saved up to the last second; tell an admin.{more}"
    )


def forbid_core_dumps() -> None:
    """A process that dies must not leave its memory, keys and shown values in it, on a disk (ASVS 14.2.4).

    The limit keeps the kernel from writing a file; where a collector takes dumps through a pipe, which no limit
    stops, the process is marked as one that is not to be dumped, nor read by others of the same account.
    """
    with suppress(ImportError, OSError, ValueError):
        import resource  # not there on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def say_one_sentence() -> None:
    """From now on a fault that nothing catches prints its sentence, not a traceback with its message."""
    sys.excepthook = _of_main
    threading.excepthook = _of_thread


def _of_main(_kind: type[BaseException], fault: BaseException, _trace: object) -> None:
    print(crash_sentence(fault), file=sys.stderr)  # noqa: T201 - there is no screen any more


def _of_thread(fault: threading.ExceptHookArgs) -> None:
    if fault.exc_value is not None:
        print(crash_sentence(fault.exc_value), file=sys.stderr)  # noqa: T201 - there may be no screen any more

"""Opening the console on a desk, or on the sample desk. Textual is imported only once there is a desk to show."""

import gc
from contextlib import suppress
from pathlib import Path

_M_ARENA_MAX = -8


def open_console(home: Path | None) -> None:
    """Open the console on the desk in `home`, or in the default place. Raises ConsoleError."""
    gc.disable()  # nothing to collect before the first paint; the console turns it on again afterwards
    _share_one_heap()
    # Textual, which takes most of the start: a command without a desk to show never pays for it
    from cs_console.app import run
    from cs_console.settings import load

    run(load(home))


def open_demo(home: Path | None) -> None:
    """Make the sample desk if there is none in `home`, then open the console on it. Raises ConsoleError."""
    _share_one_heap()
    from cs_console.sample.demo import demo_settings  # for the demo alone

    settings = demo_settings(home)
    from cs_console.app import run

    run(settings)


def _share_one_heap() -> None:
    """Let all threads of this process allocate from one heap, before a second one begins.

    glibc gives each thread a heap of its own, so that none waits for another. Python lets one thread run at a time, so
    what that costs a console, 2 MiB of half-used heaps, buys nothing. Other C libraries have no such call.
    """
    with suppress(ImportError, OSError, AttributeError):
        import ctypes  # not there in every build of Python

        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)

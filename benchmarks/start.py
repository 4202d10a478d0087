"""*start*: from spawning the process to the first full paint of the sign-in screen, each in a terminal of its own."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from collections.abc import Iterator
from time import perf_counter

from benchmarks.result import Result, compare
from benchmarks.scratch import scratch_desk

ROUNDS = 15
COLUMNS, LINES = 120, 34
PATIENCE_SECONDS = 60
PAINTED = (b"password", b"quit")
"""A field of the form and a key of the footer: both apps paint these, in letters of either size, the footer last."""

CONSOLE = ("-m", "cs_console")
BARE = ("-m", "benchmarks.bare_app")


def run(*sizes: int) -> Iterator[Result]:
    """One line: `size` is how many times each was started, turn by turn."""
    for rounds in sizes or (ROUNDS,):
        with scratch_desk() as desk:
            environment = {**os.environ, "CS_CONSOLE_HOME": str(desk.settings.home), "TERM": "xterm-256color"}
            for arguments in (CONSOLE, BARE):
                first_paint(arguments, environment)
            console, bare = [], []
            for _ in range(rounds):
                console.append(first_paint(CONSOLE, environment))
                bare.append(first_paint(BARE, environment))
        yield compare("start", rounds, console, bare)


def first_paint(arguments: tuple[str, ...], environment: dict[str, str]) -> float:
    """Milliseconds from the spawn until everything in PAINTED has reached the terminal."""
    began = perf_counter()
    process, terminal = pty.fork()
    if process == 0:
        os.execve(sys.executable, [sys.executable, *arguments], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    try:
        _read_until_painted(terminal, began)
        return (perf_counter() - began) * 1000
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)


def _read_until_painted(terminal: int, began: float) -> None:
    seen = b""
    while not all(words in seen.lower() for words in PAINTED):
        ready, _, _ = select.select([terminal], [], [], PATIENCE_SECONDS)
        if not ready or perf_counter() - began > PATIENCE_SECONDS:
            raise TimeoutError(f"nothing was painted within {PATIENCE_SECONDS} s")
        try:
            seen += os.read(terminal, 65536)
        except OSError:
            raise RuntimeError(f"it ended before it painted: {seen[-2000:]!r}") from None

"""A program in a terminal of its own: keys as bytes, and how long its last repaint took to arrive."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

COLUMNS, LINES = 120, 34
QUIET_SECONDS = 0.3
"""No byte for so long means painted: longer than the slowest beat on which a screen paints."""
PAUSE_SECONDS = 0.06
"""No byte for so long ends a repaint: what comes later is drawn for another reason, and people see it as such."""
PATIENCE_SECONDS = 60
IDLE_TICKS = 2
"""Of a busy machine a process may get nothing for that long: one that waits to paint has used more by the next look."""
MIB = 1024


class Terminal:
    """The console's or the baseline's end of a pseudo-terminal."""

    def __init__(self, process: int, terminal: int) -> None:
        self._process = process
        self._terminal = terminal
        self.seen = b""
        """What the last wait read."""

    def until(self, *words: bytes) -> None:
        """Read until all of these were painted, then until it is quiet. Raises TimeoutError."""
        self.seen = b""
        self._painted(words)

    def press(self, keys: bytes, *words: bytes) -> float:
        """Type these bytes; milliseconds until the last byte of what was painted for them, 0 for nothing.

        `words` have to be among it. Raises TimeoutError.
        """
        self.seen = b""
        began = perf_counter()
        os.write(self._terminal, keys)
        return max(0.0, self._painted(words) - began) * 1000

    def press_until(self, keys: bytes, *words: bytes) -> float:
        """Type these bytes; milliseconds until all of these words were painted, whatever is painted after them.

        Raises TimeoutError.
        """
        self.seen = b""
        began = perf_counter()
        os.write(self._terminal, keys)
        while not all(word in self.seen for word in words):
            if perf_counter() - began > PATIENCE_SECONDS:
                raise TimeoutError(f"{words} were not painted within {PATIENCE_SECONDS} s: {self.seen[-500:]!r}")
            self.seen += self._read(QUIET_SECONDS)
        return (perf_counter() - began) * 1000

    def press_and_rest(
        self, keys: bytes, rest_seconds: float, pause_seconds: float = PAUSE_SECONDS
    ) -> tuple[float, float]:
        """Type these bytes; milliseconds until the last byte of the repaint, which no byte for `pause_seconds` ends,
        and until that of all that follows by itself while no other key comes for `rest_seconds`. Raises TimeoutError.
        """
        self.seen = b""
        began = perf_counter()
        os.write(self._terminal, keys)
        repainted = last = 0.0
        while perf_counter() - began < PATIENCE_SECONDS:
            some = self._read(rest_seconds)
            if not some:
                return max(0.0, repainted - began) * 1000, max(0.0, last - began) * 1000
            self.seen += some
            now = perf_counter()
            if not last or (repainted == last and now - last < pause_seconds):
                repainted = now
            last = now
        raise TimeoutError(f"it is not quiet after {PATIENCE_SECONDS} s: {self.seen[-500:]!r}")

    def rss_mib(self) -> float:
        """The memory of the process that is resident, as Linux counts it."""
        status = Path(f"/proc/{self._process}/status").read_text("utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / MIB

    def _painted(self, words: tuple[bytes, ...]) -> float:
        """When the last byte arrived: then came no other, and the process did next to nothing, for QUIET_SECONDS."""
        last, began, worked = 0.0, perf_counter(), self._worked()
        while perf_counter() - began < PATIENCE_SECONDS:
            if some := self._read(QUIET_SECONDS):
                last, worked = perf_counter(), self._worked()
                self.seen += some
                continue
            before, worked = worked, self._worked()
            if worked - before <= IDLE_TICKS and all(word in self.seen for word in words):
                return last
        raise TimeoutError(f"{words} were not painted within {PATIENCE_SECONDS} s: {self.seen[-500:]!r}")

    def _worked(self) -> int:
        """Hundredths of a second that the process has computed."""
        fields = Path(f"/proc/{self._process}/stat").read_text("utf-8").rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def _read(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self._terminal], [], [], seconds)
        if not ready:
            return b""
        try:
            return os.read(self._terminal, 65536)
        except OSError:
            raise RuntimeError(f"it ended: {self.seen[-500:]!r}") from None


@contextmanager
def running(arguments: tuple[str, ...], environment: dict[str, str] | None = None) -> Iterator[Terminal]:
    """This Python with these arguments, in a terminal of 120 x 34; killed at the end."""
    process, terminal = pty.fork()
    if process == 0:
        os.execve(sys.executable, [sys.executable, *arguments], {**os.environ, **(environment or {})})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    try:
        yield Terminal(process, terminal)
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)

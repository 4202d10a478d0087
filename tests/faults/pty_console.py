"""The real console as a program in a terminal of its own: typed into, pasted into, clicked, resized, and read."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import TracebackType

import pyte
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.keys import _character_to_key

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds until something that has to come is given up; only a console that hangs takes so long."""
REMEMBERED = 60.0
"""Seconds of typing that a failure tells."""

FAULTS = re.compile(r"Traceback|cs-console stopped|Something\s+went\s+wrong")
"""What stands on a screen when something happened that should not have."""

# The child takes the terminal as its own (TIOCSCTTY), so that a resize reaches it as it does from a real terminal.
_IN_ITS_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)


class Trouble(AssertionError):
    """The console ended, failed or did not answer."""


class Left(Exception):
    """The console was left: it ended by itself, with status 0 and without a complaint."""


def _sequences() -> dict[str, bytes]:
    """What a terminal sends for each key, by Textual's name of it."""
    found: dict[str, bytes] = {}
    for sequence, keys in ANSI_SEQUENCES_KEYS.items():
        if isinstance(keys, tuple) and len(keys) == 1 and sequence.isascii():
            known = found.get(keys[0].value)
            if known is None or _commonness(sequence) < _commonness(known.decode()):
                found[keys[0].value] = sequence.encode()
    found |= {_character_to_key(chr(code)): bytes([code]) for code in range(0x20, 0x7F)}
    return found | {"escape": b"\x1b", "enter": b"\r", "tab": b"\t", "backspace": b"\x7f"}


def _commonness(sequence: str) -> tuple[bool, int]:
    """Of several sequences for one key xterm's is a single byte, or short and begins with CSI or SS3."""
    return len(sequence) > 1 and sequence[:2] not in {"\x1b[", "\x1bO"}, len(sequence)


SEQUENCES = _sequences()


def pasted(text: str) -> bytes:
    """What a terminal sends for a paste: between brackets, line ends as Enter sends them."""
    return b"\x1b[200~" + text.replace("\n", "\r").encode() + b"\x1b[201~"


def clicked(column: int, line: int, button: int = 0) -> bytes:
    """A mouse button pressed and let go of; 64 and 65 turn the wheel, which has nothing to let go of."""
    down = f"\x1b[<{button};{column};{line}"
    return f"{down}M".encode() + (f"{down}m".encode() if button < 64 else b"")


class PtyConsole:
    """`python -m cs_console --home HOME` in a terminal of `columns` x `lines`; ends with the context.

    Whatever it prints is read while something is sent or waited for, so that it never waits for its reader.
    """

    def __init__(self, home: Path, columns: int = 120, lines: int = 34) -> None:
        self.home = home
        self.columns, self.lines = columns, lines
        self.typed: deque[tuple[float, str]] = deque()
        self.received = 0
        self._screen = pyte.Screen(columns, lines)
        self._parser = pyte.Stream(self._screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._drawn: str | None = None
        self._begin()

    # --- beginning and ending

    def _begin(self) -> None:
        self._screen.reset()
        self._tail, self._drawn = "", None
        self._terminal, child = pty.openpty()
        self._set_size(child)
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("CS_CONSOLE", "TEXTUAL"))
        }
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONFAULTHANDLER": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _IN_ITS_TERMINAL, "-m", "cs_console", "--home", str(self.home)],
            stdin=child,
            stdout=child,
            stderr=child,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        os.close(child)
        os.set_blocking(self._terminal, False)

    def __enter__(self) -> "PtyConsole":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def leave(self) -> None:
        """Type `ctrl+q` and see the console end by itself."""
        self.press("ctrl+q")
        with suppress(Left):
            self.wait(lambda: False, "the end after ctrl+q")

    def hang_up(self) -> int:
        """Take the terminal away, as a lost connection does; the program's status once it has ended."""
        os.close(self._terminal)
        self._terminal = os.open(os.devnull, os.O_RDWR)
        return self._process.wait(PATIENCE)

    @property
    def lives(self) -> bool:
        """Whether the program is running."""
        return self._process.poll() is None

    def begin_again(self) -> None:
        """Start the console again after its end; reports of an earlier one have been told and go."""
        for report in self.crash_reports():
            report.unlink()
        os.close(self._terminal)
        self._begin()

    # --- typing

    def press(self, *keys: str) -> None:
        """Type keys, by Textual's names, all in one write."""
        self.send(b"".join(SEQUENCES[key] for key in keys), " ".join(keys))

    def type(self, text: str) -> None:
        """Type a text without line ends, in one write."""
        self.send(text.encode(), repr(text))

    def paste(self, text: str) -> None:
        """Paste; see `pasted`."""
        self.send(pasted(text), f"paste of {len(text)} characters")

    def click(self, column: int, line: int) -> None:
        """Click with the first mouse button; columns and lines count from 1."""
        self.send(clicked(column, line), f"click {column},{line}")

    def resize(self, columns: int, lines: int) -> None:
        """Another size of the terminal; the program in it is told as always, by the kernel."""
        self._note(f"resize {columns}x{lines}")
        self.columns, self.lines = columns, lines
        self._screen.resize(lines, columns)
        self._drawn = None
        with suppress(OSError):
            self._set_size(self._terminal)

    def _set_size(self, descriptor: int) -> None:
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", self.lines, self.columns, 0, 0))

    def send(self, data: bytes, told: str) -> None:
        """Write bytes as they are; `told` is what a failure says about them."""
        self._note(told)
        give_up = monotonic() + PATIENCE
        while data and self._process.poll() is None:
            if monotonic() > give_up:
                raise self.trouble("it does not read what is typed")
            readable, writable, _ = select.select([self._terminal], [self._terminal], [], 0.5)
            if readable:
                self._read()
            if writable:
                with suppress(BlockingIOError, OSError):
                    data = data[os.write(self._terminal, data[:1024]) :]

    def _note(self, told: str) -> None:
        now = monotonic()
        self.typed.append((now, told))
        while now - self.typed[0][0] > REMEMBERED:
            self.typed.popleft()

    # --- reading

    @property
    def shown(self) -> str:
        """The characters on the screen, line by line."""
        if self._drawn is None:
            rows = (self._screen.buffer[line] for line in range(self.lines))  # Screen.display fails on half a wide one
            self._drawn = "\n".join(
                "".join(row[column].data for column in range(self.columns)).rstrip() for row in rows
            )
        return self._drawn

    def pause(self, seconds: float) -> None:
        """Read for so long."""
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            if select.select([self._terminal], [], [], left)[0] and not self._read():
                return

    def wait(self, condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        """Read until the condition holds; raises Trouble where it never does, and as `check` does."""
        give_up = monotonic() + patience
        while not condition():
            self.check()
            if monotonic() > give_up:
                raise self.trouble(f"waited in vain for {what}")
            self.pause(0.02)

    def wait_for(self, *words: str, patience: float = PATIENCE) -> None:
        """Read until one of these words is on the screen."""
        self.wait(lambda: any(word in self.shown for word in words), " or ".join(map(repr, words)), patience)

    def comes(self, condition: Callable[[], bool], patience: float) -> bool:
        """Whether the condition holds within so many seconds."""
        give_up = monotonic() + patience
        while not condition():
            self.check()
            if monotonic() > give_up:
                return False
            self.pause(0.02)
        return True

    def _read(self) -> bool:
        """Take what has been printed; False where there is nothing more to come."""
        try:
            read = os.read(self._terminal, 65536)
        except BlockingIOError:
            return True
        except OSError:  # Linux says so when the other side has gone
            return False
        self.received += len(read)
        text = self._decoder.decode(read)
        self._tail = (self._tail + text)[-6000:]
        self._drawn = None
        self._parser.feed(text.replace("\x1b[<u", ""))  # the one sequence of Textual's that pyte does not skip
        return bool(read)

    def _read_rest(self) -> None:
        while select.select([self._terminal], [], [], 0.2)[0] and self._read():
            pass

    # --- judging

    def check(self) -> None:
        """Raises Trouble when the console has failed or left a report of a crash, Left when it was left."""
        status = self._process.poll()
        if status is not None:
            self._read_rest()
        if reports := self.crash_reports():
            raise self.trouble("it crashed:\n" + "\n".join(one.read_text("utf-8") for one in reports))
        if found := FAULTS.search(self.shown) or FAULTS.search(self._tail):
            raise self.trouble(f"{found.group()!r} was printed")
        if status:
            raise self.trouble(f"the console ended with {status}")
        if status == 0:
            raise Left

    def crash_reports(self) -> list[Path]:
        """What crashes left in the home folder."""
        return sorted(self.home.glob("crash-*.txt"))

    def trouble(self, what: str) -> Trouble:
        """The failure with everything that is needed to repeat and to understand it."""
        now = monotonic()
        shown = self.shown
        printed = re.sub(r"\x1b\[[0-9;:<=>?]*[ $]?[a-zA-Z~]", "", self._tail)[-2000:]
        stacks = self._stacks() if self._process.poll() is None else ""
        typed = "; ".join(f"-{now - at:.2f} {told}" for at, told in self.typed)
        return Trouble(
            f"{what}\n--- {self.columns}x{self.lines}, typed in the last minute (seconds ago):\n{typed}\n"
            f"--- on the screen:\n{shown}\n--- printed last:\n{printed}\n{stacks}"
        )

    def _stacks(self) -> str:
        """Where a console that hangs is, by the interpreter's own fault handler; it ends with this."""
        self._tail = ""
        self._process.send_signal(signal.SIGABRT)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._read_rest()
        return f"--- its threads:\n{self._tail[-3000:]}"

"""Reads the terminal so that no byte ends the console and nothing pasted acts as a key."""

import errno
import os
import re
import selectors
import signal
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

TICK_SECONDS = 0.1
"""How often Textual asks whether a lone Escape was the key or the beginning of another."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_PIECES = re.compile(r"(?=\x1b)")


class PasteGuard:
    """Removes control characters from pasted text, except line ends and tabs, before anything acts on them.

    Textual's parser looks for keys, sizes and mouse reports in a paste too: not every terminal takes escapes out.
    """

    def __init__(self) -> None:
        self._inside = False
        self._held = ""

    def feed(self, text: str) -> str:
        """The same text, made harmless; what may be half of a paste's bracket is judged with the next input."""
        parts: list[str] = []
        while text:
            text = (self._until_end if self._inside else self._until_start)(text, parts)
        return "".join(parts)

    def _until_start(self, text: str, parts: list[str]) -> str:
        """Outside a paste nothing is held back, not even an Escape; only the last characters are remembered."""
        seen = self._held + text
        at = seen.find(BRACKETED_PASTE_START)
        if at < 0:
            self._held = seen[1 - len(BRACKETED_PASTE_START) :]
            parts.append(text)
            return ""
        begins = at + len(BRACKETED_PASTE_START) - len(self._held)
        self._inside, self._held = True, ""
        parts.append(text[:begins])
        return text[begins:]

    def _until_end(self, text: str, parts: list[str]) -> str:
        text, self._held = self._held + text, ""
        inside, end, after = text.partition(BRACKETED_PASTE_END)
        if not end:
            half = _half_of(BRACKETED_PASTE_END, inside)
            inside, self._held = inside[: len(inside) - half], inside[len(inside) - half :]
        else:
            self._inside = False
        parts += [_CONTROLS.sub("", inside), end]
        return after


def _half_of(marker: str, text: str) -> int:
    """How many of the last characters of the text may be the beginning of the marker."""
    return next((length for length in range(len(marker) - 1, 0, -1) if text.endswith(marker[:length])), 0)


class TerminalReader:
    """Turns a terminal's bytes into Textual's messages; bytes that are not UTF-8, or no key, are harmless."""

    def __init__(self) -> None:
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._guard = PasteGuard()
        self._parser = XTermParser()

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages in these bytes."""
        for piece in _PIECES.split(self._guard.feed(self._decode(data))):
            # one by one after an Escape: if the parser fails on a sequence, the input after it is not lost
            for part in piece if piece.startswith("\x1b") else [piece] * bool(piece):
                yield from self._parsed(part)

    def tick(self) -> Iterator[Message]:
        """The messages of an Escape that nothing followed."""
        yield from self._guarded(self._parser.tick())

    def _parsed(self, part: str) -> Iterator[Message]:
        yield from self._guarded(self._parser.feed(part))

    def _guarded(self, messages: Iterable[Message]) -> Iterator[Message]:
        try:
            yield from messages
        except (ValueError, ArithmeticError):  # such as a key past the end of Unicode
            self._parser = XTermParser()


class SteadyDriver(LinuxDriver):
    """Textual's driver, reading by a TerminalReader; a fault in its thread ends the console as any other does."""

    def run_input_thread(self) -> None:
        """Read until the console ends.

        A lost terminal ends it at once, as the kernel's hang-up does, even where that is ignored (nohup). No
        orderly end is tried: drawing would wait for the terminal. Drafts are saved as they are typed.
        """
        reader = TerminalReader()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(TICK_SECONDS):
                    data = self._read()
                    if not data:
                        os._exit(128 + signal.SIGHUP)
                    self._tell(reader.feed(data))
                self._tell(reader.tick())

    def _read(self) -> bytes:
        """What was typed; empty if the terminal has gone."""
        try:
            return os.read(self.fileno, 4096)
        except OSError as problem:
            if problem.errno != errno.EIO:
                raise
            return b""

    def _tell(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)

    def process_message(self, message: Message) -> None:
        """As in Textual, but a size is believed only if the kernel confirms it: it may have been typed."""
        if isinstance(message, events.Resize) and message.size != Size(*self._get_terminal_size()):
            return
        super().process_message(message)

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as fault:  # noqa: BLE001 - the outermost edge of the thread; Textual would print a traceback
            self._app.call_later(self._app._handle_exception, fault)

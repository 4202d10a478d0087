"""Sanitised standard output and error of every command: control characters are shown, never sent (SECURITY.md)."""

import sys
from collections.abc import Iterable
from typing import TextIO, cast

from cs_console.plain_text import plain

_LINE_END = "\r\n"
"""Kept: CSV lines end with it, and a terminal treats it like a line feed."""


class SafeOutput:
    """A text stream that passes everything written through `plain`.

    It has no `buffer`, so no one can write bytes past it. A character that the stream's encoding
    lacks is written as its number instead of ending the command.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.encoding = stream.encoding or "utf-8"
        self.errors = stream.errors

    def write(self, text: str) -> int:
        """Write the text, sanitised. Returns the length of what was given."""
        safe = _LINE_END.join(plain(part) for part in text.split(_LINE_END))
        self.stream.write(safe.encode(self.encoding, "backslashreplace").decode(self.encoding))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self.stream.flush()

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    @property
    def closed(self) -> bool:
        return self.stream.closed


def sanitise_output() -> None:
    """Sanitise everything that this process prints from now on. May be called again."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, SafeOutput):
            setattr(sys, name, SafeOutput(stream))


def drawing_stream() -> TextIO:
    """Standard error unsanitised, for a progress bar, which moves the cursor: the caller passes all text to `plain`."""
    stream = sys.stderr
    return stream.stream if isinstance(stream, SafeOutput) else cast(TextIO, stream)

"""Whether there is a terminal for the console, and the message if there is none."""

import os
import sys
from typing import TYPE_CHECKING

from cs_console.errors import ConsoleError
from cs_console.plain_text import sentence_line

if TYPE_CHECKING:
    from cs_console.settings import Settings


def has_terminal() -> bool:
    """A terminal on both sides, or a browser's driver in its place (textual-serve)."""
    return bool(os.environ.get("TEXTUAL_DRIVER")) or (sys.stdin.isatty() and sys.stderr.isatty())


def explain_without_terminal(settings: "Settings") -> int:
    """Say on standard error what is wrong with the desk, or that a terminal is missing; returns the exit status."""
    from cs_console.opening import open_desk  # only where there is no terminal

    try:
        open_desk(settings).close()
    except ConsoleError as error:
        print(f"cs-console: {sentence_line(str(error))}", file=sys.stderr)  # noqa: T201 - there is no screen
        return error.exit_status
    print("cs-console: this command needs a terminal.", file=sys.stderr)  # noqa: T201 - there is no screen
    return 2

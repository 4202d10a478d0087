"""What the log's commands share: reading and writing files."""

import os
from pathlib import Path

from cs_console.errors import BadInput


def text_of(file: Path, made_by: str) -> str:
    """The text of a file. Raises BadInput, naming the command that makes such files."""
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it is not text"
        raise BadInput(f"{file} cannot be read: {why}.", f"Give a file made by `{made_by}`.") from None


def print_or_write(text: str, out: Path | None) -> None:
    """Print, or write durably to a file that only its owner can read. Raises BadInput."""
    if out is None:
        print(text, end="")
        return
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as problem:
        raise BadInput(f"{out} cannot be written: {problem.strerror}.", "Choose another --out.") from None

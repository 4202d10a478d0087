"""What the log's commands share: reading and writing files, and a progress bar."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from cs_console.errors import BadInput
from cs_console.safe_output import drawing_stream


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


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on standard error if it is a terminal; otherwise nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    with typer.progressbar(length=1, label=label, file=drawing_stream()) as bar:

        def show(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield show

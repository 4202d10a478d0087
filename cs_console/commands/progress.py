"""A command's progress on a terminal, and what it says meanwhile."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from cs_console.plain_text import sentence_line
from cs_console.progress import Progress
from cs_console.safe_output import drawing_stream


class Shown(NamedTuple):
    """`progress` is told what is done and how much there is, and None where no bar is shown; `say` takes a sentence."""

    progress: Progress | None
    say: Callable[[str], None]


@contextmanager
def progress_bar(label: str, *, of_bytes: bool = False) -> Iterator[Shown]:
    """A progress bar on standard error if it is a terminal. Sentences go there in any case, each on a line above it."""
    if not sys.stderr.isatty():
        yield Shown(None, lambda sentence: print(_line(sentence), file=sys.stderr))
        return
    from rich import progress as drawn
    from rich.console import Console  # imported only for a terminal
    from rich.text import Text

    amount = drawn.DownloadColumn() if of_bytes else drawn.TaskProgressColumn()
    columns = (drawn.TextColumn(label), drawn.BarColumn(), amount, drawn.TimeRemainingColumn())
    with drawn.Progress(*columns, console=Console(file=drawing_stream())) as bar:
        task = bar.add_task("", total=None)
        yield Shown(
            lambda done, total: bar.update(task, completed=done, total=total),
            lambda sentence: bar.console.print(Text(_line(sentence))),
        )


def _line(sentence: str) -> str:
    return f"cs-console: {sentence_line(sentence)}"

"""What all operators' commands share: the desk they work in, and errors turned into exit statuses."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cs_console.desk import Desk
from cs_console.errors import ConsoleError
from cs_console.opening import open_desk
from cs_console.plain_text import sentence_line
from cs_console.safe_output import sanitise_output
from cs_console.settings import load


def _or_before_the_command(context: typer.Context, home: Path | None) -> Path | None:
    """`cs-console --home DIR command` means the same as `cs-console command --home DIR`."""
    return home or context.find_root().params.get("home")


Home = Annotated[
    Path | None,
    typer.Option("--home", help="The desk's folder.", show_default=False, callback=_or_before_the_command),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


class SafeCommands(TyperGroup):
    """The commands, printing through the sanitiser, including help and usage errors."""

    def main(self, *args: Any, **options: Any) -> Any:
        sanitise_output()
        return super().main(*args, **options)


@contextmanager
def errors_end_command() -> Iterator[None]:
    """Turn a ConsoleError into one sentence on standard error and its exit status."""
    try:
        yield
    except ConsoleError as error:
        print(f"cs-console: {sentence_line(str(error))}", file=sys.stderr)
        raise typer.Exit(error.exit_status) from None


@contextmanager
def desk(home: Path | None) -> Iterator[Desk]:
    """The desk in that home (or the default one), closed afterwards. Errors end the command.

    Entries that the command recorded are signed before it ends, so that they cannot be cut from the log unnoticed.
    """
    with errors_end_command():
        opened = open_desk(load(home))
        try:
            yield opened
        finally:
            sign_what_was_recorded(opened)
            opened.close()


def sign_what_was_recorded(opened: Desk) -> None:
    """Sign the log if this command recorded an entry. A log that cannot be signed now is signed later."""
    if opened.recorded:
        from cs_console.access_log.append import sign_now  # many commands record nothing

        sign_now(opened)


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object on standard output, in ASCII: every value is then safe to print unchanged."""
    print(json.dumps(value))

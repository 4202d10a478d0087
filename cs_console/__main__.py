"""`cs-console`: the console itself, the demo, and the operators' commands."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from cs_console.faults import forbid_core_dumps, spot_of
from cs_console.launch import open_console, open_demo
from cs_console.safe_output import sanitise_output

COMPLETION = "_CS_CONSOLE_COMPLETE"
"""Set by a shell that asks, without arguments, how a line goes on."""


def main() -> None:
    """Without arguments (or with only `--home DIR`) open the console; otherwise the demo or an operator's command.

    The first two, and `--version`, never import the commands' library: it would cost a good part of the first paint.
    """
    forbid_core_dumps()
    sanitise_output()
    arguments = sys.argv[1:]
    if COMPLETION in os.environ:
        _or_one_sentence(_run_command)
        return
    if arguments == ["--version"]:
        _or_one_sentence(_print_version)
        return
    alone, home = only_home(arguments)
    if alone:
        _or_one_sentence(lambda: open_console(home))
        return
    if arguments[0] == "demo":
        alone, home = only_home(arguments[1:])
        if alone:
            _or_one_sentence(lambda: open_demo(home))
            return
    _or_one_sentence(_run_command)


def only_home(arguments: list[str]) -> tuple[bool, Path | None]:
    """Whether the arguments are empty or only `--home DIR`, and that folder."""
    match arguments:
        case []:
            return True, None
        case ["--home", folder] if folder and not folder.startswith("-"):
            return True, Path(folder)
        case [one] if one.startswith("--home=") and len(one) > len("--home="):
            return True, Path(one.removeprefix("--home="))
    return False, None


def _print_version() -> None:
    from cs_console.version import program_name  # a start has no use for it

    print(program_name())


def _run_command() -> None:
    from cs_console.commands import app  # typer is slow to import, and the console has no use for it

    try:
        app()
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()  # a full disk during an export shows here at the latest


def _or_one_sentence(work: Callable[[], None]) -> None:
    """Turn every error into one sentence on standard error and an exit status, never a traceback (ASVS 16.5.1)."""
    from cs_console.errors import ConsoleError  # not before it is clear what is to run

    try:
        work()
    except ConsoleError as error:
        _end(str(error), error.exit_status)
    except OSError as problem:
        _drop_output()
        place = "" if problem.filename is None else f"{problem.filename}: "
        _end(f"{place}{problem.strerror or 'it cannot be read or written'}.", 2)
    except Exception as fault:  # noqa: BLE001 - the outermost edge; a traceback could hold a requester's data
        _end(f"stopped because of a bug in cs-console ({spot_of(fault)}).", 1)


def _end(sentence: str, status: int) -> NoReturn:
    from cs_console.plain_text import sentence_line  # only where something went wrong

    print(f"cs-console: {sentence_line(sentence)}", file=sys.stderr)
    sys.exit(status)


def _drop_output() -> None:
    """Keep Python from writing unwritten output again, with an error of its own, while the process ends."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    main()

"""`cs-console`: the console itself, the demo, and the operators' commands."""

import gc
import sys
from collections.abc import Callable
from pathlib import Path


def main() -> None:
    """Open the console without arguments (or with `--home DIR` alone), the demo, or run an operator's command.

    The first two never import the commands' library: it would cost a good part of the first paint.
    """
    arguments = sys.argv[1:]
    alone, home = only_home(arguments)
    if alone:
        open_console(home)
        return
    if arguments[0] == "demo":
        alone, home = only_home(arguments[1:])
        if alone:
            from cs_console.sample.demo import open_demo

            _or_one_sentence(lambda: open_demo(home))
            return
    from cs_console.commands import app

    app()


def open_console(home: Path | None) -> None:
    """Open the console on the desk in `home`, or in the default place. Exits with the status that it ends with."""
    _or_one_sentence(lambda: _open(home))


def only_home(arguments: list[str]) -> tuple[bool, Path | None]:
    """Whether there is nothing but perhaps `--home DIR`, and that folder."""
    match arguments:
        case []:
            return True, None
        case ["--home", folder] if folder and not folder.startswith("-"):
            return True, Path(folder)
        case [one] if one.startswith("--home=") and len(one) > len("--home="):
            return True, Path(one.removeprefix("--home="))
    return False, None


def _open(home: Path | None) -> None:
    gc.disable()  # nothing to collect before the first paint; the console turns it on again behind it
    from cs_console.app import run
    from cs_console.settings import load

    run(load(home))


def _or_one_sentence(work: Callable[[], None]) -> None:
    """Any refusal before the console has the terminal is one sentence on standard error and its exit status."""
    from cs_console.errors import Refusal

    try:
        work()
    except Refusal as refusal:
        print(f"cs-console: {refusal}", file=sys.stderr)
        sys.exit(refusal.exit_status)


if __name__ == "__main__":
    main()

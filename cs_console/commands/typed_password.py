"""A password for an operator's command: from standard input, or typed hidden at a terminal."""

import sys
from typing import Annotated

import typer

from cs_console.errors import BadPassword

PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def typed_password(from_stdin: bool) -> str:
    """The password, without its final line break. It is never an argument, because every process could read that.

    Raises BadPassword without `--password-stdin` and without a terminal.
    """
    if not from_stdin:
        _require_terminal()
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    lines = _lines()
    if len(lines) > 1 or "\r" in lines[0]:
        raise BadPassword("The password on standard input has more than one line.", "Send one line.")
    return lines[0]


def typed_passwords(from_stdin: bool, names: tuple[str, ...]) -> tuple[str, ...]:
    """The passwords of several people who confirm a command: one line each on standard input, or asked one by one.

    Raises BadPassword as `typed_password` does, and when the lines are not as many as the people.
    """
    if from_stdin:
        lines = _lines()
        if len(lines) != len(names):
            raise BadPassword(f"Standard input must have {len(names)} lines.", "Send one password per line.")
        return tuple(lines)
    _require_terminal()
    return tuple(str(typer.prompt(f"Password of {name}", hide_input=True, err=True)) for name in names)


def _require_terminal() -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise BadPassword("There is no terminal at which to ask for the password.", "Use --password-stdin.")


def _lines() -> list[str]:
    """The lines on standard input, without the line break at the end of each."""
    if sys.stdin is None:
        raise BadPassword("Standard input is closed.", "Send the password on standard input.")
    try:
        text = sys.stdin.read()
    except UnicodeDecodeError:
        raise BadPassword("The password on standard input is not text.", "Send it as UTF-8.") from None
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]

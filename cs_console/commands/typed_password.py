"""A password for an operator's command: from standard input, or typed hidden at a terminal."""

import sys
from typing import Annotated

import typer

from cs_console.errors import BadPassword

PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def typed_password(from_stdin: bool) -> str:
    """The password, without the line break at its end. It is never an argument, which every process could read.

    Raises BadPassword when there is neither `--password-stdin` nor a terminal to ask at.
    """
    if not from_stdin:
        if sys.stdin is None or not sys.stdin.isatty():
            raise BadPassword("There is no terminal to ask for the password at.", "Use --password-stdin.")
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    if sys.stdin is None:
        raise BadPassword("Standard input is closed.", "Send the password there.")
    try:
        text = sys.stdin.read()
    except UnicodeDecodeError:
        raise BadPassword("The password on standard input is not text.", "Send it as UTF-8.") from None
    password = text.removesuffix("\n").removesuffix("\r")
    if "\n" in password or "\r" in password:
        raise BadPassword("The password on standard input has more than one line.", "Send one line.")
    return password

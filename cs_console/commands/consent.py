"""Stating how many people a command will erase again, and the second person who agrees."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cs_console.commands.typed_password import typed_password

if TYPE_CHECKING:
    from cs_console.backups.restoring import Consent, Restored

Erases = Annotated[
    int | None,
    typer.Option(help="How many people this erases again. Required if there are any.", min=0, show_default=False),
]
Second = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="A supervisor, privacy officer or admin who agrees. Their password is read from standard input.",
        show_default=False,
    ),
]


def typed_consent(erases: int | None, second: str) -> "Consent | None":
    """The stated number, with the second person's password if one is named. Raises BadPassword."""
    from cs_console.backups.restoring import Consent  # for two commands alone

    if erases is None:
        return None
    if not second or not erases:
        return Consent(erases, second)
    if sys.stdin is not None and sys.stdin.isatty():
        return Consent(erases, second, str(typer.prompt(f"Password of {second}", hide_input=True, err=True)))
    return Consent(erases, second, typed_password(from_stdin=True))


def left_alone(done: "Restored") -> Iterator[str]:
    """Report the requesters that a restore did not erase although something is wrong with their data."""
    if done.unproven:
        yield f"Listed as erased without a proof, so not erased: {done.unproven}. See `cs-console doctor`."
    if done.without_key:
        yield f"Requesters whose key is missing from the keyring: {done.without_key}. None of them was erased."

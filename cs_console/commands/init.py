"""`cs-console init`: creates a desk."""

import sys
from typing import Annotated

import typer

from cs_console.commands.context import Home, errors_end_command, sign_what_was_recorded
from cs_console.commands.typed_password import PasswordStdin, typed_password


def init(
    admin: Annotated[
        str, typer.Option("--admin", metavar="NAME", help="The name of the first account, an admin.")
    ] = "",
    password_stdin: PasswordStdin = False,
    print_roles: Annotated[
        bool,
        typer.Option(
            "--print-roles", help="Only print the SQL with which a PostgreSQL server's owner creates the two roles."
        ),
    ] = False,
    home: Home = None,
) -> None:
    """Create a desk: database, keyring, log key and the first account."""
    if print_roles:
        from cs_console.postgres_roles import roles_script  # it imports every model, for this option alone

        print(roles_script(), end="")
        return
    if not admin:
        raise typer.BadParameter("Name the first account.", param_hint="--admin")
    from cs_console.settings import load  # slow to import, and the script above needs neither
    from cs_console.staff.setup import init_desk

    with errors_end_command():
        settings = load(home)
        desk = init_desk(settings, admin, typed_password(password_stdin))
        sign_what_was_recorded(desk)
        desk.close()
    print(f"The desk was created in {settings.home}.", file=sys.stderr)
    if not settings.key_command:
        print(f"Keep a copy of {settings.key_path} apart from the backups: it can open everything.", file=sys.stderr)

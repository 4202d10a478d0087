"""`cs-console time ...`: whether the machine's clock is trusted, and a second person's confirmation of it."""

from typing import Annotated

import typer

from cs_console.access_log.clocks import span
from cs_console.commands.context import Home, desk
from cs_console.commands.typed_password import PasswordStdin, typed_password
from cs_console.local_time import in_utc
from cs_console.staff.desk_time import confirm_time

app = typer.Typer(help="The desk's time: whether the machine's clock is trusted.", no_args_is_help=True)


@app.command()
def status(home: Home = None) -> None:
    """Say whether this machine's clock is trusted. Exit status 1 if it is not."""
    with desk(home) as opened:
        parted, now = opened.clock.parted, opened.clock.now()
    if not parted:
        print(f"The desk's time is {in_utc(now)}; this machine's clock is trusted.")
        return
    print(f"The desk's time is {in_utc(now)}, but {span(parted)}. Nothing is erased or escalated.")
    raise typer.Exit(1)


@app.command()
def confirm(
    second: Annotated[str, typer.Option("--second", metavar="NAME", help="A supervisor's or an admin's account.")],
    password_stdin: PasswordStdin = False,
    home: Home = None,
) -> None:
    """Trust this machine's clock again after a second person has confirmed it. Recorded."""
    with desk(home) as opened:
        now = confirm_time(opened, second, typed_password(password_stdin))
    print(f"The desk's time is {in_utc(now)}. Delayed work continues.")

"""`cs-console ...` for operators: thin commands over the same services that the screens use."""

from pathlib import Path
from typing import Annotated

import typer

from cs_console.commands import agents, backup, desk_time, doctor, init, intake, keys, log, policy, tickets
from cs_console.commands.context import Home, SafeCommands, errors_end_command
from cs_console.launch import open_console, open_demo
from cs_console.version import program_name

MOST_TICKETS = 5_000_000
"""Of a sample desk, beside its story's."""

app = typer.Typer(
    name="cs-console",
    cls=SafeCommands,
    help="Customer service that keeps personal data sealed, records every view, and can prove it.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,  # a traceback could contain a requester's data
    rich_markup_mode=None,  # usage errors as plain lines: a frame would break a path in two
)
for name, part in {
    "agents": agents.app,
    "intake": intake.app,
    "tickets": tickets.app,
    "log": log.app,
    "policy": policy.app,
    "keys": keys.app,
    "time": desk_time.app,
}.items():
    app.add_typer(part, name=name)
app.command("init")(init.init)
app.command("doctor")(doctor.doctor)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)


@app.command()
def demo(
    home: Home = None,
    tickets: Annotated[
        int,
        typer.Option(
            "--tickets",
            min=0,
            max=MOST_TICKETS,
            help="Build so many more tickets first; what an interrupted build left is completed.",
            show_default=False,
        ),
    ] = 0,
) -> None:
    """Make a sample desk (once) and open the console on it."""
    with errors_end_command():
        if tickets:
            _build_tickets(home, tickets)
        open_demo(home)


def _build_tickets(home: Path | None, tickets: int) -> None:
    from cs_console.commands.progress import progress_bar  # for the demo alone
    from cs_console.sample.demo import add_tickets, demo_settings

    settings = demo_settings(home)
    with progress_bar("Building tickets") as shown:
        add_tickets(settings, tickets, shown.progress)


def _print_version(asked: bool) -> None:
    if asked:
        print(program_name())
        raise typer.Exit


@app.callback(invoke_without_command=True)
def console(
    context: typer.Context,
    home: Home = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Open the console."""
    del version
    if context.invoked_subcommand is None:
        with errors_end_command():
            open_console(home)


__all__ = ["app"]

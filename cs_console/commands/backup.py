"""`cs-console backup` and `cs-console restore`: for a desk on one host."""

from pathlib import Path
from typing import Annotated

import typer

from cs_console.commands.consent import Erases, Second, left_alone, typed_consent
from cs_console.commands.context import Home, Json, desk, errors_end_command, print_json
from cs_console.errors import BadInput


def backup(
    file: Annotated[Path, typer.Argument(help="The file to create.")],
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Back up the keyring instead of the data. Keep the two backups apart.")
    ] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Copy the database (or the keyring) into a new file. Consoles can keep working."""
    from cs_console.backups.making import Store, back_up  # for this command alone
    from cs_console.desk import operator_session

    with desk(home) as opened:
        made = back_up(operator_session(opened), file, Store.KEYRING if keyring else Store.DATABASE)
        days = opened.settings.key_days
    if json:
        print_json({"file": str(made.file), "store": made.store.value, "bytes": made.size})
        return
    print(f"{made.file}: complete copy of the {made.store.value}, {made.size} bytes.")
    if made.store is Store.KEYRING:
        print(f"It can open data erased later: keep it apart from backups of the data, and for at most {days} days.")
    else:
        print("It cannot be opened without the keyring and its key, which need backups of their own.")


def restore(
    file: Annotated[Path | None, typer.Argument(help="A file made by `cs-console backup`.", show_default=False)] = None,
    reason: Annotated[str, typer.Option(help="The reason, recorded in the access log.", show_default=False)] = "",
    finish: Annotated[
        bool, typer.Option("--finish", help="The database was already restored, by pg_restore or by hand.")
    ] = False,
    erases: Erases = None,
    second: Second = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Check a backup and restore it. The current database is kept beside it under another name."""
    from cs_console.backups import restoring  # for this command alone
    from cs_console.settings import load

    with errors_end_command():
        if (file is None) is not finish:
            raise BadInput(
                "Name a backup, or use --finish if the database was already restored.", "Use one of the two."
            )
        if file is not None and (erases is not None or second):
            raise BadInput("--erases and --second can only be used with --finish.", "Leave them out.")
        settings = load(home)
        if file is None:
            done = restoring.finish(settings, reason, consent=typed_consent(erases, second))
        else:
            done = restoring.restore(settings, file, reason)
    if json:
        kept = {"old_desk": done.old_desk, "old_checkpoints": done.old_checkpoints}
        print_json(
            {
                "entries_before": done.entries_before,
                "entries_after": done.entries_after,
                "erased_again": done.erased_again,
                "unproven": done.unproven,
                "without_key": done.without_key,
            }
            | {name: None if path is None else str(path) for name, path in kept.items()}
        )
        return
    print(f"The desk was restored. Its log now has {done.entries_after} entries.")
    if done.entries_before is not None:
        print(f"The log before had {done.entries_before}.")
    if done.erased_again:
        print(f"Requesters erased since the backup, now erased again: {done.erased_again}.")
    for line in left_alone(done):
        print(line)
    for what, path in (("desk", done.old_desk), ("checkpoints", done.old_checkpoints)):
        if path is not None:
            print(f"The previous {what} is kept in: {path}")

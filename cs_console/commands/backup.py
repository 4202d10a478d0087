"""`cs-console backup` and `cs-console restore`: a desk on one host, put away and put back."""

from pathlib import Path
from typing import Annotated

import typer

from cs_console.commands.consent import Erases, Second, left_alone, typed_consent
from cs_console.commands.context import Home, Json, office, print_json, refusals
from cs_console.errors import BadInput


def backup(
    file: Annotated[Path, typer.Argument(help="The new file.")],
    keyring: Annotated[bool, typer.Option("--keyring", help="The keys instead of the data: keep them apart.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Copy the database (or the keyring) into a new file while consoles go on working."""
    from cs_console.backups.making import Store, back_up
    from cs_console.desk import operator_desk

    with office(home) as opened:
        made = back_up(operator_desk(opened), file, Store.KEYRING if keyring else Store.DATABASE)
        days = opened.settings.key_days
    if json:
        print_json({"file": str(made.file), "store": made.store.value, "bytes": made.size})
        return
    print(f"{made.file}: the {made.store.value}, whole, {made.size} bytes.")
    if made.store is Store.KEYRING:
        print(f"It opens what is erased later: keep it apart from backups of the data, and at most {days} days.")
    else:
        print("It opens nothing by itself: the keyring and its key are apart, and need backups of their own.")


def restore(
    file: Annotated[Path | None, typer.Argument(help="A file made by `cs-console backup`.", show_default=False)] = None,
    reason: Annotated[str, typer.Option(help="Why; it stands in the access log.", show_default=False)] = "",
    finish: Annotated[
        bool, typer.Option("--finish", help="The database was put back already, by pg_restore or by hand.")
    ] = False,
    erases: Erases = None,
    second: Second = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Put a backup of the database in the present one's place, checked; the present one is kept beside it."""
    from cs_console.backups import restoring
    from cs_console.settings import load

    with refusals():
        if (file is None) is not finish:
            raise BadInput("Name a backup, or --finish where it was put back already.", "One of the two.")
        if file is not None and (erases is not None or second):
            raise BadInput("--erases and --second belong to --finish.", "Leave them out.")
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
    print(f"The desk is restored; its log has {done.entries_after} entries now.")
    if done.entries_before is not None:
        print(f"The one before had {done.entries_before}.")
    if done.erased_again:
        print(f"Requesters who were erased since the backup, and are erased again: {done.erased_again}.")
    for line in left_alone(done):
        print(line)
    for what, path in (("desk", done.old_desk), ("checkpoints", done.old_checkpoints)):
        if path is not None:
            print(f"The {what} that stood there: {path}")

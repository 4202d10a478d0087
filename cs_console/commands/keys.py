"""`cs-console keys ...`: the keyring and the key that wraps it."""

import sys
from functools import partial

import typer
from sqlmodel import col, select

from cs_console.commands.context import Home, Json, desk, print_json
from cs_console.commands.progress import progress_bar
from cs_console.custody.index_state import SETTLED
from cs_console.custody.rotation import KeyStatus, key_status
from cs_console.custody.rotation import rotate as rotate_keys
from cs_console.desk import Desk, operator_session
from cs_console.local_time import day_with_year
from cs_console.settings import Settings
from cs_console.tickets.search.index import index_all
from models.desk_identity import DeskIdentity

GIVEN_UP = (
    "The old key-encryption key was removed here. Destroy every copy of it: then older backups of the keyring "
    "cannot be opened."
)

app = typer.Typer(help="The keyring: status, rotation of the key that wraps it.", no_args_is_help=True)


@app.callback()
def keys() -> None:
    """The keyring and the key that wraps it."""


@app.command()
def status(as_json: Json = False, home: Home = None) -> None:
    """Show the number of keys per epoch, what wraps them, and what old backups of the keyring can still open.

    Exit 1 when the keyring is another desk's, or when the next rotation is overdue.
    """
    with desk(home) as opened:
        settings = opened.settings
        belongs = keyring_belongs(opened)
        found = key_status(opened)
    key_file = None if settings.key_command else str(settings.key_path)
    to_finish = how_to_finish(found, settings) if found.unfinished else ""
    if as_json:
        print_json(
            {
                "ok": belongs and not found.overdue,
                "key_file": key_file,
                "key_command": key_file is None,
                "epochs": {str(epoch): count for epoch, count in found.by_epoch.items()},
                "epoch": found.epoch,
                "rotated_at": found.rotated_at and found.rotated_at.isoformat(),
                "erased": found.erased,
                "due": found.due and found.due.isoformat(),
                "overdue": found.overdue,
                "unfinished": found.unfinished,
                "to_finish": to_finish,
                "index": {"generation": found.index.generation, "renewing": not found.index.settled},
            }
        )
    else:
        for epoch, count in found.by_epoch.items():
            print(f"epoch {epoch}: {count} keys")
        print(f"wrapped by: {key_file or 'the key that CS_CONSOLE_KEY_COMMAND prints'}")
        print(f"last rotated: {day_with_year(found.rotated_at) if found.rotated_at else 'never'}")
        print(window(found))
        print(index_words(found))
        if to_finish:
            print(to_finish)
        print("this desk's keyring" if belongs else "another desk's keyring: it cannot open this desk's data")
    if not belongs or found.overdue:
        raise typer.Exit(1)


@app.command()
def rotate(as_json: Json = False, home: Home = None) -> None:
    """Wrap every key with a new key-encryption key and drop the old one, or finish an interrupted rotation.

    Consoles may stay open. Exit 1 when a setting has to be changed before the old key can be dropped.
    """
    with desk(home) as opened:
        with progress_bar("Wrapping keys") as shown:
            done = rotate_keys(operator_session(opened), shown.progress, partial(index_all, progress=shown.progress))
        found, settings = key_status(opened), opened.settings
    to_finish = "" if done.finished else how_to_finish(found, settings)
    if as_json:
        print_json(
            {"ok": done.finished, "epoch": done.epoch, "rewrapped": done.rewrapped, "to_finish": to_finish},
        )
    else:
        print(f"epoch {done.epoch}: {done.rewrapped} keys wrapped again")
        print(to_finish or GIVEN_UP)
    if not done.finished:
        raise typer.Exit(1)
    kept = "" if settings.key_command else f", and a separate copy of {settings.key_path}"
    print(f"Make a new backup of the keyring{kept}.", file=sys.stderr)


def window(found: KeyStatus) -> str:
    """What old backups of the keyring can open, and until when."""
    if not found.erased or found.due is None:
        return "Old backups of the keyring cannot open any erased key."
    what = f"{found.erased} erased {'key' if found.erased == 1 else 'keys'}"
    if found.overdue:
        return (
            f"Old backups of the keyring can open {what}. A rotation was due by {day_with_year(found.due)}: "
            "run `cs-console keys rotate`."
        )
    return f"Old backups of the keyring can open {what} until the next rotation, due by {day_with_year(found.due)}."


def index_words(found: KeyStatus) -> str:
    """What old backups of the data reveal with the current look-up keys."""
    if not found.index.settled:
        done = 100 * found.index.position // SETTLED
        return f"Look-up keys of generation {found.index.generation} are being renewed: {done}% done."
    return (
        f"Look-up keys of generation {found.index.generation}: until the next rotation they reveal, for a backup of "
        "the data made since the last rotation, whether a guessed phone number or address is in it."
    )


def how_to_finish(found: KeyStatus, settings: Settings) -> str:
    """What an unfinished rotation still needs."""
    again = "run `cs-console keys rotate` again"
    if found.to_rewrap:
        left = f"{found.to_rewrap} {'key' if found.to_rewrap == 1 else 'keys'}"
        return f"The rotation to epoch {found.epoch} was interrupted with {left} to go. To finish, {again}."
    if settings.next_key_command:
        return (
            f"All keys are of epoch {found.epoch}. To finish, set CS_CONSOLE_KEY_COMMAND on every console to the "
            f"value of CS_CONSOLE_NEXT_KEY_COMMAND, remove the latter, and {again}. "
            "Then destroy the old key wherever it is stored."
        )
    return f"All keys are of epoch {found.epoch}. To finish, {again}."


def keyring_belongs(opened: Desk) -> bool:
    """Whether the keyring belongs to this database and the wrapping key opens it."""
    with opened.database.reading() as db:
        desk_id = db.exec(select(col(DeskIdentity.id))).first()
    return desk_id is not None and opened.keyring.belongs_to(desk_id)

"""`cs-console keys ...`: the keyring and the key that wraps it."""

import typer
from sqlmodel import col, select

from cs_console.commands.context import Home, Json, office, print_json
from cs_console.desk import Office
from models.desk_identity import DeskIdentity

app = typer.Typer(help="The keyring: status.", no_args_is_help=True)


@app.callback()
def keys() -> None:
    """The keyring and the key that wraps it."""


@app.command()
def status(as_json: Json = False, home: Home = None) -> None:
    """How many keys there are, of which epoch, and what wraps them. Exit 1 when the keyring is another desk's."""
    with office(home) as opened:
        settings = opened.settings
        belongs = keyring_belongs(opened)
        epochs = opened.keyring.epochs()
        key_file = None if settings.key_command else str(settings.key_path)
    if as_json:
        by_epoch = {str(epoch): count for epoch, count in epochs.items()}
        print_json({"ok": belongs, "key_file": key_file, "key_command": key_file is None, "epochs": by_epoch})
    else:
        for epoch, count in epochs.items():
            print(f"epoch {epoch}: {count} keys")
        print(f"wrapped by: {key_file or 'the key that CS_CONSOLE_KEY_COMMAND prints'}")
        print("this desk's keyring" if belongs else "another desk's keyring: nothing here can be opened with it")
    if not belongs:
        raise typer.Exit(1)


def keyring_belongs(opened: Office) -> bool:
    """Whether the keyring was made for this database and the wrapping key opens it."""
    with opened.database.reading() as session:
        desk_id = session.exec(select(col(DeskIdentity.id))).first()
    return desk_id is not None and opened.keyring.belongs_to(desk_id)

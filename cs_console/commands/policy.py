"""`cs-console policy ...`: list, show, check and compare policies, and adopt one for the desk."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cs_console.adoption.adopting import ShelvedPack, adopt, shelved
from cs_console.adoption.pack_check import check_pack
from cs_console.commands.context import Home, Json, desk, errors_end_command, print_json
from cs_console.desk import operator_session
from cs_console.errors import BadPack, NoDesk, UnknownPack
from cs_console.local_time import sortable
from cs_console.opening import open_desk
from cs_console.plain_text import sentence_line
from cs_console.policy.differences import differences
from cs_console.policy.in_words import pack_lines
from cs_console.policy.loader import SHIPPED, PackShelf, load_pack
from cs_console.policy.schema import Pack
from cs_console.settings import Settings, load

GONE = "its file is missing"
app = typer.Typer(no_args_is_help=True, help="Policy packs: privacy policies as data.")

NameOrFile = Annotated[str, typer.Argument(help="A pack's name, or its TOML file.", show_default=False)]


@app.command("list")
def list_packs(home: Home = None, as_json: Json = False) -> None:
    """List the desk's packs: which one is current, when each was adopted, how many open tickets each has."""
    with errors_end_command():
        settings = load(home)
        shelf = PackShelf(settings)
        if settings.pack:
            shelf.path(settings.pack)  # the desk cannot work under a pack that is missing
        packs = _on_the_shelf(settings)
        unusable = {one.name: _unusable(shelf, one.name) for one in packs}
    if as_json:
        print_json(
            {
                "packs": [one.name for one in packs],
                "current": next((one.name for one in packs if one.current), ""),
                "adopted": {one.name: one.adopted_at.isoformat() for one in packs if one.adopted_at},
                "open_tickets": {one.name: one.open_tickets for one in packs},
                "unusable": [name for name in unusable if unusable[name]],
            }
        )
        return
    for one in packs:
        print(sentence_line(_pack_line(one, unusable[one.name])))


@app.command()
def show(
    pack: Annotated[str, typer.Argument(help="A pack's name. Default: the current pack.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show in words what a pack says."""
    with errors_end_command():
        found = _named(load(home), pack)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print("\n".join(pack_lines(found)))


@app.command()
def check(pack: NameOrFile, home: Home = None, as_json: Json = False) -> None:
    """List the problems of a pack's file, one per line. Exit 0 without problems, 1 with some, 2 without such a pack."""
    with errors_end_command():
        file = _file_of(load(home), pack)
    try:
        problems = check_pack(file)
    except OSError as problem:
        typer.echo(sentence_line(f"cs-console: {file} cannot be read: {problem.strerror}."), err=True)
        raise typer.Exit(2) from None
    if as_json:
        found = [{"line": one.line, "key": one.key, "message": one.message} for one in problems]
        print_json({"ok": not problems, "problems": found})
    else:
        for one in problems:
            print(sentence_line(one.told_of(file)))
        if not problems:
            print(sentence_line(f"{file}: no problems found"))
    if problems:
        raise typer.Exit(1)


@app.command()
def diff(old: NameOrFile, new: NameOrFile, home: Home = None, as_json: Json = False) -> None:
    """Compare two packs key by key. Exit 0 if they are the same, 1 if they differ."""
    with errors_end_command(), _problems_told():
        settings = load(home)
        found = differences(_named(settings, old), _named(settings, new))
    if as_json:
        print_json({"same": not found, "differences": [vars(one) for one in found]})
    else:
        for one in found:
            print(one.key)
            if one.old is not None:
                print(f"  - {one.old.rstrip()}".replace("\n", "\n    "))
            if one.new is not None:
                print(f"  + {one.new.rstrip()}".replace("\n", "\n    "))
        if not found:
            print("The two packs are the same.")
    if found:
        raise typer.Exit(1)


@app.command("adopt")
def adopt_pack(
    name: Annotated[str, typer.Argument(help="A pack's name.", show_default=False)],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Adopt a pack, on record: new tickets are opened under it, open tickets keep theirs."""
    with desk(home) as opened, _problems_told():
        done = adopt(operator_session(opened), name)
    if as_json:
        print_json(vars(done))
    else:
        print(f"{done.name} was adopted." if done.new else f"{done.name} is already adopted. Nothing was changed.")
    if done.overruled_by:
        typer.echo(
            f"cs-console: the setting `pack` names {done.overruled_by}: new tickets use that pack until the setting is "
            "removed.",
            err=True,
        )


def _on_the_shelf(settings: Settings) -> tuple[ShelvedPack, ...]:
    try:
        opened = open_desk(settings)
    except NoDesk:
        shelf = PackShelf(settings)
        return tuple(ShelvedPack(name, name == shelf.name, None, 0, 0) for name in shelf.names())
    try:
        return shelved(opened)
    finally:
        opened.close()


def _unusable(shelf: PackShelf, name: str) -> str:
    """Why the pack cannot be used; empty if it can. Packs that come with the console are not tested each time."""
    try:
        file = shelf.path(name)
        wrong = file.parent != SHIPPED and check_pack(file)
        return f"cannot be used: see `cs-console policy check {name}`" if wrong else ""
    except (UnknownPack, OSError):
        return GONE


def _pack_line(one: ShelvedPack, unusable: str) -> str:
    words = [unusable] if unusable else []
    words += ["current"] if one.current else []
    if one.adopted_at:
        words.append(f"adopted {sortable(one.adopted_at)}")
    if one.open_tickets:
        words.append(f"{one.open_tickets} open {'ticket' if one.open_tickets == 1 else 'tickets'}")
    if one.changed and unusable != GONE:
        words.append(f"its file has changed since {one.changed} of them were opened")
    return f"{one.name}  ({', '.join(words)})" if words else one.name


def _named(settings: Settings, name_or_file: str) -> Pack:
    """The pack with that name or file, or the current one without a name. Raises UnknownPack, BadPack."""
    if _is_file(name_or_file):
        return load_pack(Path(name_or_file))
    name = name_or_file or next(one.name for one in _on_the_shelf(settings) if one.current)
    return PackShelf(settings).get(name)


def _file_of(settings: Settings, name_or_file: str) -> Path:
    """The file of the pack with that name, or the file itself. Raises UnknownPack."""
    return Path(name_or_file) if _is_file(name_or_file) else PackShelf(settings).path(name_or_file)


def _is_file(name_or_file: str) -> bool:
    return name_or_file.endswith(".toml") or Path(name_or_file).name != name_or_file


@contextmanager
def _problems_told() -> Iterator[None]:
    """Print each problem of an unusable pack on a line of its own before the error."""
    try:
        yield
    except BadPack as error:
        for problem in error.problems:
            typer.echo(sentence_line(problem), err=True)
        raise

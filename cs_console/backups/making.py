"""Making a backup: one whole file, made while consoles work, readable by its owner alone."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.database import LOCK_WAIT_SECONDS, Database
from cs_console.desk import DeskSession
from cs_console.errors import BadInput, NotADatabase
from cs_console.store_errors import store_error
from models.enums import Action

FILE_MODE = 0o600


class Store(StrEnum):
    """What is backed up: the data, or the keys that open it. Together in one place they protect nothing."""

    DATABASE = "database"
    KEYRING = "keyring"


@dataclass(frozen=True)
class Backup:
    """A backup that was made and checked. `size` is in bytes."""

    file: Path
    store: Store
    size: int


def back_up(session: DeskSession, target: Path, store: Store) -> Backup:
    """Copy one store of the desk, as it is at one moment, into a new file; this is recorded before it starts.

    The file appears under its name once it is whole and on disk. For the operator alone. Raises NotAllowed, BadInput
    for a file that exists or cannot be written and for a store on a server (which has tools of its own), NotADatabase,
    StoreUnavailable.
    """
    with session.reading(operator=True):
        pass  # before anything is written
    settings = session.desk.settings
    url = settings.database if store is Store.DATABASE else settings.keyring
    source = Database(url).file
    if source is None:
        raise BadInput(
            f"The {store.value} is on a PostgreSQL server.",
            "Use pg_dump --format=custom, and after pg_restore `cs-console restore --finish`.",
        )
    part = target.with_name(target.name + ".part")
    with _written_to(target):
        if target.exists():
            raise BadInput(f"{target} already exists.", "Name a new file: a backup never overwrites one.")
        begin(part)
    try:
        with _written_to(target):
            # not before a file could be begun: the entry says that a backup was made
            with session.work(operator=True) as db:
                record(db, session, Entry(Action.BACKUP_MADE, reason=store.value))
            copy_sqlite(source, part)
            require_whole(part)
            part.replace(target)
            sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return Backup(target, store, target.stat().st_size)


@contextmanager
def _written_to(target: Path) -> Iterator[None]:
    """What the system says against it is raised as the BadInput that says it of this file."""
    try:
        yield
    except OSError as problem:
        raise BadInput(f"{target} cannot be written: {problem.strerror}.", "Choose another file.") from None


def begin(file: Path) -> None:
    """An empty file, its owner's alone, in place of what a crash left there. Raises OSError."""
    with suppress(FileNotFoundError):
        file.unlink()
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))


def copy_sqlite(source: Path, target: Path) -> None:
    """A copy of a SQLite store in a file that was begun for it, on disk. Raises OSError and StoreUnavailable."""
    try:
        with (
            closing(
                sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=LOCK_WAIT_SECONDS)
            ) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")  # nothing beside the file belongs to it
    except sqlite3.Error as problem:
        raise store_error(problem) from None
    handle = os.open(target, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def require_whole(file: Path) -> None:
    """Read every page of a backup. Raises NotADatabase for one that is cut, damaged or something else."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as opened:
            answer = opened.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error:
        answer = None
    if answer is None or answer[0] != "ok":
        raise NotADatabase(f"{file} is damaged, incomplete or not a backup.", "Nothing was changed; use another one.")


def sync_folder(folder: Path) -> None:
    """Make a new name in the folder outlast a power cut. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

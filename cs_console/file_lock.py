"""A lock among the processes of one host: it ends with the process that holds it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


class LockHeld(Exception):
    """Another process holds the lock and did not release it in time."""


@contextmanager
def file_lock(file: Path, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the lock of an empty SQLite file: it works wherever the stores do.

    The file is its owner's alone and stays. Raises LockHeld after the wait, OSError where it cannot be made.
    """
    file.touch(mode=0o600)
    try:
        connection = sqlite3.connect(file, timeout=wait_seconds, isolation_level=None)
    except sqlite3.Error as problem:
        raise OSError(None, str(problem), str(file)) from None
    with closing(connection):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise OSError(None, str(problem), str(file)) from None
            raise LockHeld from None
        yield

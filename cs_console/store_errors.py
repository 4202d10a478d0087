"""What a store's errors mean to a person: one sentence each, never the statement or its values."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cs_console.errors import NotADatabase, StoreBusy, StoreFull, StoreUnavailable, StoreUnreachable

_NOT_ENCRYPTED_AS_ASKED = (
    "ssl was required",
    "certificate verify failed",
    "server certificate",
    "root certificate",
    "sslmode",
    "ssl error: tlsv1 alert",
)
"""What the driver says when it refused to go on without the TLS that the URL demands."""
_REFUSALS = frozenset({"22", "23", "42", "P0"})
"""Classes of SQLSTATE: data, constraints, access and syntax, and what a trigger raises."""
WRAPPED_ERRORS = (DBAPIError, PoolTimeout)
"""What is raised for a store that says no: the driver's error as SQLAlchemy wraps it, or its pool's own."""


def store_error(problem: Exception) -> StoreUnavailable:
    """The sentence for a driver's error. It never repeats the statement or its values."""
    cause = problem.orig if isinstance(problem, DBAPIError) else problem
    state = getattr(cause, "sqlstate", None)
    on_file = isinstance(cause, sqlite3.Error)
    words = str(cause).lower() if on_file else ""  # a server's words can hold values, and say everything by number
    if not (on_file or state) and any(sign in str(cause).lower() for sign in _NOT_ENCRYPTED_AS_ASKED):
        return StoreUnavailable(
            "The database server does not offer the required encrypted connection.",
            "Nothing was sent to it; check sslmode and sslrootcert in the URL, and the server's certificate.",
        )
    if "locked" in words or state in {"55P03", "57014", "40P01"} or isinstance(cause, PoolTimeout):
        return StoreBusy("The database is busy.", "Nothing was changed. Try again in a moment.")
    if "full" in words or "no space" in words or state == "53100":
        return StoreFull("The disk is full.", "Nothing was changed; free some space, then try again.")
    if "not a database" in words or "malformed" in words:
        return NotADatabase(
            "The database file is damaged or is not a database.",
            "Nothing was changed; check the path or restore a backup.",
        )
    if "readonly" in words or "read-only" in words or state == "25006":
        return StoreUnavailable(
            "The database is read-only.",
            "Nothing was changed; check the file's and folder's permissions.",
        )
    if "unable to open" in words:
        return StoreUnreachable(
            "The database cannot be opened.", "Check that the folder exists and that you may write there."
        )
    if state == "42501":
        return StoreUnavailable(
            "The database account lacks the rights for this.",
            "Nothing was changed. `cs-console init --print-roles` prints the rights that each role needs.",
        )
    if isinstance(cause, sqlite3.IntegrityError) or "no such table" in words or (state or "")[:2] in _REFUSALS:
        return StoreUnavailable("The database refused the operation.", "Nothing was changed; tell an admin.")
    return StoreUnreachable(
        "The database cannot be reached.", "Nothing was changed; check that it runs, then try again."
    )


@contextmanager
def store_errors() -> Iterator[None]:
    """What a driver raises in here is raised as the StoreUnavailable that says it."""
    try:
        yield
    except WRAPPED_ERRORS as problem:
        raise store_error(problem) from None

"""What every table has in common, and indexes of some of a table's rows."""

from sqlalchemy import Index, text
from sqlmodel import SQLModel


class Table(SQLModel, defer_build=True):
    """A model that is a table. It is filled as it is, so no validator is made of it until one is asked for."""


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows for which `where` is true.

    The migrations make it, on both engines. Here the condition is said in SQLite's option alone: to name PostgreSQL's
    would import that engine's dialect, 2 MiB, into every console on SQLite.
    """
    return Index(name, *columns, unique=unique, sqlite_where=text(where))

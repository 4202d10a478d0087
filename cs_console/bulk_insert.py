"""Fast inserts for intake, which stores several rows for each of thousands of messages."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum

from sqlalchemy import bindparam, insert, inspect
from sqlmodel import Session, SQLModel

from cs_console.prepared import Prepared
from models.columns import microseconds

Insert = Callable[[Session, Mapping[str, object]], None]


def insert_into(table: type[SQLModel]) -> Insert:
    """What inserts one row into this table, in the session's transaction; columns that are not given are NULL."""
    columns = [column.name for column in inspect(table).columns if column.computed is None]
    statement = Prepared(insert(table).values({name: bindparam(name) for name in columns}))

    def add(db: Session, values: Mapping[str, object]) -> None:
        statement.run(db.connection(), {name: _as_stored(value) for name, value in values.items()})

    return add


def _as_stored(value: object) -> object:
    """The driver's form: microseconds for moments, plain words and numbers for enums."""
    if isinstance(value, datetime):
        return microseconds(value)
    return value.value if isinstance(value, Enum) else value

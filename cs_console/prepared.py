"""Statements compiled once and handed straight to the driver, where every tenth of a millisecond counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql import ClauseElement

from cs_console.database import store_error


@dataclass(frozen=True, slots=True)
class _Compiled:
    text: str
    order: tuple[str, ...] | None
    given: dict[str, Any]


class Prepared:
    """One statement, for any engine of ours. It runs in the transaction of the connection it is given.

    Values go in, and rows come out, as the driver has them: moments are microseconds (models.columns), words are
    plain strings. What the driver refuses is raised as StoreUnavailable or a kind of it.
    """

    __slots__ = ("_compiled", "_statement")

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def first(self, connection: Connection, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row, None where there is none."""
        cursor = self._run(connection, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        cursor.close()
        return row

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """For statements that return nothing: how many rows were written."""
        cursor = self._run(connection, values)
        written: int = cursor.rowcount
        cursor.close()
        return written

    def _run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name) or self._compile(connection)
        filled = {**compiled.given, **values}
        driver = connection.connection.driver_connection
        assert driver is not None  # a checked-out connection has one
        cursor = driver.cursor()
        try:
            cursor.execute(
                compiled.text, filled if compiled.order is None else [filled[name] for name in compiled.order]
            )
        except dialect.loaded_dbapi.Error as problem:
            raise store_error(problem) from None
        return cursor

    def _compile(self, connection: Connection) -> _Compiled:
        made = self._statement.compile(dialect=connection.dialect)
        order = getattr(made, "positiontup", None)
        compiled = _Compiled(str(made), None if order is None else tuple(order), dict(made.params))
        self._compiled[connection.dialect.name] = compiled
        return compiled

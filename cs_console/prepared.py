"""Statements compiled once and handed straight to the driver, where every tenth of a millisecond counts."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql import ClauseElement

from cs_console.database import Transaction
from cs_console.store_errors import store_error

if TYPE_CHECKING:
    from cs_console.server_line import Statement

_Answer = TypeVar("_Answer")
Row = tuple[Any, ...]


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

    __slots__ = ("_compiled", "_line", "_statement")

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}
        self._line: Statement | None = None

    def first(self, transaction: Transaction, values: Mapping[str, Any]) -> Row | None:
        """The first row, None where there is none."""
        return first_rows(transaction, (self, values))[0]

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[Row]:
        """Every row."""
        return _together(connection, [(self, values)], lambda cursor: list(cursor.fetchall()))[0]

    def run(self, transaction: Transaction, values: Mapping[str, Any]) -> int:
        """For statements that return nothing: how many rows were written."""
        return rows_written(transaction, (self, values))[0]

    def begin(self, cursor: Any, connection: Connection, values: Mapping[str, Any]) -> None:
        """Hand the statement to the driver. Raises what the driver raises."""
        name = connection.dialect.name
        compiled = self._compiled.get(name) or self._compile(name, connection.dialect)
        filled = {**compiled.given, **values}
        cursor.execute(compiled.text, filled if compiled.order is None else [filled[name] for name in compiled.order])

    def on_the_line(self, values: Mapping[str, Any]) -> "Statement":
        """The statement as a ServerLine takes it. Without values it is the one that all share: fill in a copy."""
        if self._line is None:
            self._line = _numbered(self._statement)
        if not values:
            return self._line
        made = self._line.copy()
        made.fill(values)
        return made

    def _compile(self, name: str, dialect: Dialect) -> _Compiled:
        made = self._statement.compile(dialect=dialect)
        order = getattr(made, "positiontup", None)
        compiled = _Compiled(str(made), None if order is None else tuple(order), dict(made.params))
        self._compiled[name] = compiled
        return compiled


Step = tuple[Prepared, Mapping[str, Any]]
"""A statement and its values."""


def first_rows(transaction: Transaction, *steps: Step) -> list[Row | None]:
    """The first row of each statement, run in this order, None where there is none."""
    if isinstance(transaction, Connection):
        return _together(transaction, steps, lambda cursor: cursor.fetchone())
    return transaction.first_rows(*[step.on_the_line(values) for step, values in steps])


def rows_written(transaction: Transaction, *steps: Step) -> list[int]:
    """How many rows each of these statements wrote, run in this order."""
    if isinstance(transaction, Connection):
        return _together(transaction, steps, lambda cursor: int(cursor.rowcount))
    return transaction.rows_written(*[step.on_the_line(values) for step, values in steps])


def _numbered(statement: ClauseElement) -> "Statement":
    """The statement with its values numbered ($1), as PostgreSQL's own protocol has them."""
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg  # only where there is a server

    from cs_console.server_line import Statement

    dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # its base is untyped
    made = statement.compile(dialect=dialect)
    names = tuple(getattr(made, "positiontup", None) or ())
    return Statement(str(made), *[made.params[name] for name in names], names=names)


def _together(connection: Connection, steps: Sequence[Step], answer: Callable[[Any], _Answer]) -> list[_Answer]:
    """Run the steps in order; a server gets them all in one round trip, because its way is what costs most."""
    driver = connection.connection.driver_connection
    assert driver is not None  # a checked-out connection has one
    try:
        if connection.dialect.name != "postgresql":
            answers = []
            for step, values in steps:
                # one that a failure left open would hold the connection to what the store was then
                with closing(driver.cursor()) as cursor:
                    step.begin(cursor, connection, values)
                    answers.append(answer(cursor))
            return answers
        cursors = [driver.cursor() for _ in steps]
        with driver.pipeline():
            for cursor, (step, values) in zip(cursors, steps, strict=True):
                step.begin(cursor, connection, values)
        return [answer(cursor) for cursor in cursors]
    except connection.dialect.loaded_dbapi.Error as problem:
        raise store_error(problem) from None

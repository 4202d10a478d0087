"""Statements compiled once and handed straight to the driver, where every tenth of a millisecond counts."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from cs_console.store_errors import store_error

_Answer = TypeVar("_Answer")
Row = tuple[Any, ...]
_NOTHING_BEGUN = 0
"""What libpq says of a connection without a transaction (PQTRANS_IDLE): its next statement begins one."""


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

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Row | None:
        """The first row, None where there is none."""
        return first_rows(connection, (self, values))[0]

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[Row]:
        """Every row."""
        return all_rows(connection, (self, values))[0]

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """For statements that return nothing: how many rows were written."""
        return rows_written(connection, (self, values))[0]

    def run_all(self, connection: Connection, many: Sequence[Mapping[str, Any]]) -> None:
        """The same once for each of these values, in few round trips."""
        compiled = self._compiled_for(connection)
        order = compiled.order
        self._run_many(connection, many if order is None else [[values[name] for name in order] for values in many])

    def run_rows(self, connection: Connection, rows: Sequence[Row]) -> None:
        """The same for values in the order in which the statement names them, on an engine that goes by that order."""
        assert self._compiled_for(connection).order is not None
        self._run_many(connection, rows)

    def _run_many(self, connection: Connection, many: Sequence[Any]) -> None:
        if not many:
            return
        driver = connection.connection.driver_connection
        assert driver is not None  # a checked-out connection has one
        try:
            with closing(driver.cursor()) as cursor:
                cursor.executemany(self._compiled_for(connection).text, many)
        except connection.dialect.loaded_dbapi.Error as problem:
            raise store_error(problem) from None

    def _compiled_for(self, connection: Connection) -> _Compiled:
        name = connection.dialect.name
        return self._compiled.get(name) or self._compile(name, connection.dialect)

    def begin(self, cursor: Any, connection: Connection, values: Mapping[str, Any]) -> None:
        """Hand the statement to the driver. Raises what the driver raises."""
        compiled = self._compiled_for(connection)
        filled = {**compiled.given, **values}
        cursor.execute(compiled.text, filled if compiled.order is None else [filled[name] for name in compiled.order])

    def _compile(self, name: str, dialect: Dialect) -> _Compiled:
        made = self._statement.compile(dialect=dialect)
        assert isinstance(made, SQLCompiler)  # a table is made elsewhere
        plain = made.construct_expanded_state(dict(made.params))  # a list that a column is held against is written out
        order = None if plain.positiontup is None else tuple(plain.positiontup)
        compiled = _Compiled(plain.statement, order, dict(plain.parameters))
        self._compiled[name] = compiled
        return compiled


Step = tuple[Prepared, Mapping[str, Any]]
"""A statement and its values."""

READING = "reading"
"""The execution option of a connection that only reads; what it says tells how (`database`)."""

_Key = tuple[Prepared, tuple[tuple[str, Any], ...]]
_asked_ahead: WeakKeyDictionary[Connection, dict[_Key, list[Row]]] = WeakKeyDictionary()


def ask_ahead(connection: Connection, *steps: Step) -> None:
    """Ask in one round trip what is going to be asked one by one: each of these has its answer here already then.

    Only for a connection that reads one state of the store from its first question to its last, where it makes no
    difference when something is asked. A file is not asked, since there is no way to it that could be saved.
    """
    assert connection.get_execution_options().get(READING) is True
    if connection.dialect.name == "postgresql":
        answers = all_rows(connection, *steps)
        _asked_ahead.setdefault(connection, {}).update(zip(map(_key, steps), answers, strict=True))


def _key(step: Step) -> _Key:
    return step[0], tuple(sorted(step[1].items()))


def first_rows(connection: Connection, *steps: Step) -> list[Row | None]:
    """The first row of each statement, run in this order, None where there is none."""
    known = _known(connection, steps)
    if known is not None:
        return [rows[0] if rows else None for rows in known]
    return _together(connection, steps, lambda cursor: cursor.fetchone() if _has_rows(cursor) else None)


def all_rows(connection: Connection, *steps: Step) -> list[list[Row]]:
    """Every row of each statement, run in this order."""
    known = _known(connection, steps)
    if known is not None:
        return known
    return _together(connection, steps, lambda cursor: list(cursor.fetchall()) if _has_rows(cursor) else [])


def _known(connection: Connection, steps: Sequence[Step]) -> list[list[Row]] | None:
    """The answers to all of these, if they were asked ahead."""
    ahead = _asked_ahead.get(connection)
    if not ahead:
        return None
    found = [ahead.get(_key(step)) for step in steps]
    return [rows for rows in found if rows is not None] if None not in found else None


def rows_written(connection: Connection, *steps: Step) -> list[int]:
    """How many rows each of these statements wrote, run in this order."""
    return _together(connection, steps, lambda cursor: int(cursor.rowcount))


def _has_rows(cursor: Any) -> bool:
    """Whether its statement answers with rows, if only with none."""
    # psycopg would make the description of every column each time
    return (cursor.rownumber if hasattr(cursor, "rownumber") else cursor.description) is not None


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
        if len(steps) == 1 and driver.pgconn.transaction_status != _NOTHING_BEGUN:
            steps[0][0].begin(cursors[0], connection, steps[0][1])  # a pipeline would take longer than it saves
            return [answer(cursors[0])]
        with driver.pipeline():
            for cursor, (step, values) in zip(cursors, steps, strict=True):
                step.begin(cursor, connection, values)
        return [answer(cursor) for cursor in cursors]
    except connection.dialect.loaded_dbapi.Error as problem:
        raise store_error(problem) from None

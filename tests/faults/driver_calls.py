"""Something happens at the n-th thing that a reveal asks of its database driver: before it is done, or just after."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Engine, event

_T = TypeVar("_T")
Strike = Callable[[Any], None]
"""What happens: it gets the driver's connection, and may raise what the driver would."""


@dataclass
class Trap:
    """Springs once, at call number `at`."""

    at: int
    after: bool
    strike: Strike
    calls: int = 0
    struck: bool = False

    def around(self, connection: Any, call: Callable[[], _T]) -> _T:
        self.calls += 1
        mine = self.calls == self.at
        if mine and not self.after:
            self._spring(connection)
        answer = call()
        if mine and self.after:
            self._spring(connection)
        return answer

    def _spring(self, connection: Any) -> None:
        self.struck = True
        self.strike(connection)


_trap: Trap | None = None


def _around(connection: Any, call: Callable[[], _T]) -> _T:
    return call() if _trap is None else _trap.around(connection, call)


class _SqliteCursor(sqlite3.Cursor):
    def execute(self, *asked: Any) -> "_SqliteCursor":
        _around(self.connection, lambda: super(_SqliteCursor, self).execute(*asked))
        return self


class _SqliteConnection(sqlite3.Connection):
    def cursor(self, *_about: Any) -> Any:
        return super().cursor(_SqliteCursor)

    def commit(self) -> None:
        _around(self, super().commit)


class _ServerCursor(psycopg.Cursor[Any]):
    def execute(self, *asked: Any, **how: Any) -> "_ServerCursor":
        _around(self.connection, lambda: super(_ServerCursor, self).execute(*asked, **how))
        return self


class _ServerConnection(psycopg.Connection[Any]):
    def commit(self) -> None:
        _around(self, super().commit)


def watch(engine: Engine) -> None:
    """Connections that this engine makes from now on can be trapped."""

    def connect(dialect: Any, _record: object, given: Any, named: dict[str, Any]) -> Any:
        if dialect.name == "sqlite":
            named["factory"] = _SqliteConnection
            return None
        return _ServerConnection.connect(*given, **named, cursor_factory=_ServerCursor)

    event.listen(engine, "do_connect", connect)
    engine.dispose()


@contextmanager
def trapped(trap: Trap) -> Iterator[None]:
    """The trap is set for as long as the context lasts."""
    global _trap
    _trap = trap
    try:
        yield
    finally:
        _trap = None

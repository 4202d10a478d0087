"""A line of its own to a PostgreSQL server, for acts that every agent waits for: few round trips, little around them.

It speaks libpq's pipeline directly. What a transaction writes last travels with its COMMIT, and the disk is waited for
only after the commit gave its locks back: the log's head is free again while the entry is being made durable.
"""

import selectors
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from threading import Lock
from typing import Any, cast

import psycopg
from psycopg import errors, pq
from sqlalchemy import PoolProxiedConnection

Row = tuple[Any, ...]
Statement = tuple[str, Sequence[object]]
"""SQL with its values numbered ($1), and the values."""

ANSWER_SECONDS = 40
"""Longer than the server's own statement time-out: who says nothing for so long is gone."""

_BEGIN: Statement = ("BEGIN", ())
_COMMIT: Statement = ("COMMIT", ())
_ROLLBACK: Statement = ("ROLLBACK", ())
_ANSWER_EARLY: Statement = ("SET synchronous_commit TO off", ())
_FLUSH: Statement = (
    "SELECT set_config('synchronous_commit', 'on', true), pg_logical_emit_message(true, 'cs-console', '')",
    (),
)
"""A transaction that writes nothing but its place in the server's journal: when it is durable, all before it is."""

_READ: dict[int, Callable[[bytes], Any]] = {
    16: lambda sent: sent == b"\x01",
    17: bytes,
    20: lambda sent: int.from_bytes(sent, "big", signed=True),
    23: lambda sent: int.from_bytes(sent, "big", signed=True),
    25: lambda sent: sent.decode(),
    1043: lambda sent: sent.decode(),
}
"""By the server's number of a type: boolean, bytea, bigint, integer, text, varchar; each in its binary form."""


class ServerLine:
    """One connection, opened when it is first needed and after every fault, used by one transaction at a time."""

    def __init__(self, connect: Callable[[], PoolProxiedConnection]) -> None:
        self._connect = connect
        self._one_at_a_time = Lock()
        self._wire: Wire | None = None

    @contextmanager
    def transaction(self) -> Iterator["LineTransaction"]:
        """Committed at the end, and durable then; rolled back on any error. Raises what the driver raises."""
        with self._one_at_a_time:
            transaction = LineTransaction(self._open)
            try:
                yield transaction
                transaction.commit()
            except BaseException:
                self._give_up(transaction)
                raise

    def close(self) -> None:
        """Hang up."""
        with self._one_at_a_time:
            self._hang_up()

    def _open(self) -> "Wire":
        if self._wire is not None and not self._wire.in_order:
            self._hang_up()
        if self._wire is None:
            self._wire = Wire(self._connect())
        return self._wire

    def _give_up(self, transaction: "LineTransaction") -> None:
        try:
            if self._wire is not None and self._wire.in_order:
                transaction.roll_back()
        except psycopg.Error:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._wire is not None:
            with suppress(psycopg.Error, OSError):
                self._wire.close()
            self._wire = None


class LineTransaction:
    """One transaction on the line. It begins with its first question."""

    def __init__(self, wire: Callable[[], "Wire"]) -> None:
        self._open = wire
        self._wire: Wire | None = None
        self._last: Statement | None = None
        self._otherwise: Exception | None = None

    def ask(self, *statements: Statement) -> list["Answer"]:
        """Run the statements in their order, in one round trip."""
        if self._wire is not None:
            return self._wire.run(statements)
        try:
            return self._begin(statements)
        except psycopg.OperationalError:
            if self._wire is None or self._wire.in_order:
                raise
            return self._begin(statements)  # the server had hung up since the last time; nothing was done yet

    def leave_for_commit(self, statement: Statement, otherwise: Exception) -> None:
        """Run this with the commit. It divides by zero where it does not write what it should: then nothing of the
        transaction is kept, and `otherwise` is raised. So it is where a rule of somebody's rewrites it.
        """
        self._last, self._otherwise = statement, otherwise

    def commit(self) -> None:
        """Send what was left for it, commit, and wait until that is durable."""
        if self._wire is None:
            return
        closing = (_COMMIT,) if self._last is None else (self._last, _COMMIT)
        try:
            answers = self._wire.run((*closing, _FLUSH) if self._wire.answers_early else closing)
        except (errors.DivisionByZero, errors.FeatureNotSupported):
            if self._otherwise is None:
                raise
            raise self._otherwise from None
        if answers[len(closing) - 1].said != b"COMMIT":
            raise psycopg.OperationalError("the server did not commit")

    def roll_back(self) -> None:
        """Undo what was begun; the line can be used again."""
        if self._wire is not None:
            self._wire.run((_ROLLBACK,))

    def _begin(self, statements: Sequence[Statement]) -> list["Answer"]:
        self._wire = self._open()
        return self._wire.run((_BEGIN, *statements))[1:]


class Answer:
    """What the server answered to one statement."""

    __slots__ = ("_result",)

    def __init__(self, result: pq.abc.PGresult) -> None:
        self._result = result

    @property
    def said(self) -> bytes:
        """The word for what was done: "COMMIT", "INSERT 0 1"."""
        return self._result.command_status or b""

    @property
    def written(self) -> int:
        """How many rows were written."""
        return self._result.command_tuples or 0

    def first(self) -> Row | None:
        """The first row, None where there is none."""
        found = self._result
        if not found.ntuples:
            return None
        values = ((found.ftype(at), found.get_value(0, at)) for at in range(found.nfields))
        return tuple(None if value is None else _READ[kind](value) for kind, value in values)


class Wire:
    """The open connection: what is prepared on it, sending and waiting."""

    def __init__(self, pooled: PoolProxiedConnection) -> None:
        self.pooled = pooled
        self._pgconn = cast("psycopg.Connection[Any]", pooled.driver_connection).pgconn
        self._pgconn.nonblocking = 1
        self._prepared: dict[str, bytes] = {}
        self._names = count()
        self._waiting = False
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._pgconn.socket, selectors.EVENT_READ)
        self._pgconn.enter_pipeline_mode()
        self.answers_early = self._answer_early()

    @property
    def in_order(self) -> bool:
        """Whether the server is there and owes no answer: what was asked last was answered, if only by a refusal."""
        return not self._waiting and self._pgconn.status == pq.ConnStatus.OK

    def close(self) -> None:
        self._ready.close()
        self.pooled.invalidate()  # its pipeline is nothing for others

    def run(self, statements: Sequence[Statement]) -> list[Answer]:
        """Send all at once and wait for the answers, in order. A fault keeps the rest from being done.

        Raises what the server refused, or what the driver raises when it is gone.
        """
        self._waiting = True
        prepared: list[str] = []
        counted: list[bool] = []
        for sql, values in statements:
            if sql not in self._prepared:
                self._prepare(sql)
                prepared.append(sql)
                counted.append(False)
            self._send(sql, values)
            counted.append(True)
        self._pgconn.pipeline_sync()
        self._flush()
        answers, refused = self._collect(iter(counted))
        self._waiting = False
        if refused is not None:
            for sql in prepared:
                del self._prepared[sql]
            raise refused
        return answers

    def _collect(self, counted: Iterator[bool]) -> tuple[list[Answer], psycopg.Error | None]:
        answers: list[Answer] = []
        refused: psycopg.Error | None = None
        while (result := self._next()).status != pq.ExecStatus.PIPELINE_SYNC:
            wanted = next(counted)
            if result.status == pq.ExecStatus.FATAL_ERROR:
                refused = refused or errors.error_from_result(result)
                if self._pgconn.status != pq.ConnStatus.OK:
                    raise refused
            elif wanted:
                answers.append(Answer(result))
        return answers, refused

    def _prepare(self, sql: str) -> None:
        name = f"line{next(self._names)}".encode()
        self._pgconn.send_prepare(name, sql.encode())
        self._prepared[sql] = name

    def _send(self, sql: str, values: Sequence[object]) -> None:
        formats = [int(isinstance(value, bytes)) for value in values]
        self._pgconn.send_query_prepared(self._prepared[sql], [_sent(value) for value in values], formats, 1)

    def _flush(self) -> None:
        while self._pgconn.flush():
            self._ready.modify(self._pgconn.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
            self._wait()
            self._ready.modify(self._pgconn.socket, selectors.EVENT_READ)

    def _next(self) -> pq.abc.PGresult:
        for _ in range(2):  # between two answers stands a nothing
            while self._pgconn.is_busy():
                self._wait()
            result = self._pgconn.get_result()
            if result is not None:
                return result
        raise psycopg.OperationalError("the server has no more to say")

    def _wait(self) -> None:
        if not self._ready.select(ANSWER_SECONDS):
            raise psycopg.OperationalError("the server does not answer")
        self._pgconn.consume_input()

    def _answer_early(self) -> bool:
        """Have commits answered before they are durable, where the server can be asked to make them so afterwards."""
        try:
            self.run((_FLUSH, _ANSWER_EARLY))
        except (errors.UndefinedFunction, errors.InsufficientPrivilege, errors.FeatureNotSupported):
            return False
        return True


def _sent(value: object) -> bytes | None:
    """A value as the server reads it: bytes as they are, the rest as text."""
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"t" if value else b"f"
    return str(int(value) if isinstance(value, int) else value).encode()

"""A line of its own to a PostgreSQL server, for acts that every agent waits for: few round trips, little around them.

It speaks libpq's pipeline directly. What a transaction writes last travels with its COMMIT, and the disk is waited for
only after the commit gave its locks back: the log's head is free again while the entry is being made durable.
"""

import select
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from threading import Lock
from typing import Any, cast

import psycopg
from psycopg import errors, pq
from sqlalchemy import PoolProxiedConnection

from cs_console.store_errors import WRAPPED_ERRORS

Row = tuple[Any, ...]


def _sent(value: object) -> bytes | None:
    """A value as the server reads it: bytes as they are, the rest as text."""
    if isinstance(value, str):
        return value.encode()
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, int):
        return b"%d" % value
    return str(value).encode()


class Statement:
    """SQL with its values numbered ($1), and the values as they are sent; `names` are theirs, in the same order."""

    __slots__ = ("formats", "places", "sent", "sql")

    def __init__(self, sql: str, *values: object, names: Sequence[str] = ()) -> None:
        self.sql = sql
        self.sent = [_sent(value) for value in values]
        self.formats = [int(isinstance(value, bytes)) for value in values]
        self.places = {name: place for place, name in enumerate(names)}

    def copy(self) -> "Statement":
        """One whose values can be filled in."""
        made = Statement(self.sql)
        made.sent, made.formats, made.places = self.sent.copy(), self.formats.copy(), self.places
        return made

    def fill(self, values: Mapping[str, object]) -> None:
        """Put in what is known now."""
        sent, places = self.sent, self.places
        for name, value in values.items():
            place = places[name]
            if isinstance(value, bytes):
                sent[place], self.formats[place] = value, 1
            else:
                sent[place] = _sent(value)


ANSWER_SECONDS = 40
"""Longer than the server's own statement time-out: who says nothing for so long is gone."""

_SYNC = int(pq.ExecStatus.PIPELINE_SYNC)
_FAULT = int(pq.ExecStatus.FATAL_ERROR)
_BEGIN = Statement("BEGIN")
_COMMIT = Statement("COMMIT")
_ROLLBACK = Statement("ROLLBACK")
_ANSWER_EARLY = Statement("SET synchronous_commit TO off")
_MARK = "pg_logical_emit_message(true, 'cs-console', '') FROM set_config('synchronous_commit', 'on', true)"
_FLUSHES = (
    Statement(
        "SELECT CASE WHEN current_setting('synchronous_standby_names') = ''"
        f" THEN pg_logical_emit_message(false, 'cs-console', '', true) ELSE (SELECT {_MARK}) END"
    ),
    Statement(f"SELECT {_MARK}"),  # before PostgreSQL 17
)
"""A transaction that writes nothing but its place in the server's journal: when it is durable, all before it is. Where
standbys have to have it too, it is a commit, because only commits wait for them.
"""

_DRIVERS = (psycopg.Error, *WRAPPED_ERRORS)
"""What says no: the driver itself, or what the line is connected by."""

Answer = pq.abc.PGresult
"""What the server answered to one statement."""

_READ: dict[int, Callable[[bytes], Any]] = {
    16: lambda sent: sent == b"\x01",
    17: bytes,
    20: lambda sent: int.from_bytes(sent, "big", signed=True),
    23: lambda sent: int.from_bytes(sent, "big", signed=True),
    25: lambda sent: sent.decode(),
    1043: lambda sent: sent.decode(),
}
"""By the server's number of a type: boolean, bytea, bigint, integer, text, varchar; each in its binary form."""


def _first_row(answer: Answer) -> Row | None:
    """The first row of an answer, None where there is none."""
    if not answer.ntuples:
        return None
    stored, kind = answer.get_value, answer.ftype
    values = [stored(0, at) for at in range(answer.nfields)]
    return tuple([value if value is None else _READ[kind(at)](value) for at, value in enumerate(values)])


class ServerLine:
    """One connection, opened when it is first needed and after every fault, used by one transaction at a time."""

    def __init__(self, connect: Callable[[], PoolProxiedConnection], refusal: Callable[[Exception], Exception]) -> None:
        self._connect = connect
        self.refusal = refusal
        self._one_at_a_time = Lock()
        self._wire: Wire | None = None

    def transaction(self) -> "LineTransaction":
        """A transaction that begins with its first question; see there."""
        return LineTransaction(self)

    def close(self) -> None:
        """Hang up."""
        with self._one_at_a_time:
            self._hang_up()

    def take(self) -> None:
        """Take the line exclusively, once no one else has it."""
        self._one_at_a_time.acquire()

    def give_back(self) -> None:
        self._one_at_a_time.release()

    def open(self) -> "Wire":
        """The current connection, or a new one. Raises what the driver raises."""
        if self._wire is not None and not self._wire.in_order:
            self._hang_up()
        if self._wire is None:
            self._wire = Wire(self._connect())
        return self._wire

    def _hang_up(self) -> None:
        if self._wire is not None:
            with suppress(psycopg.Error, OSError):
                self._wire.close()
            self._wire = None


class LineTransaction:
    """One transaction on the line, begun with its first question.

    At its context's end it is committed, and durable then; on any error it is rolled back. What the driver raises in
    there is raised as the line's `refusal` of it.
    """

    __slots__ = ("_line", "_wire")

    def __init__(self, line: ServerLine) -> None:
        self._line = line
        self._wire: Wire | None = None
        """What it was begun on, until it is over."""

    def __enter__(self) -> "LineTransaction":
        self._line.take()
        return self

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        try:
            if problem is None:
                self._commit()
            else:
                self._roll_back()
        except _DRIVERS as late:
            problem = late
        finally:
            self._line.give_back()
        if isinstance(problem, _DRIVERS):
            raise self._line.refusal(problem) from None

    def ask(self, *statements: Statement) -> list[Answer]:
        """Run the statements in their order, in one round trip."""
        if self._wire is not None:
            return self._wire.run(statements)
        try:
            return self._begin(statements)
        except psycopg.OperationalError:
            if self._wire is None or self._wire.in_order:
                raise
            return self._begin(statements)  # the server had hung up since the last time; nothing was done yet

    def _begin(self, statements: Sequence[Statement]) -> list[Answer]:
        self._wire = self._line.open()
        return self._wire.run((_BEGIN, *statements))[1:]

    def first_rows(self, *statements: Statement) -> list[Row | None]:
        """The first row of each answer, None where there is none."""
        return [_first_row(answer) for answer in self.ask(*statements)]

    def rows_written(self, *statements: Statement) -> list[int]:
        """How many rows each of them wrote."""
        return [answer.command_tuples or 0 for answer in self.ask(*statements)]

    def commit_with(self, statement: Statement, read_back: Statement, otherwise: Callable[[], Exception]) -> Row | None:
        """Run this last, commit, and return the first row that is read back then, all in one round trip.

        It divides by zero where it does not write what it should: then nothing of the transaction is kept, and
        `otherwise` is raised. So it is where a rule rewrites it.
        """
        try:
            return _first_row(self._commit(statement, afterwards=(read_back,))[-1])
        except (errors.DivisionByZero, errors.FeatureNotSupported):
            raise otherwise() from None

    def _commit(self, *last: Statement, afterwards: tuple[Statement, ...] = ()) -> list[Answer]:
        """Commit, and wait until that is durable; what is asked `afterwards` is answered from what is committed."""
        if self._wire is None:
            return []
        closing = (*last, _COMMIT)
        flush = self._wire.flush
        answers = self._wire.run((*closing, *(() if flush is None else (flush,)), *afterwards))
        if answers[len(last)].command_status != b"COMMIT":
            raise psycopg.OperationalError("the server did not commit")
        self._wire = None
        return answers

    def _roll_back(self) -> None:
        """Undo what was begun; where the server is gone, it did that itself."""
        if self._wire is not None and self._wire.in_order:
            with suppress(psycopg.Error):
                self._wire.run((_ROLLBACK,))


class Wire:
    """The open connection: what is prepared on it, sending and waiting."""

    def __init__(self, pooled: PoolProxiedConnection) -> None:
        self.pooled = pooled
        self._pgconn = cast("psycopg.Connection[Any]", pooled.driver_connection).pgconn
        self._pgconn.nonblocking = 1
        self._prepared: dict[str, bytes] = {}
        self._names = count()
        self._waiting = False
        self._ready = select.poll()
        self._ready.register(self._pgconn.socket, select.POLLIN)
        self._pgconn.enter_pipeline_mode()
        self.flush = self._answer_early()

    @property
    def in_order(self) -> bool:
        """Whether the server is there and owes no answer: what was asked last was answered, if only by a refusal."""
        return not self._waiting and self._pgconn.status == pq.ConnStatus.OK

    def close(self) -> None:
        self.pooled.invalidate()  # its pipeline is nothing for others

    def run(self, statements: Sequence[Statement]) -> list[Answer]:
        """Send all at once and wait for the answers, in order. A fault keeps the rest from being done.

        Raises what the server refused, or what the driver raises when it is gone.
        """
        names = self._prepared
        unknown = [statement.sql for statement in statements if statement.sql not in names]
        if unknown:
            self._prepare(unknown)
        self._waiting = True
        send = self._pgconn.send_query_prepared
        for statement in statements:
            send(names[statement.sql], statement.sent, statement.formats, 1)
        return self._answers()

    def _prepare(self, unknown: Sequence[str]) -> None:
        """Have the server know these statements by a name; a fault in one leaves none of them known."""
        self._waiting = True
        names = {sql: f"line{next(self._names)}".encode() for sql in unknown}
        for sql, name in names.items():
            self._pgconn.send_prepare(name, sql.encode())
        self._answers()
        self._prepared |= names

    def _answers(self) -> list[Answer]:
        """Have all sent, and wait for what the server says to it."""
        pgconn = self._pgconn
        pgconn.pipeline_sync()
        while pgconn.flush():
            self._ready.modify(pgconn.socket, select.POLLIN | select.POLLOUT)
            self._wait()
            self._ready.modify(pgconn.socket, select.POLLIN)
        answers: list[Answer] = []
        refused: psycopg.Error | None = None
        said_nothing = False
        while True:
            while pgconn.is_busy():
                self._wait()
            answer = pgconn.get_result()
            if answer is None:
                if said_nothing:  # between two answers stands one nothing
                    raise psycopg.OperationalError("the server has no more to say")
                said_nothing = True
                continue
            said_nothing, status = False, answer.status
            if status == _SYNC:
                break
            if status != _FAULT:
                answers.append(answer)
                continue
            refused = refused or errors.error_from_result(answer)
            if pgconn.status != pq.ConnStatus.OK:
                raise refused
        self._waiting = False
        if refused is not None:
            raise refused
        return answers

    def _wait(self) -> None:
        if not self._ready.poll(ANSWER_SECONDS * 1000):
            raise psycopg.OperationalError("the server does not answer")
        self._pgconn.consume_input()

    def _answer_early(self) -> Statement | None:
        """Have commits answered before they are durable; returns what makes them so afterwards. None where the server
        cannot be asked to: then its commits are durable when they are answered.
        """
        for flush in _FLUSHES:
            with suppress(errors.UndefinedFunction, errors.InsufficientPrivilege, errors.FeatureNotSupported):
                self.run((flush, _ANSWER_EARLY))
                return flush
        return None

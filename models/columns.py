"""Column types and defaults that several tables share."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import BigInteger, Integer
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

BIG_KEY = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit key on every engine; SQLite makes only INTEGER the row's own number."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 in UTC; `moment` must carry a time zone."""
    return (moment - EPOCH) // MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The UTC moment that many microseconds after 1970."""
    return EPOCH + value * MICROSECOND


def moment(stored: int | None) -> datetime | None:
    """The same of a column that may hold nothing."""
    return None if stored is None else from_microseconds(stored)


class UtcMoment(TypeDecorator[datetime]):
    """An aware UTC datetime kept as integer microseconds: exact, sortable and the same on every engine."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return moment(value)


def new_id() -> str:
    """A random row id. It is known before the row is stored, so that sealing can bind to it."""
    return uuid4().hex

"""Ticket numbers: one counter, in which importers also queue."""

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.prepared import Prepared
from models.counter import Counter

_LOCK_COUNTER = Prepared(select(col(Counter.value)).where(col(Counter.name) == "ticket").with_for_update())
_NEXT_NUMBER = Prepared(
    update(Counter)
    .where(col(Counter.name) == "ticket")
    .values(value=col(Counter.value) + 1)
    .returning(col(Counter.value))
)


def lock_counter(db: Session) -> None:
    """Make other imports wait until this transaction ends (SQLite does by itself)."""
    _LOCK_COUNTER.first(db.connection(), {})


def next_number(db: Session) -> int:
    """The number of a new ticket, in the caller's transaction."""
    found = _NEXT_NUMBER.first(db.connection(), {})
    assert found is not None  # `init` made the counter
    return int(found[0])

"""Whether this host's clock agrees with the desk's time, with the database server's clock and with the other hosts'."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, text
from sqlmodel import col

from cs_console.errors import StoreUnavailable
from models.columns import from_microseconds
from models.log import LogEntry

if TYPE_CHECKING:
    from cs_console.desk import Desk

CLOCKS_AGREE = timedelta(seconds=5)
"""So far clocks may differ without a word."""
_UNITS = ((86_400, "days"), (3_600, "h"), (60, "min"))
_SERVER = text("SELECT clock_timestamp()")
_NEWEST = select(col(LogEntry.at), col(LogEntry.host)).order_by(col(LogEntry.seq).desc()).limit(1)


def clock_difference(desk: "Desk") -> str:
    """A few words where this host's clock is off by more than CLOCKS_AGREE, "" where it agrees.

    It is held against the desk's time, then against the database server's clock; on SQLite against the newest entry,
    which another host or an earlier day wrote. Never raises for a store that is away.
    """
    parted = desk.clock.parted
    if parted:
        return span(parted)
    machine = desk.clock.source.now()
    try:
        with desk.database.reading() as db:
            if not desk.database.is_sqlite:
                server: datetime = db.connection().execute(_SERVER).scalar_one()
                off = machine - server.astimezone(UTC)
                return "" if abs(off) <= CLOCKS_AGREE else span(off, "the server's")
            newest = db.connection().execute(_NEWEST).first()
    except StoreUnavailable:
        return ""
    if newest is None or not isinstance(newest[0], int):
        return ""
    off = machine - from_microseconds(newest[0])
    return "" if off >= -CLOCKS_AGREE else span(off, "the newest entry")


def span(off: timedelta, of: str = "the desk's time") -> str:
    """How far this host's clock is from another, in words."""
    seconds = round(abs(off).total_seconds())
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= 2 * size), (1, "s"))
    return f"this clock is {seconds // size} {unit} {'ahead of' if off > timedelta() else 'behind'} {of}"

"""What happened on a day, in numbers: each is counted in an index and no further than it says, so that a
day costs the same in a log of any length."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, Select, bindparam, func, literal, literal_column, select
from sqlmodel import col

from cs_console.access_log.action_words import VIEWS
from models.columns import microseconds
from models.enums import Result
from models.log import LogEntry
from models.roles import REVIEWS_LOG

if TYPE_CHECKING:
    from cs_console.desk import DeskSession

ENTRIES_UP_TO = 9_999
OTHERS_UP_TO = 999


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many entries a day has, and how many of them are views, and attempts that were refused or failed.

    `entries` is at most ENTRIES_UP_TO + 1, and the others OTHERS_UP_TO + 1: those mean that there are more.
    """

    entries: int
    views: int
    refused: int


def day_counts(session: "DeskSession", days: Sequence[date]) -> dict[date, DayCount]:
    """The numbers of these local days, for those who may read the log: a part of a reading that is on record.

    Raises NotAllowed, SessionEnded.
    """
    with session.reading(*REVIEWS_LOG) as db:
        connection = db.connection()
        counted = {}
        for day in days:
            begins, ends = _moment(day), _moment(day + timedelta(days=1))
            row = connection.execute(_COUNTS, {"begins": microseconds(begins), "ends": microseconds(ends)}).one()
            entries, *others = row
            views, refused = others[: len(VIEWS)], others[len(VIEWS) :]
            counted[day] = DayCount(entries, _at_most(sum(views)), _at_most(sum(refused)))
    return counted


def _at_most(count: int) -> int:
    return min(count, OTHERS_UP_TO + 1)


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day).astimezone()


def _counted(limit: int, *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    at = col(LogEntry.at)
    begins, ends = (bindparam(name, type_=BigInteger) for name in ("begins", "ends"))
    rows: Select[*tuple[int]] = select(literal(1)).where(*conditions, at >= begins, at < ends).limit(limit + 1)
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()


_NOT_DONE: ColumnElement[bool] = literal_column(
    "outcome <> 'done'"
)  # in these words an index covers the few that are not
_COUNTS: Select[*tuple[int, ...]] = select(
    _counted(ENTRIES_UP_TO),
    *(_counted(OTHERS_UP_TO, col(LogEntry.action) == action) for action in VIEWS),
    *(
        _counted(OTHERS_UP_TO, col(LogEntry.outcome) == outcome, _NOT_DONE)
        for outcome in Result
        if outcome is not Result.DONE
    ),
)

"""Reading the access log, on the record: supervisors and privacy officers, newest entry first."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Row, Select, literal_column, select, text, tuple_, union_all
from sqlmodel import Session, col

from cs_console.access_log.action_words import ANY_VIEW, VIEWS
from cs_console.access_log.aliases import alias_of
from cs_console.access_log.append import record
from cs_console.access_log.canonical import SAID
from cs_console.access_log.entry import Entry
from cs_console.access_log.log_filter import LogFilter, parse_log_filter
from cs_console.access_log.verify import Verdict, verify_log
from cs_console.errors import BadFilter, LogBroken, NothingThere
from cs_console.progress import Progress
from models.columns import from_microseconds, microseconds
from models.enums import Action, Result
from models.log import ENDS, LogEntry
from models.roles import REVIEWS_LOG

if TYPE_CHECKING:
    from cs_console.desk import DeskSession

__all__ = ["EntryPage", "EntryView", "LogFilter", "entries", "entry", "last_verified", "parse_log_filter", "verify_for"]


_VIEW = select(*(col(getattr(LogEntry, name)) for name in SAID))
_NEWEST_FIRST = (col(LogEntry.at).desc(), col(LogEntry.seq).desc())


@dataclass(frozen=True)
class EntryView:
    """One entry as a reviewer sees it: who did what when, with field names and never a value.

    `requester` is a pseudonym, `alias` the same for people: "" where the requester was erased. `roles` and `fields` are
    words joined by commas; `at` is UTC; `about` (JSON, or None) holds the ids that the entry vouches for.
    """

    seq: int
    at: datetime
    actor: str
    roles: str
    session: str
    host: str
    action: str
    ticket: int | None
    requester: str | None
    fields: str
    purpose: str
    verification: str
    outcome: str
    seconds: int | None
    reason: str
    about: str | None
    alias: str = ""


@dataclass(frozen=True)
class EntryPage:
    """Some entries, newest first, and the number to give as `before` for older ones (None: there are none)."""

    entries: tuple[EntryView, ...]
    next: int | None


def entries(session: "DeskSession", log_filter: LogFilter, before: int | None = None, size: int = 100) -> EntryPage:
    """A page of the entries that fit the filter, flat in the log's length.

    A new reading (`before` is None) is itself recorded, with the names of what is filtered by. Raises NotAllowed,
    SessionEnded, and BadFilter when the pseudonym's beginning fits several requesters.
    """
    if before is not None:
        with session.reading(*REVIEWS_LOG) as db:
            return _page(db, log_filter, before, size)
    with session.work(*REVIEWS_LOG) as db:
        record(db, session, Entry(Action.LOG_READ, fields=log_filter.keys))
        return _page(db, log_filter, None, size)


def entry(session: "DeskSession", seq: int) -> EntryView:
    """One entry, opened on the record. Raises NothingThere, NotAllowed, SessionEnded."""
    with session.work(*REVIEWS_LOG) as db:
        row = db.connection().execute(_VIEW.where(col(LogEntry.seq) == seq)).first()
        if row is None:
            raise NothingThere(f"There is no entry {seq}.", "If it should exist, run `cs-console log verify`.")
        record(db, session, Entry(Action.LOG_READ, ticket=row.ticket, reason=f"entry {seq}"))
        return _with_aliases(db, [entry_view(row)])[0]


def last_verified(session: "DeskSession") -> datetime | None:
    """When someone last checked the whole log and found it complete. Raises NotAllowed, SessionEnded."""
    newest = select(col(LogEntry.at)).where(
        col(LogEntry.action) == Action.LOG_VERIFIED, col(LogEntry.outcome) == Result.DONE
    )
    with session.reading(*REVIEWS_LOG) as db:
        at = db.connection().execute(newest.order_by(*_NEWEST_FIRST).limit(1)).scalar()
    return None if at is None else _moment(at)


def verify_for(session: "DeskSession", progress: Progress | None = None) -> Verdict:
    """Prove the whole log for a reviewer, and record that and how it ended. Raises like `verify_log`."""
    with session.reading(*REVIEWS_LOG):
        pass  # may they at all, before the long run
    verdict = verify_log(session.desk, progress=progress)
    outcome = Result.DONE if verdict.ok else Result.FAILED
    try:
        with session.work(*REVIEWS_LOG) as db:
            record(db, session, Entry(Action.LOG_VERIFIED, outcome=outcome, reason=verdict.kind))
    except LogBroken:
        if verdict.ok:
            raise
    return verdict


def entry_view(row: Row[*tuple[Any, ...]] | tuple[Any, ...]) -> EntryView:
    """The view of a stored row, `seq` to `about`."""
    seq, at, *rest = row
    return EntryView(seq, _moment(at), *rest)


def _moment(at: int) -> datetime:
    try:
        return from_microseconds(at)
    except OverflowError:  # only a manual edit makes such a time; the entry must still be shown
        return datetime.max.replace(tzinfo=UTC) if at > 0 else datetime.min.replace(tzinfo=UTC)


def _page(db: Session, log_filter: LogFilter, before: int | None, size: int) -> EntryPage:
    connection = db.connection()
    conditions = _conditions(db, log_filter)
    if before is not None:
        at = connection.execute(select(col(LogEntry.at)).where(col(LogEntry.seq) == before)).scalar()
        if at is None:
            return EntryPage((), None)
        # by time, then number: one index serves every filter in this order, whatever the time span
        conditions.append(tuple_(col(LogEntry.at), col(LogEntry.seq)) < tuple_(at, before))
    rows = connection.execute(_newest(log_filter, conditions, size + 1)).all()
    views = _with_aliases(db, [entry_view(row) for row in rows[:size]])
    return EntryPage(views, views[-1].seq if len(rows) > size else None)


def _newest(log_filter: LogFilter, conditions: list[ColumnElement[bool]], size: int) -> Select[*tuple[Any, ...]]:
    """The newest rows that fit. Of several actions each one's newest are read from its index, then joined: an index of
    all of them has another order."""
    if log_filter.action != ANY_VIEW:
        return _VIEW.where(*conditions).order_by(*_NEWEST_FIRST).limit(size)
    numbers = union_all(
        *(
            select(
                select(col(LogEntry.seq))
                .where(col(LogEntry.action) == action, *conditions)
                .order_by(*_NEWEST_FIRST)
                .limit(size)
                .subquery()
            )
            for action in VIEWS
        )
    )
    return _VIEW.where(col(LogEntry.seq).in_(numbers)).order_by(*_NEWEST_FIRST).limit(size)


def _with_aliases(db: Session, views: list[EntryView]) -> tuple[EntryView, ...]:
    """The same, with the alias of each requester that the log does not say was erased."""
    named = {view.requester for view in views if view.requester}
    gone = set(db.scalars(select(col(LogEntry.requester)).where(col(LogEntry.requester).in_(named), text(ENDS))))
    aliases = {name: _alias(name) for name in named - gone}
    return tuple(replace(view, alias=aliases.get(view.requester or "", "")) for view in views)


def _alias(name: str) -> str:
    with suppress(ValueError):
        return alias_of(name)
    return name  # the entry was edited by hand, and must still be shown


def _conditions(db: Session, log_filter: LogFilter) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if log_filter.agent:
        wanted.append(col(LogEntry.actor) == log_filter.agent)
    if log_filter.ticket is not None:
        wanted.append(col(LogEntry.ticket) == log_filter.ticket)
    if log_filter.requester:
        wanted.append(col(LogEntry.requester) == whole_pseudonym(db, log_filter.requester))
    if log_filter.action and log_filter.action != ANY_VIEW:
        wanted.append(col(LogEntry.action) == log_filter.action)
    if log_filter.outcome:
        wanted.append(col(LogEntry.outcome) == log_filter.outcome)
        if log_filter.outcome != Result.DONE:
            wanted.append(literal_column("outcome <> 'done'"))  # in these words an index covers the few that are not
    if log_filter.since is not None:
        wanted.append(col(LogEntry.at) >= microseconds(log_filter.since))
    if log_filter.until is not None:
        wanted.append(col(LogEntry.at) < microseconds(log_filter.until))
    return wanted


def whole_pseudonym(db: Session, beginning: str) -> str:
    """The only pseudonym with this beginning; the beginning itself if there is none. Raises BadFilter for several."""
    column = col(LogEntry.requester)
    ordered = select(column).order_by(column).limit(1)
    first = db.connection().execute(ordered.where(column >= beginning)).scalar()
    if first is None or not first.startswith(beginning):
        return beginning
    second = db.connection().execute(ordered.where(column > first)).scalar()
    if second is not None and second.startswith(beginning):
        raise BadFilter(f"“requester:{beginning}” matches several requesters.", "Enter more of the pseudonym.")
    return str(first)

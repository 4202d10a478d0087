"""Which holds are in force, and on which requesters, as the access log says it (DESIGN.md, invariant 12).

No change to a row ends one.

A hold is its requester's, by the pseudonym in its entry. Where the ticket it was placed on becomes another requester's
while it is in force, it holds both, and each of the two is lifted by itself.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log import legacy
from cs_console.access_log.vouched import HANDING, Word, digest, oldest_first
from cs_console.custody.erasure_proof import count_entries
from cs_console.desk import Desk
from cs_console.errors import ErasureNotProven
from models.agent import Agent
from models.columns import from_microseconds
from models.enums import Action, Result
from models.erasure import Hold
from models.log import LogEntry
from models.ticket import Ticket

_HOLDING = (Action.HOLD_PLACED, Action.HOLD_LIFTED)
_ID = 32
"""How many signs an id has."""


def copy_of(desk: Desk, hold_id: str, pseudonym: str) -> str:
    """The id of the row by which that hold holds who was given its ticket, so that an entry of its lifting says whose
    it was.
    """
    return digest(desk, "copy of a hold", hold_id, pseudonym)[:_ID]


def held_until(db: Session, desk: Desk, requester_ids: Iterable[str], now: datetime) -> dict[str, datetime]:
    """When the last hold in force on each of these requesters ends by itself; one who has none is not there.

    The log alone says it: what a row adds can only keep data, as where a ticket that has a hold is made another
    requester's by hand. Raises LogBroken.
    """
    wanted = frozenset(requester_ids)
    if not wanted:
        return {}
    owners = {desk.pseudonym(one, key): one for one, key in desk.keyring.keys(wanted).items()}
    by_rows = _by_rows(db, wanted)
    numbers = _numbers(db, owners) | by_rows.keys()
    said = _said(db, desk, numbers)
    rows = _old_rows(db, said)
    held: dict[str, datetime] = {}
    for placed in _placed(said, rows):
        if placed.until <= now:
            continue
        holds, ever = _chain(desk, placed, said, rows)
        theirs = {owners[name] for name in holds if name in owners}
        if holds:
            known = {owners[name] for name in ever if name in owners}
            theirs |= by_rows.get(placed.ticket, set()) - known
        for owner in theirs:
            held[owner] = max(placed.until, held.get(owner, placed.until))
    return held


@dataclass(frozen=True, slots=True)
class _Placed:
    """A hold as its entry placed it. `hold`: its row's id, "" where an older desk placed it and no row says which."""

    seq: int
    ticket: int
    hold: str
    requester: str | None
    until: datetime


@dataclass(frozen=True, slots=True)
class _OldRows:
    """The rows of holds that older desks placed, which their entries do not name, and the names of who did."""

    holds: Sequence[Hold] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    def of(self, word: Word) -> Hold | None:
        """The row that an old entry of placing was written for."""
        theirs = (row for row in self.holds if row.ticket_number == word.ticket)
        return next((row for row in theirs if self._wrote(word, row.agent_id, row.placed_at)), None)

    def is_lifting(self, word: Word, hold_id: str) -> bool:
        """Whether an old entry is that of lifting this row's hold."""
        row = next((one for one in self.holds if one.id == hold_id), None)
        return row is not None and row.lifted_at is not None and self._wrote(word, row.lifted_by, row.lifted_at)

    def _wrote(self, word: Word, agent_id: str | None, moment: datetime) -> bool:
        return legacy.about_then(word, self.names.get(agent_id or "", ""), moment)


def _by_rows(db: Session, wanted: Collection[str]) -> dict[int, set[str]]:
    """The tickets that a row of theirs, or of a hold on them, names."""
    found: dict[int, set[str]] = {}
    run = db.connection().execute
    for number, owner in (
        *run(select(col(Ticket.number), col(Ticket.requester_id)).where(col(Ticket.requester_id).in_(wanted))),
        *run(select(col(Hold.ticket_number), col(Hold.requester_id)).where(col(Hold.requester_id).in_(wanted))),
    ):
        found.setdefault(number, set()).add(owner)
    return found


def _numbers(db: Session, pseudonyms: Collection[str]) -> set[int]:
    """The tickets on which the log has a hold of theirs, or that became theirs."""
    actions = col(LogEntry.action).in_([one.value for one in (*_HOLDING, *HANDING)])
    named = select(col(LogEntry.ticket)).where(col(LogEntry.requester).in_(pseudonyms), actions).distinct()
    found = db.connection().execute(named).scalars() if pseudonyms else ()
    return {number for number in found if number is not None}


def _said(db: Session, desk: Desk, numbers: Collection[int]) -> tuple[Word, ...]:
    """All that the log says of holds on these tickets, and of whose the tickets became, oldest first."""
    actions = col(LogEntry.action).in_([one.value for one in (*_HOLDING, *HANDING)])
    done = col(LogEntry.outcome) == Result.DONE.value
    return oldest_first(db, desk, col(LogEntry.ticket).in_(sorted(numbers)), actions, done) if numbers else ()


def _old_rows(db: Session, said: Iterable[Word]) -> _OldRows:
    old = {word.ticket for word in said if word.about is None and word.action in _HOLDING}
    if not old:
        return _OldRows()
    holds = db.scalars(select(Hold).where(col(Hold.ticket_number).in_(old))).all()
    ids = {one for row in holds for one in (row.agent_id, row.lifted_by) if one}
    names = db.connection().execute(select(col(Agent.id), col(Agent.name)).where(col(Agent.id).in_(ids)))
    return _OldRows(holds, {row.id: row.name for row in names})


def _placed(said: Iterable[Word], rows: _OldRows) -> Iterable[_Placed]:
    for word in said:
        if word.action is not Action.HOLD_PLACED or word.ticket is None:
            continue
        if word.about is not None:
            until = from_microseconds(int(word.about["until"]))
            yield _Placed(word.seq, word.ticket, word.about["hold"], word.requester, until)
        elif (last_day := legacy.held_until(word)) is not None:
            row = rows.of(word)
            until = datetime.combine(last_day, time(23, 59, 59), UTC)
            yield _Placed(word.seq, word.ticket, "" if row is None else row.id, word.requester, until)


def _chain(
    desk: Desk, placed: _Placed, said: Iterable[Word], rows: _OldRows
) -> tuple[set[str | None], set[str | None]]:
    """The requesters that a hold holds now, and those that it ever held, by their pseudonyms."""
    holds, ever = {placed.requester}, {placed.requester}
    for word in said:
        if word.ticket != placed.ticket or word.seq <= placed.seq:
            continue
        if word.action is Action.HOLD_LIFTED:
            holds = {name for name in holds if not _is_lifted(desk, placed, name, word, rows)}
        elif word.action in HANDING and holds and placed.until > from_microseconds(word.at):
            holds.add(word.requester)
            ever.add(word.requester)
    return holds, ever


def _is_lifted(desk: Desk, placed: _Placed, name: str | None, word: Word, rows: _OldRows) -> bool:
    """Whether this entry lifts the hold from who has that pseudonym."""
    if word.about is None:
        return name == placed.requester and bool(placed.hold) and rows.is_lifting(word, placed.hold)
    if word.names(hold=copy_of(desk, placed.hold, name or "")):
        return True
    return name == placed.requester and word.names(hold=placed.hold)


def require_recorded_holds(db: Session, desk: Desk, requester_id: str) -> None:
    """Refuse to erase while the log shows more holds placed, or fewer lifted, than the data does.

    A hold stays in force even if its row was removed or ended by hand. Raises ErasureNotProven.
    """
    numbers = list(
        db.connection().execute(select(col(Ticket.number)).where(col(Ticket.requester_id) == requester_id)).scalars()
    )
    rows = db.connection().execute(select(col(Hold.lifted_at)).where(col(Hold.ticket_number).in_(numbers)))
    lifted = [moment is not None for (moment,) in rows]
    placed = count_entries(db, desk, Action.HOLD_PLACED, numbers)
    if placed > len(lifted) or sum(lifted) > count_entries(db, desk, Action.HOLD_LIFTED, numbers):
        raise ErasureNotProven("The access log shows a hold on this requester that is missing from the data.")

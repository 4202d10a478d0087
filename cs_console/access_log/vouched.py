"""What the access log vouches for: a row counts only if an entry with a valid tag says so, and it is the latest word.

Rules read `action`, `outcome` and `about` of an entry. Its sentence is for people; only entries of older desks, which
have nothing else, are read by it (legacy.py). What this cannot see is an entry that was deleted: `log verify` can.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, bindparam, or_, select
from sqlmodel import Session, col

from cs_console.access_log.canonical import COLUMNS, entry_bytes
from cs_console.access_log.head import TAG_BYTES, entry_tag
from cs_console.access_log.merkle import leaf_hash
from cs_console.errors import LogBroken
from cs_console.prepared import Prepared, Row
from models.enums import Action, Channel, Result, TicketKind
from models.log import LogEntry

if TYPE_CHECKING:
    from cs_console.desk import Desk

ASSIGNING = (Action.TICKET_CREATED, Action.TICKET_CLAIMED, Action.TICKET_ASSIGNED, Action.TICKET_RELEASED)
"""What says who has a ticket: `about` holds `from` and `to`, account ids or ""."""
WINDOWS = (Action.VERIFIED, Action.WINDOW_CLOSED)
HANDING = (Action.TICKET_LINKED, Action.TICKET_UNLINKED)
"""What makes a ticket another requester's: the entry names the new one."""
OWNING = (Action.TICKET_CREATED, *HANDING)
"""What says whose a ticket is: the entry's requester is, from then on."""
KEPT_AWAY = "kept away"
"""Why a ticket was released: the agent who had it decided what it is about."""
KINDS = (Action.TICKET_CREATED, Action.TICKET_KIND_SET, Action.TICKET_CHANGED)
"""What can say of which kind a ticket is: those whose `about` names a `kind`."""
CHANGING = (
    Action.TICKET_STATE_SET,
    Action.TICKET_PRIORITY_SET,
    Action.TICKET_KIND_SET,
    Action.REVIEW_BEGAN,
    Action.NOTICE_SENT_AGAIN,
    Action.TICKET_CHANGED,
)
"""What was done to a ticket beside its changing hands. The last one is what older desks called each of the others;
where its `about` says which, it says so by the same names.
"""

COLUMNS_OF_ENTRY: tuple[Any, ...] = tuple(col(getattr(LogEntry, name)) for name in COLUMNS)
MOST_KEPT = 256
_PLACE = {name: place for place, name in enumerate(COLUMNS)}


@dataclass(frozen=True, slots=True)
class Word:
    """One genuine entry. `at` is microseconds since 1970 in UTC; `about` is None in an entry of an older desk, and in
    one that vouches for nothing.
    """

    seq: int
    at: int
    actor: str
    action: Action
    outcome: Result
    ticket: int | None
    requester: str | None
    fields: str
    verification: str
    reason: str
    about: Mapping[str, str] | None

    def names(self, **wanted: str) -> bool:
        """Whether the entry vouches for exactly these values."""
        return self.about is not None and all(self.about.get(name) == value for name, value in wanted.items())


def assigned(before: str | None, after: str | None) -> dict[str, str]:
    """What an entry vouches for where a ticket changes hands: account ids, None for no one's."""
    return {"from": before or "", "to": after or ""}


def about_fields(names: Iterable[str]) -> dict[str, str]:
    """What an entry vouches for where contacts are changed: of which fields."""
    return {"fields": ",".join(names)}


def begins_review(word: Word) -> bool:
    """Whether a decision is to be made again from this entry on."""
    return word.action is Action.REVIEW_BEGAN or word.names(review="began")


def opened_as(kind: TicketKind, channel: Channel) -> dict[str, str]:
    """What an entry vouches for where a ticket is opened, beside whose it is: its kind, and how it came."""
    return {"kind": kind.value, "channel": channel.value}


def genuine(desk: "Desk", row: Row) -> Word:
    """The entry in a stored row of COLUMNS. Raises LogBroken for one that the console did not write.

    The same rows are asked for again and again, one act asking several questions: what was found genuine, to the last
    column, is not worked out again.
    """
    known = desk.genuine_words
    whole = tuple(row)
    word = known.get(whole)
    if word is None:
        word = _genuine(desk, whole)
        if len(known) >= MOST_KEPT:
            known.clear()
        known[whole] = word
    return word


def _genuine(desk: "Desk", row: tuple[Any, ...]) -> Word:
    try:
        if entry_tag(desk.log_tag_key, leaf_hash(entry_bytes(row))) == row[-1]:
            about = row[_PLACE["about"]]
            return Word(
                row[0],
                row[1],
                row[_PLACE["actor"]],
                Action(row[_PLACE["action"]]),
                Result(row[_PLACE["outcome"]]),
                row[_PLACE["ticket"]],
                row[_PLACE["requester"]],
                row[_PLACE["fields"]],
                row[_PLACE["verification"]],
                row[_PLACE["reason"]],
                None if about is None else json.loads(about),
            )
    except (TypeError, ValueError):
        pass
    raise LogBroken(f"Entry {row[0]} of the access log was changed.", "Run `cs-console log verify`.")


def words(db: Session, desk: "Desk", numbers: Iterable[int], actions: Iterable[Action]) -> tuple[Word, ...]:
    """What the log says of these tickets, of acts that were done, oldest first. Raises LogBroken."""
    rows = db.connection().execute(_done_on_tickets(tuple(actions)), {"numbers": sorted(set(numbers))})
    return tuple(genuine(desk, tuple(row)) for row in rows)


@cache
def _done_on_tickets(actions: tuple[Action, ...]) -> Select[*tuple[Any, ...]]:
    return (
        select(*COLUMNS_OF_ENTRY)
        .where(col(LogEntry.ticket).in_(bindparam("numbers", expanding=True)))
        .where(col(LogEntry.action).in_([one.value for one in actions]), col(LogEntry.outcome) == Result.DONE.value)
        .order_by(col(LogEntry.seq))
    )


def latest(db: Session, desk: "Desk", number: int, actions: Iterable[Action]) -> Word | None:
    """The last of these words about a ticket. Raises LogBroken."""
    row = last_done(tuple(actions)).first(db.connection(), {"number": number})
    return None if row is None else genuine(desk, row)


@cache
def last_done(actions: tuple[Action, ...]) -> Prepared:
    """The statement that `latest` asks, to be asked together with others: `number` is the ticket's."""
    return Prepared(
        select(*COLUMNS_OF_ENTRY)
        .where(col(LogEntry.ticket) == bindparam("number"), col(LogEntry.action).in_([one.value for one in actions]))
        .where(col(LogEntry.outcome) == Result.DONE.value)
        .order_by(col(LogEntry.seq).desc())
        .limit(1)
    )


def oldest_first(db: Session, desk: "Desk", *which: ColumnElement[bool]) -> tuple[Word, ...]:
    """The entries that fulfil these conditions, done or not. Raises LogBroken."""
    rows = db.connection().execute(select(*COLUMNS_OF_ENTRY).where(*which).order_by(col(LogEntry.seq)))
    return tuple(genuine(desk, tuple(row)) for row in rows)


def last_entry(db: Session, desk: "Desk", *which: ColumnElement[bool]) -> Word | None:
    """The newest entry that fulfils these conditions, done or not. Raises LogBroken."""
    row = (
        db.connection()
        .execute(select(*COLUMNS_OF_ENTRY).where(*which).order_by(col(LogEntry.seq).desc()).limit(1))
        .first()
    )
    return None if row is None else genuine(desk, tuple(row))


def latest_of_requester(db: Session, desk: "Desk", pseudonym: str, action: Action) -> tuple[Word | None, int]:
    """The last word of this kind about a requester, whatever ticket it is on, and how many older desks wrote."""
    asked = {"requester": pseudonym, "action": action.value}
    return last_of_requester(desk, OF_REQUESTER.all(db.connection(), asked))


def last_of_requester(desk: "Desk", rows: Iterable[Row]) -> tuple[Word | None, int]:
    """The same of the rows of OF_REQUESTER. Raises LogBroken."""
    said = [genuine(desk, row) for row in rows]
    return (said[-1] if said else None), sum(word.about is None for word in said)


OF_REQUESTER = Prepared(
    select(*COLUMNS_OF_ENTRY)
    .where(col(LogEntry.requester) == bindparam("requester"), col(LogEntry.action) == bindparam("action"))
    .where(col(LogEntry.outcome) == Result.DONE.value)
    .order_by(col(LogEntry.seq))
)


def verified_numbers(db: Session, desk: "Desk", pseudonym: str) -> set[int]:
    """The tickets on which the log says that this requester was verified, ever. Raises LogBroken."""
    verified = (col(LogEntry.requester) == pseudonym, col(LogEntry.action) == Action.VERIFIED.value)
    return {word.ticket for word in oldest_first(db, desk, *verified) if word.ticket is not None}


def digest(desk: "Desk", *values: object) -> str:
    """A keyed hash of what was decided, for an entry to vouch for it without telling it."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    return hashlib.blake2b(text, key=desk.log_tag_key, digest_size=TAG_BYTES, person=b"about").hexdigest()


def _newest(actions: Iterable[Action]) -> Select[*tuple[Any, ...]]:
    """The last entry of a ticket that vouches for one of these things, by an index of its own."""
    return (
        select(*COLUMNS_OF_ENTRY)
        .where(col(LogEntry.ticket) == bindparam("number"), col(LogEntry.about).is_not(None))
        .where(or_(*(col(LogEntry.action) == one.value for one in actions)), col(LogEntry.outcome) == Result.DONE.value)
        .order_by(col(LogEntry.seq).desc())
        .limit(1)
    )


NEWEST_ASSIGNMENT = Prepared(_newest(ASSIGNING))
NEWEST_WINDOW = Prepared(_newest(WINDOWS))
NEWEST_OWNER = Prepared(_newest(OWNING))
NEWEST_KIND = Prepared(_newest(KINDS).where(col(LogEntry.about).like('%"kind":"%')))
"""For a reveal: asked in the round trip that locks the log."""

"""Who has signed which undertaking, and until when, as the access log says it (DESIGN.md, invariant 12).

Kept in memory until the newest such entry is another one: a reveal asks for its tag beside what it asks anyway.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select
from sqlmodel import col

from cs_console.access_log import legacy
from cs_console.access_log.accounts_on_record import tag_of_newest
from cs_console.access_log.vouched import COLUMNS_OF_ENTRY, genuine
from cs_console.database import Transaction
from models.columns import microseconds
from models.enums import Action, Result
from models.log import LogEntry

if TYPE_CHECKING:
    from cs_console.desk import Desk, Office


@dataclass(slots=True)
class UndertakingsRead:
    """What was read of the log last: until when (microseconds) an account, by its id, has undertaken to keep a version
    of the text; `newest` is the tag of the entry that it ended with.

    Entries of older desks name the account by its name, and do not say until when: only when it was signed.
    """

    newest: bytes | None = None
    until: Mapping[tuple[str, str], int] = field(default_factory=dict)
    signed_at_older_desks: Mapping[tuple[str, str], int] = field(default_factory=dict)


NEWEST_UNDERTAKING = tag_of_newest(Action.UNDERTAKING_ACCEPTED)
"""To be asked with whatever judges an undertaking: its answer is `newest` for `has_undertaken`."""
_ENTRIES = (
    select(*COLUMNS_OF_ENTRY)
    .where(
        col(LogEntry.action) == Action.UNDERTAKING_ACCEPTED.value,
        col(LogEntry.outcome) == Result.DONE.value,
    )
    .order_by(col(LogEntry.seq))
)


def about_undertaking(agent_id: str, version: str, until: datetime) -> dict[str, str]:
    """What the entry of a signed undertaking vouches for."""
    return {"account": agent_id, "version": version, "until": str(microseconds(until))}


def has_undertaken(transaction: Transaction, desk: "Desk", newest: bytes | None) -> bool:
    """Whether the log says that the desk's agent has signed the version in force, and its time is not over.

    `newest`: the answer to NEWEST_UNDERTAKING. Raises LogBroken.
    """
    office, rules = desk.office, desk.office.packs.current.undertaking
    read = _read(transaction, office, None if newest is None else bytes(newest))
    until = read.until.get((desk.agent.id, rules.version))
    if until is None:
        signed = read.signed_at_older_desks.get((desk.agent.name, rules.version))
        until = 0 if signed is None else signed + timedelta(days=rules.valid_days) // timedelta(microseconds=1)
    return until > microseconds(office.clock.now())


def _read(transaction: Transaction, office: "Office", newest: bytes | None) -> UndertakingsRead:
    if newest != office.undertakings_read.newest:
        if not isinstance(transaction, Connection):  # a server's light line reads one row at a time
            with office.database.reading() as session:
                return _read(session.connection(), office, newest)
        office.undertakings_read = _understood(office, newest, transaction.execute(_ENTRIES))
    return office.undertakings_read


def _understood(office: "Office", newest: bytes | None, rows: Iterable[Any]) -> UndertakingsRead:
    until: dict[tuple[str, str], int] = {}
    older: dict[tuple[str, str], int] = {}
    for row in rows:
        word = genuine(office, tuple(row))
        if word.about is not None:
            until[word.about["account"], word.about["version"]] = int(word.about["until"])
        elif version := legacy.undertaking(word):
            older[word.actor, version] = word.at
    return UndertakingsRead(newest, until, older)

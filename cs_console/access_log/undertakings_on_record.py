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
from models.columns import microseconds
from models.enums import Action, Result
from models.log import LogEntry

if TYPE_CHECKING:
    from cs_console.desk import Desk, DeskSession


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


def has_undertaken(connection: Connection, session: "DeskSession", newest: bytes | None) -> bool:
    """Whether the log says that the desk's agent has signed the version in force, and its time is not over.

    `newest`: the answer to NEWEST_UNDERTAKING. Raises LogBroken.
    """
    desk, rules = session.desk, session.desk.packs.current.undertaking
    read = _read(connection, desk, None if newest is None else bytes(newest))
    until = read.until.get((session.agent.id, rules.version))
    if until is None:
        signed = read.signed_at_older_desks.get((session.agent.name, rules.version))
        until = 0 if signed is None else signed + timedelta(days=rules.valid_days) // timedelta(microseconds=1)
    return until > microseconds(desk.clock.now())


def _read(connection: Connection, desk: "Desk", newest: bytes | None) -> UndertakingsRead:
    if newest != desk.undertakings_read.newest:
        desk.undertakings_read = _understood(desk, newest, connection.execute(_ENTRIES))
    return desk.undertakings_read


def _understood(desk: "Desk", newest: bytes | None, rows: Iterable[Any]) -> UndertakingsRead:
    until: dict[tuple[str, str], int] = {}
    older: dict[tuple[str, str], int] = {}
    for row in rows:
        word = genuine(desk, tuple(row))
        if word.about is not None:
            until[word.about["account"], word.about["version"]] = int(word.about["until"])
        elif version := legacy.undertaking(word):
            older[word.actor, version] = word.at
    return UndertakingsRead(newest, until, older)

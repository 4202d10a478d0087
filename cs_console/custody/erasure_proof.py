"""What the access log proves of erasures: nothing is destroyed without an entry of this desk that names the requester.

A row, a state or a file can be written by anyone who reaches the stores; an entry carries a tag that only the desk's
own key makes.
"""

import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from cs_console.access_log.append import about_text
from cs_console.access_log.canonical import COLUMNS, entry_bytes
from cs_console.access_log.head import entry_tag
from cs_console.access_log.merkle import leaf_hash
from cs_console.desk import Desk
from cs_console.errors import KeyDestroyed, KeyMissing
from models.columns import from_microseconds
from models.enums import Action, Result
from models.erasure import Erasure
from models.log import LogEntry

_AT, _ACTION, _OUTCOME, _ABOUT = (COLUMNS.index(name) for name in ("at", "action", "outcome", "about"))
_ENTRY = select(*(col(getattr(LogEntry, name)) for name in COLUMNS))


@dataclass(frozen=True, slots=True)
class ProvenErasure:
    """A requester, and the log's own entry of their erasure: its columns but the tag, and the tag."""

    requester_id: str
    entry: tuple[Any, ...]
    tag: bytes

    @property
    def at(self) -> datetime:
        """When it was recorded, in UTC."""
        return from_microseconds(self.entry[_AT])

    @property
    def leaf(self) -> bytes:
        """The entry's hash in the log's tree."""
        return leaf_hash(entry_bytes(self.entry))


def about_erasure(erasure: Erasure) -> Mapping[str, str]:
    """What entries about an erasure vouch for."""
    return {"erasure": erasure.id, "requester": erasure.requester_id}


def proof_of(db: Session, desk: Desk, action: Action, erasure: Erasure) -> ProvenErasure | None:
    """The log's genuine entry that this erasure was approved, or carried out; None where the log holds none.

    Entries from before they could vouch are found by their ticket, and believed if they carry the pseudonym that the
    requester's own key gives. Raises StoreUnavailable, KeyUnavailable.
    """
    owner, vouched = erasure.requester_id, about_text(about_erasure(erasure))
    found = _genuine(db, desk, action, col(LogEntry.about) == vouched)
    if found is None and (name := pseudonym_of(desk, owner)) is not None:
        same = (col(LogEntry.ticket) == erasure.ticket_number) & (col(LogEntry.requester) == name)
        found = _genuine(db, desk, action, same & col(LogEntry.about).is_(None))
    return None if found is None else ProvenErasure(owner, tuple(found[:-1]), bytes(found[-1]))


def was_erased(db: Session, desk: Desk, requester_id: str) -> bool:
    """Whether the log shows that this requester, whose key is not there, was erased. Raises StoreUnavailable."""
    known = db.scalars(select(Erasure).where(col(Erasure.requester_id) == requester_id)).all()
    action = Action.REQUESTER_ERASED
    return any(
        _genuine(db, desk, action, col(LogEntry.about) == about_text(about_erasure(erasure)))
        or _genuine(
            db,
            desk,
            action,
            col(LogEntry.ticket).is_not_distinct_from(erasure.ticket_number) & col(LogEntry.about).is_(None),
        )
        for erasure in known
    )


def erased_with_key(db: Session, desk: Desk, requester_id: str) -> bool:
    """Whether the log shows that this requester, whose key is there, was erased: by the name that the key gives."""
    name = pseudonym_of(desk, requester_id)
    if name is None:
        return False
    return _genuine(db, desk, Action.REQUESTER_ERASED, col(LogEntry.requester) == name) is not None


def count_entries(db: Session, desk: Desk, action: Action, tickets: list[int]) -> int:
    """How many genuine entries of this act the log holds about these tickets."""
    rows = db.connection().execute(
        _ENTRY.where(col(LogEntry.ticket).in_(tickets), col(LogEntry.action) == action.value)
    )
    return sum(_is_written_here(desk, row, action) for row in rows)


def is_genuine(desk: Desk, row: Sequence[Any], action: Action) -> bool:
    """Whether a row of COLUMNS is an entry that this desk wrote, of this act, done. Raises what bad types raise."""
    leaf = leaf_hash(entry_bytes(tuple(row)))
    return (
        hmac.compare_digest(entry_tag(desk.log_tag_key, leaf), bytes(row[-1]))
        and row[_ACTION] == action.value
        and row[_OUTCOME] == Result.DONE.value
    )


def names_requester(entry: Sequence[Any], requester_id: str) -> bool:
    """Whether the entry vouches for this requester; one from before entries could is vouched for by who signs it."""
    about = entry[_ABOUT]
    return about is None or json.loads(about).get("requester") == requester_id


def _genuine(db: Session, desk: Desk, action: Action, which: ColumnElement[bool]) -> Sequence[Any] | None:
    rows: Iterable[Sequence[Any]] = db.connection().execute(
        _ENTRY.where(col(LogEntry.action) == action.value, which).order_by(col(LogEntry.seq).desc())
    )
    return next((row for row in rows if _is_written_here(desk, row, action)), None)


def _is_written_here(desk: Desk, row: Sequence[Any], action: Action) -> bool:
    try:
        return is_genuine(desk, row, action)
    except (TypeError, ValueError):  # a column holds what the console never writes
        return False


def pseudonym_of(desk: Desk, owner: str) -> str | None:
    """How the log names this requester; None where no key says it any more. Raises StoreUnavailable, KeyUnavailable."""
    try:
        return desk.pseudonym(owner, desk.keyring.key(owner))
    except (KeyDestroyed, KeyMissing):
        return None

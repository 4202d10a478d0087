"""Appending to the access log, inside the caller's own transaction: no commit, no entry; no entry, no act."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session, col

from cs_console.access_log.merkle import Frontier, leaf_hash
from cs_console.errors import LogBroken
from models.columns import microseconds
from models.enums import Action, Result
from models.log import LogEntry, LogHead

if TYPE_CHECKING:
    from cs_console.desk import Desk, Office

CANONICAL_VERSION = 1
TAG_BYTES = 16

_HEAD = select(col(LogHead.size), col(LogHead.frontier), col(LogHead.tag)).where(col(LogHead.id) == 1).with_for_update()
_MOVE_HEAD = (
    update(LogHead)
    .where(col(LogHead.id) == 1)
    .values(size=bindparam("new_size"), frontier=bindparam("new_frontier"), tag=bindparam("new_tag"))
)
_INSERT = insert(LogEntry)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. It names fields, never their values; `requester` is a pseudonym."""

    action: Action
    outcome: Result = Result.DONE
    ticket: int | None = None
    requester: str | None = None
    fields: tuple[str, ...] = ()
    purpose: str = ""
    verification: str = ""
    seconds: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, from where: an account's name, its roles at that moment, a hash of its session, the host."""

    name: str
    roles: str
    session: str
    host: str


def canonical(row: tuple[object, ...]) -> bytes:
    """An entry's bytes: the RFC 8785 form of the array of its format version and columns, `seq` to `reason`."""
    return json.dumps((CANONICAL_VERSION, *row), ensure_ascii=False, separators=(",", ":")).encode()


def entry_tag(key: bytes, leaf: bytes) -> bytes:
    """A keyed hash that lets the desk name the very entry that was touched."""
    return hashlib.blake2b(leaf, key=key, digest_size=TAG_BYTES).digest()


def head_tag(key: bytes, size: int, root: bytes) -> bytes:
    """A keyed hash over the head, so that it cannot be moved without the desk's key."""
    return hashlib.blake2b(b"head" + size.to_bytes(8) + root, key=key, digest_size=TAG_BYTES).digest()


def append(session: Session, office: "Office", actor: Actor, entry: Entry, at: datetime) -> int:
    """Append one entry and return its number (from 1). It is durable when the caller's transaction commits.

    Locks the log's head until then, so that numbers have no gaps. Raises LogBroken when the head is missing or
    was moved by something else: then nothing may be shown.
    """
    connection = session.connection()
    found = connection.execute(_HEAD).first()
    if found is None:
        raise LogBroken("The access log has no head.", "Nothing was shown; run `cs-console log verify`.")
    key = office.log_tag_key
    try:
        frontier = Frontier(found[0], found[1])
    except ValueError:
        frontier = Frontier()
    if frontier.size != found[0] or head_tag(key, frontier.size, frontier.root()) != found[2]:
        raise LogBroken("The access log's head was changed.", "Nothing was shown; run `cs-console log verify`.")
    seq = frontier.size + 1
    row = (
        seq,
        microseconds(at),
        actor.name,
        actor.roles,
        actor.session,
        actor.host,
        entry.action.value,
        entry.ticket,
        entry.requester,
        ",".join(entry.fields),
        entry.purpose,
        entry.verification,
        entry.outcome.value,
        entry.seconds,
        entry.reason,
    )
    leaf = leaf_hash(canonical(row))
    connection.execute(_INSERT, dict(zip(COLUMNS, (*row, entry_tag(key, leaf)), strict=True)))
    frontier.append(leaf)
    moved = {
        "new_size": seq,
        "new_frontier": frontier.packed(),
        "new_tag": head_tag(key, seq, frontier.root()),
    }
    connection.execute(_MOVE_HEAD, moved)
    return seq


COLUMNS = (
    "seq",
    "at",
    "actor",
    "roles",
    "session",
    "host",
    "action",
    "ticket",
    "requester",
    "fields",
    "purpose",
    "verification",
    "outcome",
    "seconds",
    "reason",
    "tag",
)


def record(session: Session, desk: "Desk", entry: Entry) -> int:
    """Append an entry about something the desk's agent did, at the desk's own time."""
    return append(session, desk.office, desk.actor, entry, desk.office.clock.now())


def start_log(session: Session, office: "Office") -> None:
    """Give an empty store its log head."""
    frontier = Frontier()
    tag = head_tag(office.log_tag_key, 0, frontier.root())
    session.add(LogHead(id=1, size=0, frontier=b"", tag=tag))

"""Redacting earlier texts again once more is known of their requester: ticket by ticket, some each minute.

A ticket's mark goes with the last of its texts, so whatever breaks off is done again from its beginning. What was
hidden stays hidden: only more is replaced. Nothing is redacted while a lock is held.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.access_log.append import append
from cs_console.access_log.entry import Entry
from cs_console.custody.contacts import known_values
from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.redaction import redact
from cs_console.custody.safe_views import open_safe
from cs_console.custody.search_queue import index_later, take_out
from cs_console.custody.ticket_keys import TicketKeys, opened_keys
from cs_console.desk import Desk
from cs_console.errors import ConsoleError, KeyDestroyed, SealBroken, StoreUnavailable
from models.enums import Action
from models.message import Message
from models.ticket import Ticket

SECONDS = 5.0
"""How long one call goes on beginning new tickets."""
AT_ONCE_SECONDS = 1.0
MOST = 500
AT_ONCE = 40
"""Messages of a ticket that are read, redacted and written in one go."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A ticket that waits, as it was when its terms were read."""

    number: int
    mark: int
    requester_id: str
    regions: tuple[str, ...]
    keys: TicketKeys
    known: KnownTerms


@dataclass(frozen=True, slots=True)
class _Text:
    """A redacted text: which one, and how it is stored."""

    table: type[Ticket] | type[Message]
    column: str
    row: str
    sealed: bytes


def redact_waiting(desk: Desk, seconds: float = SECONDS) -> int:
    """Redact tickets that wait, for about so many seconds, and return how many were done.

    Each is on record. One whose key cannot be had goes on waiting, and so does one of which more became known
    meanwhile. Raises StoreUnavailable.
    """
    begun, done = time.monotonic(), 0
    with desk.database.reading() as db:
        due = select(col(Ticket.number)).where(col(Ticket.redaction_due).is_not(None))
        numbers = list(db.connection().execute(due.order_by(col(Ticket.number)).limit(MOST)).scalars())
    for number in numbers:
        try:
            done += _redact_ticket(desk, number)
        except StoreUnavailable:
            raise
        except ConsoleError:
            continue
        if time.monotonic() - begun > seconds:
            break
    return done


def redact_soon(desk: Desk) -> None:
    """Redact at once what was just marked, as far as a moment allows, after the change was committed.

    What is left, and any obstacle, is for the upkeep: the change itself is done.
    """
    with suppress(ConsoleError):
        redact_waiting(desk, AT_ONCE_SECONDS)


def _redact_ticket(desk: Desk, number: int) -> bool:
    waiting = _waiting(desk, number)
    if waiting is None:
        return False
    for texts in _texts(desk, number):
        if not _replace(desk, waiting, texts):
            return False
    return _finish(desk, waiting)


def _waiting(desk: Desk, number: int) -> _Waiting | None:
    with desk.database.reading() as db:
        found = db.connection().execute(
            select(col(Ticket.redaction_due), col(Ticket.requester_id), col(Ticket.sealed_key), col(Ticket.pack)).where(
                col(Ticket.number) == number
            )
        )
        row = found.first()
        if row is None or row.redaction_due is None:
            return None
        requester_id = row.requester_id
        regions = desk.packs.get(row.pack).meta.regions
        try:
            keys = opened_keys(requester_id, desk.keyring.key(requester_id), number, row.sealed_key)
        except KeyDestroyed:
            if row.sealed_key == b"":
                _forget(desk, number)
            raise
        known = known_values(db, desk, requester_id, keys.requester_key, keys)
    return _Waiting(number, row.redaction_due, requester_id, regions, keys, known)


def _forget(desk: Desk, number: int) -> None:
    """Nothing is left to redact on a ticket that was erased."""
    with desk.database.transaction() as db:
        db.connection().execute(
            update(Ticket).where(col(Ticket.number) == number, col(Ticket.sealed_key) == b"").values(redaction_due=None)
        )


def _texts(desk: Desk, number: int) -> Iterator[list[_Text]]:
    """The ticket's redacted texts, some at a time."""
    with desk.database.reading() as db:
        subject = select(col(Ticket.subject_redacted)).where(col(Ticket.number) == number)
        sealed = db.connection().execute(subject).scalar_one()
    texts = [_Text(Ticket, "subject_redacted", str(number), sealed)]
    after = ""
    while texts:
        yield texts
        with desk.database.reading() as db:
            rows = db.connection().execute(
                select(col(Message.id), col(Message.text_redacted))
                .where(col(Message.ticket_number) == number, col(Message.id) > after)
                .order_by(col(Message.id))
                .limit(AT_ONCE)
            )
            texts = [_Text(Message, "text_redacted", row, sealed) for row, sealed in rows]
        after = texts[-1].row if texts else after


def _replace(desk: Desk, waiting: _Waiting, texts: list[_Text]) -> bool:
    """Store what comes out different; False where a text is not any more what was read."""
    made: list[tuple[_Text, bytes]] = []
    for text in texts:
        place = waiting.keys.place(str(text.table.__tablename__), text.column, text.row)
        try:
            before = open_safe(waiting.keys.key, place, text.sealed)
        except SealBroken:  # shown to no one either
            continue
        after = redact(before, waiting.regions, waiting.known)
        if after != before:
            made.append((text, waiting.keys.seal(str(text.table.__tablename__), text.column, text.row, after)))
    if not made:
        return True
    with desk.database.transaction() as db:
        return all(_stored(db, text, sealed) for text, sealed in made)


def _stored(db: Session, text: _Text, sealed: bytes) -> bool:
    if text.table is Ticket:
        statement = (
            update(Ticket)
            .where(col(Ticket.number) == int(text.row), col(Ticket.subject_redacted) == text.sealed)
            .values(subject_redacted=sealed)
        )
    else:
        statement = (
            update(Message)
            .where(col(Message.id) == text.row, col(Message.text_redacted) == text.sealed)
            .values(text_redacted=sealed)
        )
    return db.connection().execute(statement).rowcount == 1


def _finish(desk: Desk, waiting: _Waiting) -> bool:
    """Show the texts again and put it on record, if nothing more became known and the ticket is the same person's.

    No word that was just hidden finds the ticket; the others do once it is indexed again.
    """
    with desk.database.transaction() as db:
        shown = db.connection().execute(
            update(Ticket)
            .where(
                col(Ticket.number) == waiting.number,
                col(Ticket.redaction_due) == waiting.mark,
                col(Ticket.requester_id) == waiting.requester_id,
            )
            .values(redaction_due=None)
        )
        if shown.rowcount != 1:
            return False
        take_out(db, [waiting.number])
        index_later(db, waiting.number)
        pseudonym = desk.pseudonym(waiting.requester_id, waiting.keys.requester_key)
        entry = Entry(Action.REDACTED_AGAIN, ticket=waiting.number, requester=pseudonym)
        append(db, desk, desk.own_actor, entry, desk.clock.now())
    return True

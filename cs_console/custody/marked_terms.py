"""What an agent marked on a ticket because redaction had missed it: kept sealed, hidden wherever that ticket is read.

A mark can be removed. Then the texts are redacted again from what was sealed, as far as they are exactly what redaction
made of them; one that was hidden in another way stays as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.custody.contacts import known_values
from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.opening import open_text
from cs_console.custody.redaction import redact
from cs_console.custody.safe_views import open_safe
from cs_console.custody.search_queue import index_later
from cs_console.custody.ticket_keys import TicketKeys
from cs_console.desk import Desk
from cs_console.errors import SealBroken
from models.columns import new_id
from models.marked_term import MarkedTerm
from models.message import Message
from models.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on a ticket, without its words."""

    id: str
    agent_id: str
    at: datetime
    words: int
    """How many words it hides."""


@dataclass(frozen=True, slots=True)
class _Text:
    table: type[Ticket] | type[Message]
    original: str
    shown: str
    row: str
    sealed: bytes
    sealed_shown: bytes


def add_mark(db: Session, keys: TicketKeys, agent_id: str, words: str, at: datetime) -> str:
    """Keep these words for the ticket, in the caller's transaction, and return the mark's id."""
    mark_id = new_id()
    sealed = keys.seal("marked_term", "words", mark_id, words)
    db.add(MarkedTerm(id=mark_id, ticket_number=keys.number, agent_id=agent_id, words=sealed, marked_at=at))
    db.flush()
    return mark_id


def remove_mark(db: Session, number: int, mark_id: str, at: datetime) -> bool:
    """Have a mark of the ticket hide nothing any more; False where there is no such mark."""
    done = db.connection().execute(
        update(MarkedTerm)
        .where(
            col(MarkedTerm.id) == mark_id,
            col(MarkedTerm.ticket_number) == number,
            col(MarkedTerm.removed_at).is_(None),
        )
        .values(removed_at=at)
    )
    return done.rowcount == 1


def marks_of(db: Session, keys: TicketKeys) -> tuple[Mark, ...]:
    """The marks that hide something on the ticket, the newest first. Raises SealBroken."""
    rows = db.connection().execute(
        select(col(MarkedTerm.id), col(MarkedTerm.agent_id), col(MarkedTerm.marked_at), col(MarkedTerm.words))
        .where(col(MarkedTerm.ticket_number) == keys.number, col(MarkedTerm.removed_at).is_(None))
        .order_by(col(MarkedTerm.marked_at).desc(), col(MarkedTerm.id))
    )
    return tuple(
        Mark(
            mark_id, agent_id, at, len(open_text(keys.key, keys.place("marked_term", "words", mark_id), sealed).split())
        )
        for mark_id, agent_id, at, sealed in rows.all()
    )


def known_then(db: Session, desk: Desk, keys: TicketKeys) -> KnownTerms:
    """What redaction looks for on this ticket now, its marks among it."""
    return known_values(db, desk, keys.requester_id, keys.requester_key, keys)


def show_again(desk: Desk, keys: TicketKeys, regions: tuple[str, ...], before: KnownTerms, now: KnownTerms) -> int:
    """Redact the ticket's texts again from their originals where a removed mark hid something; return how many changed.

    Nothing is redacted while a lock is held, and a text that changed meanwhile keeps what was made of it.
    """
    changed = 0
    with desk.database.reading() as db:
        texts = list(_texts(db, keys.number))
    for text in texts:
        table = str(text.table.__tablename__)
        try:
            original = open_text(keys.key, keys.place(table, text.original, text.row), text.sealed)
            shown = open_safe(keys.key, keys.place(table, text.shown, text.row), text.sealed_shown)
        except SealBroken:  # shown to no one either
            continue
        again = redact(original, regions, now)
        if again == shown or redact(original, regions, before) != shown:
            continue
        changed += _store(desk, keys.number, text, keys.seal(table, text.shown, text.row, again))
    return changed


def _texts(db: Session, number: int) -> Iterator[_Text]:
    run = db.connection().execute
    subject = run(select(col(Ticket.subject), col(Ticket.subject_redacted)).where(col(Ticket.number) == number)).one()
    yield _Text(Ticket, "subject", "subject_redacted", str(number), *subject)
    lines = run(
        select(col(Message.id), col(Message.text), col(Message.text_redacted)).where(
            col(Message.ticket_number) == number
        )
    )
    for row, sealed, sealed_shown in lines:
        yield _Text(Message, "text", "text_redacted", row, sealed, sealed_shown)


def _store(desk: Desk, number: int, text: _Text, sealed: bytes) -> bool:
    if text.table is Ticket:
        same = (col(Ticket.number) == int(text.row), col(Ticket.subject_redacted) == text.sealed_shown)
        statement = update(Ticket).where(*same).values(subject_redacted=sealed)
    else:
        same = (col(Message.id) == text.row, col(Message.text_redacted) == text.sealed_shown)
        statement = update(Message).where(*same).values(text_redacted=sealed)
    with desk.database.transaction() as db:
        index_later(db, number)
        return db.connection().execute(statement).rowcount == 1

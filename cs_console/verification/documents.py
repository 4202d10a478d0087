"""Documents that were sent for a verification: deleted when the pack says so, by the upkeep (POLICY.md)."""

from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlmodel import Session, col

from cs_console.access_log.append import append
from cs_console.access_log.entry import Entry
from cs_console.access_log.vouched import words
from cs_console.custody.disclosure import DOCUMENT, VERIFICATION
from cs_console.custody.holds_on_record import held_until
from cs_console.database import empty_journal
from cs_console.desk import Desk
from cs_console.errors import ConsoleError, StoreUnavailable
from cs_console.tickets.ticket_record import TicketFacts, facts, pseudonym
from models.attachment import Attachment
from models.enums import Action, TicketState
from models.message import Message
from models.ticket import Ticket

BATCH = 500
MOST = 200
"""Files that one call deletes before it leaves the rest for the next minute."""


def delete_documents(desk: Desk) -> int:
    """Destroy the content of documents whose time is over; returns how many. Their labels stay, with the day.

    Only what the log says a verifier opened for a verification is such a document. Of a requester whose data is held,
    nothing is deleted while it is. A ticket that cannot be worked with does not hold up the others. Raises
    StoreUnavailable, TimeNotConfirmed.
    """
    desk.require_believed_time()
    deleted = 0
    with desk.database.reading() as db:
        numbers = _closed(db, _with_documents(db))
    for number in numbers:
        if deleted >= MOST:
            break
        try:
            deleted += _delete_of(desk, number)
        except StoreUnavailable:
            raise
        except ConsoleError:  # erased, changed by hand
            continue
    if deleted:
        empty_journal(desk.database.engine)
    return deleted


def _with_documents(db: Session) -> list[int]:
    """The tickets on which documents are kept: few, and found by an index of their own."""
    kept = (col(Attachment.seen_at).is_not(None), col(Attachment.deleted_at).is_(None))
    found = select(col(Message.ticket_number)).join(Attachment, col(Attachment.message_id) == col(Message.id))
    return sorted(set(db.connection().execute(found.where(*kept)).scalars()))


def _closed(db: Session, numbers: list[int]) -> list[int]:
    """Those of these tickets that are closed, and whose requester is not erased."""
    closed: list[int] = []
    not_erased = or_(col(Ticket.sealed_key).is_(None), col(Ticket.sealed_key) != b"")
    for start in range(0, len(numbers), BATCH):
        some = col(Ticket.number).in_(numbers[start : start + BATCH])
        found = select(col(Ticket.number)).where(some, col(Ticket.state) == TicketState.CLOSED.value, not_erased)
        closed += db.connection().execute(found.order_by(col(Ticket.number))).scalars()
    return closed


def _delete_of(desk: Desk, number: int) -> int:
    with desk.database.transaction() as db:
        db.get_one(Ticket, number, with_for_update=True)
        ticket = facts(db, number)
        if not _is_due(db, desk, ticket):
            return 0
        now, whose = desk.clock.now(), pseudonym(desk, ticket.requester_id)
        files = sorted(_documents(db, desk, number))
        for file in files:
            gone = update(Attachment).where(col(Attachment.id) == file, col(Attachment.deleted_at).is_(None))
            if db.connection().execute(gone.values(content=b"", deleted_at=now)).rowcount:
                entry = Entry(
                    Action.DOCUMENT_DELETED,
                    ticket=number,
                    requester=whose,
                    purpose=VERIFICATION,
                    about={DOCUMENT: file},
                )
                append(db, desk, desk.own_actor, entry, now)
        return len(files)


def _is_due(db: Session, desk: Desk, ticket: TicketFacts) -> bool:
    if ticket.state is not TicketState.CLOSED or ticket.closed_at is None:
        return False
    days = desk.packs.get(ticket.pack).verification.documents.delete_after_days
    now = desk.clock.now()
    return ticket.closed_at + timedelta(days=days) <= now and not held_until(db, desk, [ticket.requester_id], now)


def _documents(db: Session, desk: Desk, number: int) -> set[str]:
    """The ticket's files that are there and that the log says were opened for a verification."""
    stored = db.connection().execute(
        select(col(Attachment.id))
        .join(Message, col(Message.id) == col(Attachment.message_id))
        .where(col(Message.ticket_number) == number, col(Attachment.deleted_at).is_(None))
    )
    opened = words(db, desk, [number], (Action.ATTACHMENT_OPENED,))
    return set(stored.scalars()) & {word.about[DOCUMENT] for word in opened if word.about and DOCUMENT in word.about}

"""Handing a ticket over to another requester: its key is sealed under theirs, and no word of it is sealed again."""

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.custody.erasure_proof import pseudonym_of
from cs_console.custody.holds_on_record import copy_of
from cs_console.custody.opening import open_sealed
from cs_console.custody.redaction_queue import redact_ticket_later
from cs_console.custody.ticket_key_upgrade import give_key
from cs_console.custody.ticket_keys import TicketKeys, sealed_for, ticket_keys
from cs_console.desk import Desk
from cs_console.errors import StoreBusy
from models.contact import Contact
from models.enums import Link
from models.erasure import Hold
from models.ticket import Ticket


def hand_over(db: Session, desk: Desk, number: int, to_id: str, link: Link) -> TicketKeys:
    """Make a ticket another requester's, in the caller's transaction, and return its keys as they are then.

    The caller holds the ticket's row. What its messages claim goes with it; what is on file with either stays theirs. A
    hold that was placed on the ticket holds both from then on: handing over ends none, and tells no one of any. Raises
    KeyDestroyed.
    """
    give_key(db, desk, number)
    keys = ticket_keys(db, desk, number)
    if keys.owner == keys.requester_id:
        raise StoreBusy("Another console is sealing this ticket.")
    to_key = desk.keyring.key(to_id)
    sealed_key = sealed_for(to_id, to_key, number, keys.key)
    db.connection().execute(
        update(Ticket)
        .where(col(Ticket.number) == number)
        .values(requester_id=to_id, sealed_key=sealed_key, link=link, version=col(Ticket.version) + 1)
    )
    db.connection().execute(update(Contact).where(col(Contact.ticket_number) == number).values(requester_id=to_id))
    redact_ticket_later(db, number)  # what is on file with them is another's now
    _hold_both(db, desk, number, to_id, keys)
    return TicketKeys(to_id, to_key, keys.owner, keys.key, number)


def _hold_both(db: Session, desk: Desk, number: int, to_id: str, keys: TicketKeys) -> None:
    """Give them rows of the holds too. That they are held is not said by these: the log's entry of the handing does."""
    on_it = list(db.scalars(select(Hold).where(col(Hold.ticket_number) == number)))
    name = desk.pseudonym(to_id, desk.keyring.key(to_id))
    in_force = [hold for hold in on_it if hold.lifted_at is None and hold.until > desk.clock.now()]
    for first, hold in {_first(desk, hold, on_it): hold for hold in in_force}.items():
        copy = copy_of(desk, first, name)
        if any(other.requester_id == to_id and other.id in (first, copy) for other in in_force):
            continue
        known = next((other for other in on_it if other.id == copy), None)
        if known is not None:  # it was lifted from them, and the ticket has come back
            known.lifted_at, known.lifted_by = None, None
            db.add(known)
            continue
        note = open_sealed(keys.key, keys.place("hold", "note", hold.id), hold.note)
        db.add(
            Hold(
                **hold.model_dump(exclude={"id", "requester_id", "note"}),
                id=copy,
                requester_id=to_id,
                note=keys.seal("hold", "note", copy, note),
            )
        )
    db.flush()


def _first(desk: Desk, hold: Hold, on_it: list[Hold]) -> str:
    """The id of the hold as it was placed, of which this row may be a copy."""
    name = pseudonym_of(desk, hold.requester_id)
    copies = (one.id for one in on_it if name is not None and copy_of(desk, one.id, name) == hold.id)
    return next(copies, hold.id)

"""Handing a ticket over to another requester: its key is sealed under theirs, and no word of it is sealed again."""

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.custody.opening import open_sealed
from cs_console.custody.redaction_queue import redact_ticket_later
from cs_console.custody.ticket_key_upgrade import give_key
from cs_console.custody.ticket_keys import TicketKeys, sealed_for, ticket_keys
from cs_console.desk import Office
from cs_console.errors import StoreBusy
from models.columns import new_id
from models.contact import Contact
from models.enums import Link
from models.erasure import Hold
from models.ticket import Ticket


def hand_over(session: Session, office: Office, number: int, to_id: str, link: Link) -> TicketKeys:
    """Make a ticket another requester's, in the caller's transaction, and return its keys as they are then.

    The caller holds the ticket's row. What its messages claim goes with it; what is on file with either stays theirs. A
    hold that was placed on the ticket holds both from then on: handing over ends none, and tells no one of any. Raises
    KeyDestroyed.
    """
    give_key(session, office, number)
    keys = ticket_keys(session, office, number)
    if keys.owner == keys.requester_id:
        raise StoreBusy("Another console is sealing this ticket.")
    to_key = office.keyring.key(to_id)
    sealed_key = sealed_for(to_id, to_key, number, keys.key)
    session.connection().execute(
        update(Ticket)
        .where(col(Ticket.number) == number)
        .values(requester_id=to_id, sealed_key=sealed_key, link=link, row=col(Ticket.row) + 1)
    )
    session.connection().execute(update(Contact).where(col(Contact.ticket_number) == number).values(requester_id=to_id))
    redact_ticket_later(session, number)  # what is on file with them is another's now
    _hold_both(session, office, number, to_id, keys)
    return TicketKeys(to_id, to_key, keys.owner, keys.key, number)


def _hold_both(session: Session, office: Office, number: int, to_id: str, keys: TicketKeys) -> None:
    in_force = select(Hold).where(
        col(Hold.ticket_number) == number, col(Hold.lifted_at).is_(None), col(Hold.until) > office.clock.now()
    )
    held = list(session.scalars(in_force))
    for hold in held:
        if any(other.requester_id == to_id and other.placed_at == hold.placed_at for other in held):
            continue
        copy, note = new_id(), open_sealed(keys.key, keys.place("hold", "note", hold.id), hold.note)
        session.add(
            Hold(
                **hold.model_dump(exclude={"id", "requester_id", "note"}),
                id=copy,
                requester_id=to_id,
                note=keys.seal("hold", "note", copy, note),
            )
        )
    session.flush()

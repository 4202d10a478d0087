"""To which contacts of a ticket's requester may be written, and to which a letter goes when no one chooses.

To a person on file: at their contacts on file, and not at one that another account has as well (a number that was given
up, a family) while there is one of theirs alone, unless the ticket came from there. Where a ticket has no account: to
the exact address its own message came from. Never to an address in a form's fields: anyone can type any address there,
until its owner has answered the acknowledgement (`acknowledging.py`).
"""

from dataclasses import replace

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from cs_console.access_log.standing import channel_on_record
from cs_console.custody.contacts import OWN_ADDRESS, on_file_with_another
from cs_console.desk import Desk
from cs_console.tickets.ticket_record import TicketFacts
from models.contact import Contact
from models.enums import Channel, Field, Link, MessageSort
from models.message import Message
from models.verification import Verification


def where_to_write(db: Session, desk: Desk, ticket: TicketFacts, *, claimed: bool = False) -> str | None:
    """Where a letter goes: the contact that the identity was proved with, else on file an e-mail, else a mobile.

    With `claimed`, where the ticket has no account, also to the address that its own message came from.
    """
    ticket = _as_it_came(db, desk, ticket)
    if ticket.link is Link.NONE:
        return _first(db, select(col(Contact.id)).where(_own_address(ticket))) if claimed else None
    on_file = select(col(Contact.id)).where(_on_file(ticket))
    proved = on_file.join(Verification, col(Verification.contact_id) == col(Contact.id)).where(
        col(Verification.ticket_number) == ticket.number, col(Contact.field).in_((Field.EMAIL, Field.MOBILE))
    )
    found = _first(db, proved.order_by(col(Verification.verified_at).desc()))
    for field in (Field.EMAIL, Field.MOBILE):
        newest = on_file.where(col(Contact.field) == field).order_by(col(Contact.changed_at).desc())
        found = found or _first(db, newest)
    return found


def may_write_to(db: Session, desk: Desk, ticket: TicketFacts) -> frozenset[str]:
    """The contacts that an agent's reply on this ticket may go to.

    One that the verified requester named (`e`) is among them: it is theirs, though the platform has not confirmed it.
    """
    ticket = _as_it_came(db, desk, ticket)
    by_hand = and_(
        col(Contact.requester_id) == ticket.requester_id,
        col(Contact.ticket_number).is_(None),
        col(Contact.on_file).is_(False),
        col(Contact.replaced_at).is_(None),
    )
    theirs = _own_address(ticket) if ticket.link is Link.NONE else _on_file(ticket)
    found = db.connection().execute(select(col(Contact.id)).where(or_(theirs, by_hand)))
    return frozenset(found.scalars())


def _as_it_came(db: Session, desk: Desk, ticket: TicketFacts) -> TicketFacts:
    """The ticket with the channel that the log says: a form that its row calls a mail would be written to."""
    return replace(ticket, channel=channel_on_record(db, desk, ticket.number, ticket.channel))


def _on_file(ticket: TicketFacts) -> ColumnElement[bool]:
    """A contact on file with only this account, or the exact address that the ticket came from.

    A person whose contacts are all shared with another account is written to anyway.
    """
    claim, own = aliased(Contact), aliased(Contact)
    came_from = exists().where(
        col(claim.ticket_number) == ticket.number,
        col(claim.field) == OWN_ADDRESS.get(ticket.channel, ""),
        col(claim.field) == col(Contact.field),
        col(claim.lookup) == col(Contact.lookup),
    )
    theirs_alone = exists().where(
        col(own.requester_id) == ticket.requester_id,
        col(own.on_file).is_(True),
        col(own.replaced_at).is_(None),
        col(own.lookup).is_not(None),
        ~on_file_with_another(own),
    )
    return and_(
        col(Contact.requester_id) == ticket.requester_id,
        col(Contact.on_file).is_(True),
        col(Contact.replaced_at).is_(None),
        or_(~on_file_with_another(), came_from.correlate(Contact), ~theirs_alone),
    )


def _own_address(ticket: TicketFacts) -> ColumnElement[bool]:
    came_from = col(Contact.field) == OWN_ADDRESS.get(ticket.channel, "")
    if ticket.channel is Channel.FORM:
        # a mail joins a form's ticket only from its address, as an answer to the acknowledgement
        answered = exists().where(
            col(Message.ticket_number) == ticket.number,
            col(Message.sort) == MessageSort.RECEIVED,
            col(Message.channel) == Channel.MAIL,
            col(Message.unconfirmed).is_(False),
        )
        came_from = and_(col(Contact.field) == Field.EMAIL, answered)
    return and_(
        col(Contact.ticket_number) == ticket.number,
        col(Contact.on_file).is_(False),
        col(Contact.replaced_at).is_(None),
        came_from,
    )


def _first(db: Session, wanted: Select[str]) -> str | None:
    found = db.connection().execute(wanted.limit(1)).scalar()
    return None if found is None else str(found)

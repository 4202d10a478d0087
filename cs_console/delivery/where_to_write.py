"""To which contacts of a ticket's requester may be written, and to which a letter goes when no one chooses.

To a person on file: at their contacts on file, and not at one that another account has as well (a number that was given
up, a family) while there is one of theirs alone, unless the ticket came from there. Where a ticket has no account: to
the exact address its own message came from. Never to an address in a form's fields: anyone can type any address there,
until its owner has answered the acknowledgement (`acknowledging.py`).
"""

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from cs_console.access_log.standing import channel_on_record
from cs_console.custody.contacts import OWN_ADDRESS, on_file_with_another
from cs_console.desk import Desk
from cs_console.prepared import Prepared
from cs_console.tickets.ticket_record import TicketFacts
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Channel, Link, MessageSort
from models.message import Message
from models.verification import Verification


def _on_file() -> ColumnElement[bool]:
    """A contact on file with only this account, or the exact address that the ticket came from.

    A person whose contacts are all shared with another account is written to anyway.
    """
    claim, own = aliased(Contact), aliased(Contact)
    came_from = exists().where(
        col(claim.ticket_number) == bindparam("number"),
        col(claim.field) == bindparam("came_by"),
        col(claim.field) == col(Contact.field),
        col(claim.lookup) == col(Contact.lookup),
    )
    theirs_alone = exists().where(
        col(own.requester_id) == bindparam("owner"),
        col(own.on_file).is_(True),
        col(own.replaced_at).is_(None),
        col(own.lookup).is_not(None),
        ~on_file_with_another(own),
    )
    return and_(
        col(Contact.requester_id) == bindparam("owner"),
        col(Contact.on_file).is_(True),
        col(Contact.replaced_at).is_(None),
        or_(~on_file_with_another(), came_from.correlate(Contact), ~theirs_alone),
    )


def _own_address(came_from: ColumnElement[bool]) -> ColumnElement[bool]:
    """What the ticket itself names its sender by, as far as it `came_from` there."""
    return and_(
        col(Contact.ticket_number) == bindparam("number"),
        col(Contact.on_file).is_(False),
        col(Contact.replaced_at).is_(None),
        came_from,
    )


def _answered() -> ColumnElement[bool]:
    """A form's address whose owner has answered: a mail joins a form's ticket only from it, as an answer to the
    acknowledgement."""
    answered = exists().where(
        col(Message.ticket_number) == bindparam("number"),
        col(Message.sort) == MessageSort.RECEIVED.value,
        col(Message.channel) == Channel.MAIL.value,
        col(Message.unconfirmed).is_(False),
    )
    return and_(col(Contact.field) == Field.EMAIL.value, answered)


_BY_HAND = and_(
    col(Contact.requester_id) == bindparam("owner"),
    col(Contact.ticket_number).is_(None),
    col(Contact.on_file).is_(False),
    col(Contact.replaced_at).is_(None),
)
_ID = select(col(Contact.id))
_THEIRS = {
    "person": _on_file(),
    "sender": _own_address(col(Contact.field) == bindparam("came_by")),
    "form": _own_address(_answered()),
}
"""Whose contacts a letter may go to: a person on file, an unverified sender, one who wrote into a form."""
_MAY = {kind: Prepared(_ID.where(or_(theirs, _BY_HAND))) for kind, theirs in _THEIRS.items()}
_FIRST = {kind: Prepared(_ID.where(theirs).limit(1)) for kind, theirs in _THEIRS.items()}
_PROVED = Prepared(
    _ID.where(_THEIRS["person"], col(Contact.field).in_((Field.EMAIL.value, Field.MOBILE.value)))
    .join(Verification, col(Verification.contact_id) == col(Contact.id))
    .where(col(Verification.ticket_number) == bindparam("number"))
    .order_by(col(Verification.verified_at).desc())
    .limit(1)
)
_NEWEST = Prepared(
    _ID.where(_THEIRS["person"], col(Contact.field) == bindparam("field"))
    .order_by(col(Contact.changed_at).desc())
    .limit(1)
)


def where_to_write(db: Session, desk: Desk, ticket: TicketFacts, *, claimed: bool = False) -> str | None:
    """Where a letter goes: the contact that the identity was proved with, else on file an e-mail, else a mobile.

    With `claimed`, where the ticket has no account, also to the address that its own message came from.
    """
    kind, asked = _asked(db, desk, ticket)
    if ticket.link is Link.NONE:
        return _first(db, _FIRST[kind], asked) if claimed else None
    found = _first(db, _PROVED, asked)
    for field in (Field.EMAIL, Field.MOBILE):
        found = found or _first(db, _NEWEST, {**asked, "field": field.value})
    return found


def may_write_to(db: Session, desk: Desk, ticket: TicketFacts) -> frozenset[str]:
    """The contacts that an agent's reply on this ticket may go to.

    One that the verified requester named (`e`) is among them: it is theirs, though the platform has not confirmed it.
    """
    kind, asked = _asked(db, desk, ticket)
    return frozenset(str(row[0]) for row in _MAY[kind].all(db.connection(), asked))


def _asked(db: Session, desk: Desk, ticket: TicketFacts) -> tuple[str, dict[str, object]]:
    """Whose contacts they are, and what the statements are asked with. The channel is the one that the log says: a form
    that its row calls a mail would be written to."""
    channel = channel_on_record(db, desk, ticket.number, ticket.channel)
    came_by = OWN_ADDRESS.get(channel)
    asked = {"number": ticket.number, "owner": ticket.requester_id, "came_by": came_by.value if came_by else ""}
    if ticket.link is not Link.NONE:
        return "person", asked
    return "form" if channel is Channel.FORM else "sender", asked


def _first(db: Session, wanted: Prepared, asked: dict[str, object]) -> str | None:
    found = wanted.first(db.connection(), asked)
    return None if found is None else str(found[0])

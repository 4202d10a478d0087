"""To which of a requester's contacts a letter goes when nobody chooses one."""

from itertools import product

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.tickets.ticket_facts import TicketFacts
from models.contact import Contact
from models.enums import Field
from models.verification import Verification


def where_to_write(session: Session, ticket: TicketFacts, *, claimed: bool = False) -> str | None:
    """Where a letter goes: the contact that the identity was proved with, else on file an e-mail, else a mobile.

    With `claimed` also to one that a message only claims, where none is on file.
    """
    verified = (
        select(col(Contact.id))
        .join(Verification, col(Verification.contact_id) == col(Contact.id))
        .where(col(Verification.ticket_number) == ticket.number, col(Contact.replaced_at).is_(None))
        .where(col(Contact.field).in_((Field.EMAIL, Field.MOBILE)))
        .order_by(col(Verification.verified_at).desc())
        .limit(1)
    )
    found = session.connection().execute(verified).scalar()
    if found is not None:
        return str(found)
    for on_file, field in product((True, False) if claimed else (True,), (Field.EMAIL, Field.MOBILE)):
        newest = (
            select(col(Contact.id))
            .where(col(Contact.requester_id) == ticket.requester_id, col(Contact.field) == field)
            .where(col(Contact.on_file).is_(on_file), col(Contact.replaced_at).is_(None))
            .order_by(col(Contact.changed_at).desc())
            .limit(1)
        )
        found = session.connection().execute(newest).scalar()
        if found is not None:
            return str(found)
    return None

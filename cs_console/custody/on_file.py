"""Putting a contact on file: the platform's own record of its user, which replaces the one before it."""

from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.custody.contacts import NewContact, add_contact
from cs_console.custody.opening import open_text
from cs_console.custody.sealing import Place
from cs_console.desk import Office
from models.contact import Contact
from models.enums import Field


def set_on_file(
    session: Session,
    office: Office,
    requester_id: str,
    key: bytes,
    field: Field,
    value: str,
    changed_at: datetime,
) -> bool:
    """Make `value` (phones and e-mails normalised) what is on file, inside the caller's transaction.

    Returns whether that changed anything. What was on file before stays sealed (policy V.1), and so does an equal
    claim, but neither is used any more.
    """
    rows = session.connection().execute(
        select(col(Contact.id), col(Contact.value), col(Contact.on_file)).where(
            col(Contact.requester_id) == requester_id,
            col(Contact.field) == field,
            col(Contact.replaced_at).is_(None),
        )
    )
    over: list[str] = []
    for row, sealed, on_file in rows.all():
        same = open_text(key, Place(requester_id, "contact", "value", row), sealed) == value
        if same and on_file:
            return False
        if same or on_file:
            over.append(row)
    session.connection().execute(
        update(Contact).where(col(Contact.id).in_(over)).values(replaced_at=office.clock.now())
    )
    add_contact(session, office, requester_id, key, NewContact(field, value, True, changed_at))
    return True

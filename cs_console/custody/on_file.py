"""Putting a contact on file: the platform's own record of its user, which replaces the one before it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.custody.contacts import NewContact, add_contact
from cs_console.custody.opening import open_text
from cs_console.custody.sealing import Place
from cs_console.desk import Desk
from models.contact import Contact
from models.contact_fields import Field


def set_on_file(
    db: Session,
    desk: Desk,
    requester_id: str,
    key: bytes,
    field: Field,
    value: str,
    changed_at: datetime,
) -> bool:
    """Make `value` (phones and e-mails normalised) what is on file, inside the caller's transaction.

    Returns whether that changed anything. What was on file before stays sealed (policy V.1), and so does an equal
    value that was added by hand, but neither is used any more. What a ticket claims is not touched.
    """
    rows = db.connection().execute(
        select(col(Contact.id), col(Contact.value), col(Contact.on_file)).where(
            col(Contact.requester_id) == requester_id,
            col(Contact.field) == field,
            col(Contact.ticket_number).is_(None),
            col(Contact.replaced_at).is_(None),
        )
    )
    over: list[str] = []
    there = False
    for row, sealed, on_file in rows.all():
        same = open_text(key, Place(requester_id, "contact", "value", row), sealed) == value
        if same and on_file and not there:
            there = True
        elif same or on_file:
            over.append(row)
    if over:
        db.connection().execute(update(Contact).where(col(Contact.id).in_(over)).values(replaced_at=desk.clock.now()))
    if not there:
        add_contact(db, desk, requester_id, key, NewContact(field, value, True, changed_at))
    return bool(over) or not there


def take_off_file(db: Session, desk: Desk, requester_id: str, *, but: Collection[Field]) -> tuple[Field, ...]:
    """Use no more what is on file of other fields than these: the platform's newest record has none of it.

    It stays sealed (policy V.1), as what is replaced does. Returns the fields.
    """
    done = db.connection().execute(
        update(Contact)
        .where(
            col(Contact.requester_id) == requester_id,
            col(Contact.on_file).is_(True),
            col(Contact.field).not_in([field.value for field in but]),
            col(Contact.replaced_at).is_(None),
        )
        .values(replaced_at=desk.clock.now())
        .returning(col(Contact.field))
    )
    return tuple(sorted({Field(field) for field in done.scalars()}))


def on_file_now(db: Session, requester_id: str, key: bytes) -> tuple[tuple[Field, str], ...]:
    """What is on file of a requester, opened for a comparison with the platform's record, never for a person."""
    rows = db.connection().execute(
        select(col(Contact.id), col(Contact.field), col(Contact.value)).where(
            col(Contact.requester_id) == requester_id,
            col(Contact.on_file).is_(True),
            col(Contact.replaced_at).is_(None),
        )
    )
    return tuple(
        (Field(field), open_text(key, Place(requester_id, "contact", "value", row), sealed))
        for row, field, sealed in rows.all()
    )


def said_to_change(db: Session, requester_id: str, at: datetime) -> bool:
    """The platform says that something was changed then, and not what: every contact on file counts as changed then.

    Returns whether that made any of them younger.
    """
    done = db.connection().execute(
        update(Contact)
        .where(
            col(Contact.requester_id) == requester_id,
            col(Contact.on_file).is_(True),
            col(Contact.replaced_at).is_(None),
            col(Contact.changed_at) < at,
        )
        .values(changed_at=at)
    )
    return bool(done.rowcount)

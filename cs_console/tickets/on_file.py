"""What the platform holds about its users, put on file: this is how contacts come to be ones that a code may go to."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log.append import Entry, record
from cs_console.custody.blind_index import SEARCHABLE, lookup_token
from cs_console.custody.contacts import NewContact, add_contact, find_requester
from cs_console.custody.on_file import set_on_file
from cs_console.desk import Desk, Office
from cs_console.errors import Unreadable
from cs_console.tickets.filing import add_requester, lock_counter
from cs_console.tickets.jsonl import RequesterRecord
from cs_console.tickets.new_keys import NewKey
from cs_console.verification.windows import close_windows_of
from models.contact import Contact
from models.enums import Action, Field, RequesterState, Role
from models.requester import Requester


def put_on_file(desk: Desk, found: RequesterRecord, new_key: NewKey) -> None:
    """Make or bring up to date the requester with exactly this mobile or e-mail, in a transaction of its own.

    A changed value replaces the one before, which stays sealed (policy V.1), and closes the requester's verification
    windows. The same record again changes nothing. Raises Unreadable when mobile and e-mail are on file with two.
    """
    office = desk.office
    changed_at = found.changed_at or office.clock.now()
    with desk.work(Role.AGENT) as session:
        lock_counter(session)
        requester_id = _holder(session, office, found)
        if requester_id is None:
            _make(session, desk, found, changed_at, new_key)
        else:
            _bring_up_to_date(session, desk, requester_id, found, changed_at)


def _holder(session: Session, office: Office, found: RequesterRecord) -> str | None:
    """Whose record this is: who has the contact on file, else who claimed it in a message."""
    wanted = [(field, value) for field, value in found.contacts if field in SEARCHABLE]
    holders = {
        str(row[0])
        for field, value in wanted
        for row in session.connection().execute(
            select(col(Contact.requester_id))
            .join(Requester, col(Requester.id) == col(Contact.requester_id))
            .where(
                col(Contact.field) == field,
                col(Contact.lookup) == lookup_token(office.keyring, field, value),
                col(Contact.on_file),
                col(Contact.replaced_at).is_(None),
                col(Requester.state) == RequesterState.ACTIVE,
            )
        )
    }
    if len(holders) > 1:
        raise Unreadable("two_requesters", "The mobile and the e-mail are on file with two different requesters.")
    if holders:
        return holders.pop()
    return next(
        (holder for field, value in wanted if (holder := find_requester(session, office, field, value)) is not None),
        None,
    )


def _make(session: Session, desk: Desk, found: RequesterRecord, changed_at: datetime, new_key: NewKey) -> None:
    office = desk.office
    requester_id, key = new_key()
    add_requester(session, requester_id, found.language, office.clock.now())
    for field, value in found.contacts:
        add_contact(session, office, requester_id, key, NewContact(field, value, True, changed_at))
    _record(session, desk, requester_id, key, [field for field, _ in found.contacts])


def _bring_up_to_date(
    session: Session, desk: Desk, requester_id: str, found: RequesterRecord, changed_at: datetime
) -> None:
    office = desk.office
    key = office.keyring.key(requester_id)
    changed = [
        field
        for field, value in found.contacts
        if set_on_file(session, office, requester_id, key, field, value, changed_at)
    ]
    if changed:
        _record(session, desk, requester_id, key, changed)
        close_windows_of(session, desk, requester_id)


def _record(session: Session, desk: Desk, requester_id: str, key: bytes, fields: list[Field]) -> None:
    pseudonym = desk.office.pseudonym(requester_id, key)
    names = tuple(field.value for field in fields)
    record(session, desk, Entry(Action.CONTACT_CHANGED, requester=pseudonym, fields=names, reason="put on file"))

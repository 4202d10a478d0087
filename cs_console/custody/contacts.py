"""What a requester can be reached by: kept sealed, found by blind index, shown as masks, used without being seen."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, insert, inspect, literal, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from cs_console.custody.blind_index import lookup_token, normalise, on_file_form
from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.masking import mask
from cs_console.custody.opening import open_text
from cs_console.custody.redaction_queue import redact_later
from cs_console.custody.safe_views import open_safe
from cs_console.custody.sealing import Place, seal
from cs_console.custody.ticket_keys import TicketKeys, ticket_keys
from cs_console.desk import Desk
from cs_console.errors import NothingThere
from cs_console.prepared import Prepared
from models.columns import from_microseconds, microseconds, new_id
from models.contact import Contact
from models.contact_fields import TEXTS, Field
from models.enums import Channel, Link, RequesterState
from models.marked_term import MarkedTerm
from models.message import Message
from models.requester import Requester
from models.ticket import Ticket

_INSERT = Prepared(insert(Contact).values({column.name: bindparam(column.name) for column in inspect(Contact).columns}))
_PERSONS = Prepared(
    select(col(Contact.requester_id))
    .distinct()
    .join(Requester, col(Requester.id) == col(Contact.requester_id))
    .where(
        col(Contact.field) == bindparam("wanted"),
        col(Contact.lookup) == bindparam("token"),
        col(Contact.on_file).is_(True),
        col(Contact.replaced_at).is_(None),
        # restricted and erased requesters answer as if they had never been here (policy I.(4)2)
        col(Requester.state) == RequesterState.ACTIVE.value,
        col(Requester.unclear).is_(False),
    )
    .limit(bindparam("most"))
)
SENDER_IS_SURE = exists().where(
    col(Message.ticket_number) == col(Ticket.number),
    col(Message.unconfirmed).is_(False),
    col(Message.at) == col(Ticket.received_at),
)
"""Of a ticket: From alone names the sender of its first message. Anyone can write the other headers; and strangers may
write to a ticket in the moment in which it is opened: a batch has one."""
_SENDER = Prepared(
    select(col(Contact.requester_id))
    .join(Requester, col(Requester.id) == col(Contact.requester_id))
    .join(Ticket, col(Ticket.number) == col(Contact.ticket_number))
    .where(
        col(Contact.field) == bindparam("wanted"),
        col(Contact.lookup) == bindparam("token"),
        col(Contact.on_file).is_(False),
        col(Contact.replaced_at).is_(None),
        col(Ticket.channel) == bindparam("channel"),
        col(Ticket.requester_id) == col(Contact.requester_id),
        col(Ticket.link) == Link.NONE.value,
        col(Requester.account).is_(None),
        col(Requester.state) == RequesterState.ACTIVE.value,
        SENDER_IS_SURE,
    )
    .order_by(col(Contact.ticket_number).desc())
    .limit(1)
)
_OF_TICKET = or_(col(Contact.ticket_number).is_(None), col(Contact.ticket_number) == bindparam("number"))
_MARK = "marked"
_CONTACTS = select(
    col(Contact.id), col(Contact.field), col(Contact.value), col(Contact.ticket_number), col(Contact.changed_at)
).where(col(Contact.requester_id) == bindparam("who"), _OF_TICKET)
_MARKS = select(
    col(MarkedTerm.id),
    literal(_MARK),
    col(MarkedTerm.words),
    col(MarkedTerm.ticket_number),
    col(MarkedTerm.marked_at),
).where(col(MarkedTerm.ticket_number) == bindparam("number"), col(MarkedTerm.removed_at).is_(None))
_VALUES = _CONTACTS.union_all(_MARKS).order_by("changed_at", "id")
_MASK_COLUMNS: tuple[Any, ...] = (
    col(Contact.id),
    col(Contact.field),
    col(Contact.mask),
    col(Contact.on_file),
    col(Contact.changed_at),
    col(Contact.ticket_number),
    col(Contact.lookup),
)
_MASKS = Prepared(
    select(*_MASK_COLUMNS)
    .where(
        col(Contact.requester_id) == bindparam("who"),
        col(Contact.replaced_at).is_(None),
        _OF_TICKET,
    )
    .order_by(col(Contact.on_file).desc(), col(Contact.changed_at), col(Contact.id))
)
_ONE = select(col(Contact.requester_id), col(Contact.ticket_number), col(Contact.value)).where(
    col(Contact.id) == bindparam("row"), col(Contact.replaced_at).is_(None)
)

LONGEST_VALUE = 500

OWN_ADDRESS = {Channel.MAIL: Field.EMAIL, Channel.SMS: Field.MOBILE}
"""Where a message shows its sender's own address: the From of a mail, the number of a text. A form's fields do not."""


@dataclass(frozen=True)
class NewContact:
    """A contact as it came in. `on_file`: the platform's own record."""

    field: Field
    value: str = dataclasses.field(repr=False)
    on_file: bool
    changed_at: datetime


@dataclass(frozen=True)
class MaskedContact:
    """A contact as all may see it. `claimed`: only what a message of this ticket says."""

    id: str
    field: Field
    mask: str
    on_file: bool
    changed_at: datetime
    claimed: bool = False


def add_contact(db: Session, desk: Desk, requester_id: str, key: bytes, new: NewContact) -> str:
    """Seal a contact for this requester inside the caller's transaction and return its id.

    Phones and e-mails that can be normalised are kept in that form and become findable. Earlier texts of the
    requester's tickets are hidden until this value is redacted in them too (`late_redaction`).
    """
    redact_later(db, requester_id)
    return _add(db, desk, requester_id, key, requester_id, None, new)


def add_claim(db: Session, desk: Desk, keys: TicketKeys, new: NewContact) -> str:
    """The same for what a ticket's message says of its sender: it belongs to that ticket, under that ticket's key.

    It is found as written, so that two addresses are one sender's only then.
    """
    return _add(db, desk, keys.requester_id, keys.key, keys.owner, keys.number, new)


def _add(
    db: Session, desk: Desk, requester_id: str, key: bytes, owner: str, number: int | None, new: NewContact
) -> str:
    normalised = normalise(new.field, new.value, desk.packs.current.meta.region)
    value = normalised or new.value.strip()
    found_by = on_file_form(new.field, value) if new.on_file else value
    contact_id = new_id()
    _INSERT.run(
        db.connection(),
        {
            "id": contact_id,
            "requester_id": requester_id,
            "ticket_number": number,
            "field": new.field.value,
            "on_file": new.on_file,
            "value": seal(key, Place(owner, "contact", "value", contact_id), value),
            "mask": seal(key, Place(owner, "contact", "mask", contact_id), mask(new.field, value)),
            "lookup": None if normalised is None else lookup_token(desk.keyring, new.field, found_by),
            "changed_at": microseconds(new.changed_at),
            "replaced_at": None,
        },
    )
    return contact_id


def persons_with(db: Session, desk: Desk, field: Field, normalised: str, most: int = 2) -> tuple[str, ...]:
    """The persons on file with exactly this contact now, at most so many: two already say that it names no one.

    Never someone who merely claimed it, nor a requester who is restricted or erased.
    """
    token = lookup_token(desk.keyring, field, on_file_form(field, normalised))
    asked = {"wanted": field.value, "token": token, "most": most}
    return tuple(str(row[0]) for row in _PERSONS.all(db.connection(), asked))


def unverified_sender(db: Session, desk: Desk, channel: Channel, field: Field, normalised: str) -> str | None:
    """The unverified sender who wrote by this channel from this very address, as written, before."""
    token = lookup_token(desk.keyring, field, normalised)
    asked = {"wanted": field.value, "token": token, "channel": channel.value}
    found = _SENDER.first(db.connection(), asked)
    return None if found is None else str(found[0])


def own_address(channel: Channel, contacts: Iterable[tuple[Field, str]]) -> tuple[Field, str] | None:
    """The address that a message itself came from, among what it says of its sender; None where it shows none."""
    field = OWN_ADDRESS.get(channel)
    return next(((kind, value) for kind, value in contacts if kind is field), None)


def on_file_with_another(contact: type[Contact] = Contact) -> ColumnElement[bool]:
    """Of a contact on file: whether another account has it on file as well (a recycled number, a family)."""
    other = aliased(Contact)
    return (
        exists()
        .where(
            col(other.field) == col(contact.field),
            col(other.lookup) == col(contact.lookup),
            col(other.requester_id) != col(contact.requester_id),
            col(other.on_file).is_(True),
            col(other.replaced_at).is_(None),
            col(Requester.id) == col(other.requester_id),
            col(Requester.state) == RequesterState.ACTIVE,
            col(Requester.unclear).is_(False),
        )
        .correlate(contact)
    )


def is_shared(db: Session, contact_id: str) -> bool:
    """Whether this contact on file is on file with another account as well."""
    found = select(col(Contact.id)).where(col(Contact.id) == contact_id, on_file_with_another())
    return db.connection().execute(found).first() is not None


def known_values(db: Session, desk: Desk, requester_id: str, key: bytes, keys: TicketKeys | None = None) -> KnownTerms:
    """What redaction looks for: every value of a requester on file or added by hand, replaced ones too.

    With a ticket's keys, also what its own messages claimed, as claims: those take no meaning away, and hide nothing on
    any other ticket; and what agents marked on it.
    """
    number = None if keys is None else keys.number
    rows = db.connection().execute(_VALUES, {"who": requester_id, "number": number}).all()
    on_file: list[tuple[Field, str]] = []
    claimed: list[tuple[Field, str]] = []
    marked: list[str] = []
    for row, kind, sealed, ticket_number, _ in rows:
        if keys is not None and kind == _MARK:
            marked.append(open_text(keys.key, keys.place("marked_term", "words", row), sealed))
        elif keys is not None and ticket_number is not None:
            claimed.append((Field(kind), open_text(keys.key, keys.place("contact", "value", row), sealed)))
        else:
            on_file.append((Field(kind), open_text(key, Place(requester_id, "contact", "value", row), sealed)))
    return KnownTerms(on_file, claimed, marked)


def claims_of(db: Session, desk: Desk, number: int) -> tuple[tuple[Field, str], ...]:
    """What a ticket's messages say of their sender: for finding people on file, never for a person to read."""
    found = db.connection().execute(
        select(col(Contact.id), col(Contact.field), col(Contact.value)).where(
            col(Contact.ticket_number) == number, col(Contact.replaced_at).is_(None)
        )
    )
    keys = ticket_keys(db, desk, number)
    return tuple(
        (Field(kind), open_text(keys.key, keys.place("contact", "value", row), sealed)) for row, kind, sealed in found
    )


def masked_contacts(
    db: Session, desk: Desk, requester_id: str, keys: TicketKeys | None = None
) -> tuple[MaskedContact, ...]:
    """The requester's present contacts, those on file first; with a ticket's keys, what that ticket claims too.

    A claim of what is on file is not repeated. Raises KeyDestroyed once they are erased.
    """
    number = None if keys is None else keys.number
    rows = _MASKS.all(db.connection(), {"who": requester_id, "number": number})
    if not rows:
        return ()
    key = desk.keyring.key(requester_id) if keys is None else keys.requester_key
    kept = {(field, lookup) for _, field, _, on_file, _, _, lookup in rows if on_file and lookup is not None}
    shown = []
    for contact_id, field, sealed, on_file, changed_at, ticket_number, lookup in rows:
        claimed = keys is not None and ticket_number is not None
        if claimed and (field, lookup) in kept:
            continue
        if keys is not None and claimed:
            words = open_safe(keys.key, keys.place("contact", "mask", contact_id), sealed)
        else:
            words = open_safe(key, Place(requester_id, "contact", "mask", contact_id), sealed)
        changed = from_microseconds(changed_at)
        shown.append(MaskedContact(contact_id, Field(field), words, bool(on_file), changed, claimed))
    return tuple(shown)


def address_for_sending(db: Session, desk: Desk, contact_id: str) -> str:
    """The opened address or number, for delivery alone: using a contact does not need seeing it.

    Raises NothingThere for a contact that is unknown or was replaced, KeyDestroyed, SealBroken.
    """
    found = db.connection().execute(_ONE, {"row": contact_id}).first()
    if found is None:
        raise NothingThere("There is no such contact.")
    owner, number, sealed = found
    if number is not None:
        keys = ticket_keys(db, desk, number)
        return open_text(keys.key, keys.place("contact", "value", contact_id), sealed)
    return open_text(desk.keyring.key(owner), Place(owner, "contact", "value", contact_id), sealed)


def held_fields(db: Session, requester_id: str) -> frozenset[Field]:
    """What is held of a requester here: the contacts that stand, and their words."""
    contacts = select(col(Contact.field)).where(
        col(Contact.requester_id) == requester_id, col(Contact.replaced_at).is_(None)
    )
    found = db.connection().execute(contacts).scalars()
    return TEXTS | {Field(field) for field in found}

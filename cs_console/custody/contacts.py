"""What a requester can be reached by: kept sealed, found by blind index, shown as masks, used without being seen."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import ColumnElement, bindparam, exists, func, insert, inspect, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from cs_console.access_log.append import Entry, lock_log, record
from cs_console.access_log.standing import require_holder, require_open, require_owner
from cs_console.access_log.vouched import about_fields
from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.custody.blind_index import SEARCHABLE, lookup_token, normalise, on_file_form
from cs_console.custody.in_use import require_in_use
from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.masking import mask
from cs_console.custody.opening import open_text
from cs_console.custody.redaction_queue import redact_later
from cs_console.custody.safe_views import open_safe
from cs_console.custody.sealing import Place, seal
from cs_console.custody.ticket_keys import TicketKeys, ticket_keys
from cs_console.desk import Desk, Office
from cs_console.errors import BadInput, NotAssigned, NothingThere, NotVerified, NotVouched, TooManyLookUps
from cs_console.plain_text import plain
from cs_console.prepared import Prepared
from cs_console.staff.undertakings import require_current
from models.columns import microseconds, new_id
from models.contact import Contact
from models.enums import Action, ActKind, Channel, Field, Link, RequesterState, Result, Role
from models.log import LogEntry
from models.requester import Requester
from models.ticket import Ticket
from models.verification import Verification

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
    )
    .order_by(col(Contact.ticket_number).desc())
    .limit(1)
)
_OF_TICKET = or_(col(Contact.ticket_number).is_(None), col(Contact.ticket_number) == bindparam("number"))
_VALUES = (
    select(col(Contact.id), col(Contact.field), col(Contact.value), col(Contact.ticket_number))
    .where(col(Contact.requester_id) == bindparam("who"), _OF_TICKET)
    .order_by(col(Contact.changed_at), col(Contact.id))
)
_MASKS = (
    select(
        col(Contact.id),
        col(Contact.field),
        col(Contact.mask),
        col(Contact.on_file),
        col(Contact.changed_at),
        col(Contact.ticket_number),
        col(Contact.lookup),
    )
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

LOOK_UP_ROLES = (Role.AGENT, Role.VERIFIER, Role.SUPERVISOR, Role.PRIVACY_OFFICER)
LONGEST_VALUE = 500
_Found = TypeVar("_Found", int, str, covariant=True)
LIMIT_REASON = TooManyLookUps.code


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
    """A contact as everybody may see it. `claimed`: only what a message of this ticket says."""

    id: str
    field: Field
    mask: str
    on_file: bool
    changed_at: datetime
    claimed: bool = False


def add_contact(session: Session, office: Office, requester_id: str, key: bytes, new: NewContact) -> str:
    """Seal a contact for this requester inside the caller's transaction and return its id.

    Phones and e-mails that can be normalised are kept in that form and become findable. Earlier texts of the
    requester's tickets are hidden until this value is redacted in them too (`late_redaction`).
    """
    redact_later(session, requester_id)
    return _add(session, office, requester_id, key, requester_id, None, new)


def add_claim(session: Session, office: Office, keys: TicketKeys, new: NewContact) -> str:
    """The same for what a ticket's message says of its sender: it belongs to that ticket, under that ticket's key.

    It is found as written, so that two addresses are one sender's only then.
    """
    return _add(session, office, keys.requester_id, keys.key, keys.owner, keys.number, new)


def _add(
    session: Session, office: Office, requester_id: str, key: bytes, owner: str, number: int | None, new: NewContact
) -> str:
    normalised = normalise(new.field, new.value, office.packs.current.meta.region)
    value = normalised or new.value.strip()
    found_by = on_file_form(new.field, value) if new.on_file else value
    row = new_id()
    _INSERT.run(
        session.connection(),
        {
            "id": row,
            "requester_id": requester_id,
            "ticket_number": number,
            "field": new.field.value,
            "on_file": new.on_file,
            "value": seal(key, Place(owner, "contact", "value", row), value),
            "mask": seal(key, Place(owner, "contact", "mask", row), mask(new.field, value)),
            "lookup": None if normalised is None else lookup_token(office.keyring, new.field, found_by),
            "changed_at": microseconds(new.changed_at),
            "replaced_at": None,
        },
    )
    return row


def persons_with(session: Session, office: Office, field: Field, normalised: str, most: int = 2) -> tuple[str, ...]:
    """The persons on file with exactly this contact now, at most so many: two already say that it names no one.

    Never someone who merely claimed it, nor a requester who is restricted or erased.
    """
    token = lookup_token(office.keyring, field, on_file_form(field, normalised))
    asked = {"wanted": field.value, "token": token, "most": most}
    return tuple(str(row[0]) for row in _PERSONS.all(session.connection(), asked))


def find_requester(session: Session, office: Office, field: Field, normalised: str) -> str | None:
    """The one person on file with exactly this contact; None where there is none, and where there are several."""
    found = persons_with(session, office, field, normalised)
    return found[0] if len(found) == 1 else None


def unverified_sender(session: Session, office: Office, channel: Channel, field: Field, normalised: str) -> str | None:
    """The unverified sender who wrote by this channel from this very address, as written, before."""
    token = lookup_token(office.keyring, field, normalised)
    asked = {"wanted": field.value, "token": token, "channel": channel.value}
    found = _SENDER.first(session.connection(), asked)
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


def is_shared(session: Session, contact_id: str) -> bool:
    """Whether this contact on file is on file with another account as well."""
    found = select(col(Contact.id)).where(col(Contact.id) == contact_id, on_file_with_another())
    return session.connection().execute(found).first() is not None


def known_values(
    session: Session, office: Office, requester_id: str, key: bytes, keys: TicketKeys | None = None
) -> KnownTerms:
    """What redaction looks for: every value of a requester on file or added by hand, replaced ones too.

    With a ticket's keys, also what its own messages claimed, as claims: those take no meaning away, and hide nothing on
    any other ticket.
    """
    number = None if keys is None else keys.number
    rows = session.connection().execute(_VALUES, {"who": requester_id, "number": number}).all()
    on_file: list[tuple[Field, str]] = []
    claimed: list[tuple[Field, str]] = []
    for row, kind, sealed, ticket_number in rows:
        if keys is not None and ticket_number is not None:
            claimed.append((Field(kind), open_text(keys.key, keys.place("contact", "value", row), sealed)))
        else:
            on_file.append((Field(kind), open_text(key, Place(requester_id, "contact", "value", row), sealed)))
    return KnownTerms(on_file, claimed)


def claims_of(session: Session, office: Office, number: int) -> tuple[tuple[Field, str], ...]:
    """What a ticket's messages say of their sender: for finding people on file, never for a person to read."""
    found = session.connection().execute(
        select(col(Contact.id), col(Contact.field), col(Contact.value)).where(
            col(Contact.ticket_number) == number, col(Contact.replaced_at).is_(None)
        )
    )
    keys = ticket_keys(session, office, number)
    return tuple(
        (Field(kind), open_text(keys.key, keys.place("contact", "value", row), sealed)) for row, kind, sealed in found
    )


def masked_contacts(
    session: Session, office: Office, requester_id: str, keys: TicketKeys | None = None
) -> tuple[MaskedContact, ...]:
    """The requester's present contacts, those on file first; with a ticket's keys, what that ticket claims too.

    A claim of what is on file is not repeated. Raises KeyDestroyed once they are erased.
    """
    number = None if keys is None else keys.number
    rows = session.connection().execute(_MASKS, {"who": requester_id, "number": number}).all()
    if not rows:
        return ()
    key = office.keyring.key(requester_id) if keys is None else keys.requester_key
    kept = {(row.field, row.lookup) for row in rows if row.on_file and row.lookup is not None}
    shown = []
    for row in rows:
        claimed = keys is not None and row.ticket_number is not None
        if claimed and (row.field, row.lookup) in kept:
            continue
        if keys is not None and claimed:
            words = open_safe(keys.key, keys.place("contact", "mask", row.id), row.mask)
        else:
            words = open_safe(key, Place(requester_id, "contact", "mask", row.id), row.mask)
        shown.append(MaskedContact(row.id, Field(row.field), words, row.on_file, row.changed_at, claimed))
    return tuple(shown)


def address_for_sending(session: Session, office: Office, contact_id: str) -> str:
    """The opened address or number, for delivery alone: using a contact does not need seeing it.

    Raises NothingThere for a contact that is unknown or was replaced, KeyDestroyed, SealBroken.
    """
    found = session.connection().execute(_ONE, {"row": contact_id}).first()
    if found is None:
        raise NothingThere("There is no such contact.")
    owner, number, sealed = found
    if number is not None:
        keys = ticket_keys(session, office, number)
        return open_text(keys.key, keys.place("contact", "value", contact_id), sealed)
    return open_text(office.keyring.key(owner), Place(owner, "contact", "value", contact_id), sealed)


def held_fields(session: Session, requester_id: str) -> frozenset[Field]:
    """What is held of a requester here: the contacts that stand, and their words."""
    contacts = select(col(Contact.field)).where(
        col(Contact.requester_id) == requester_id, col(Contact.replaced_at).is_(None)
    )
    found = session.connection().execute(contacts).scalars()
    return frozenset({Field.SUBJECT, Field.MESSAGE} | {Field(field) for field in found})


def change_contact(
    desk: Desk, number: int, contact_id: str | None, field: Field, value: str, *, act: ActId | None = None
) -> None:
    """Write down a contact that the requester corrected or added, on the agent's own ticket.

    It needs an open verification window, and closes the requester's windows. The one before stays sealed as it was
    (policy V.1) and is used no more. The new one is unconfirmed until the platform has it on file: no code goes to it,
    and no mail from it is taken for the requester's. One act changes it once. Raises NotAssigned, NotVerified,
    NotVouched (recorded), NothingThere, BadInput, KeyDestroyed, OnHold, NoUndertaking, NotAllowed, and what
    `acts.once` raises.
    """
    try:
        _change_contact(desk, number, contact_id, field, value, act)
    except NotVouched as refusal:
        with desk.work(Role.AGENT) as session:
            owner = session.get_one(Ticket, number).requester_id
            name = desk.office.pseudonym(owner, desk.office.keyring.key(owner))
            entry = Entry(
                Action.CONTACT_CHANGED,
                Result.REFUSED,
                ticket=number,
                requester=name,
                fields=(field.value,),
                reason=refusal.code,
            )
            record(session, desk, entry)
        raise
    from cs_console.custody.late_redaction import redact_soon  # it stands on contacts, not the reverse

    redact_soon(desk.office)


def _change_contact(
    desk: Desk, number: int, contact_id: str | None, field: Field, value: str, act: ActId | None
) -> None:
    typed = plain(value).strip()
    if field in (Field.SUBJECT, Field.MESSAGE) or not 0 < len(typed) <= LONGEST_VALUE:
        raise BadInput("That cannot be a contact.", f"Type 1 to {LONGEST_VALUE} characters.")
    with desk.work(Role.AGENT) as session:
        intent = Intent(act, ActKind.CONTACT_CHANGED, number, (contact_id or "", field.value, typed))
        once(session, desk, intent, partial(_contact_changed, session, desk, number, contact_id, field, typed))


def _contact_changed(
    session: Session, desk: Desk, number: int, contact_id: str | None, field: Field, typed: str
) -> ActOutcome:
    office = desk.office
    require_current(session, desk)
    ticket = session.get(Ticket, number)
    if ticket is None:
        raise NothingThere(f"There is no ticket #{number}.")
    if ticket.assignee_id != desk.agent.id:
        raise NotAssigned(desk.agent.roles, taken=ticket.assignee_id is not None)
    requester_id = ticket.requester_id
    require_in_use(session, desk, requester_id)
    region = office.packs.get(ticket.pack).meta.region
    if field in SEARCHABLE and normalise(field, typed, region) is None:
        raise BadInput(f"That is not a usable {field.value}.", "Check it and type it again.")
    open_windows = _open_windows(session, requester_id, office.clock.now())
    if number not in open_windows:
        raise NotVerified
    require_holder(session, desk, number)
    minutes = office.packs.get(ticket.pack).verification.window_minutes
    key = office.keyring.key(requester_id)
    pseudonym = office.pseudonym(requester_id, key)
    require_owner(session, office, number, pseudonym)
    require_open(session, office, number, open_windows[number], minutes, pseudonym)
    if contact_id is not None:
        _replace(session, requester_id, contact_id, field, office.clock.now())
    add_contact(session, office, requester_id, key, NewContact(field, typed, False, office.clock.now()))
    session.connection().execute(
        update(Ticket).where(col(Ticket.number) == number).values(row=col(Ticket.row) + 1, no_contact=False)
    )
    names = (field.value,)
    about = about_fields(names)
    changed = Entry(Action.CONTACT_CHANGED, ticket=number, requester=pseudonym, fields=names, about=about)
    record(session, desk, changed)
    _close_windows(session, desk, requester_id)
    return {}


def _open_windows(session: Session, requester_id: str, now: datetime) -> dict[int, str]:
    """The tickets of this requester that have a verification window open, and the id of each ticket's last one."""
    found = session.connection().execute(
        select(col(Verification.ticket_number), col(Verification.id))
        .where(
            col(Verification.requester_id) == requester_id,
            col(Verification.closed_at).is_(None),
            col(Verification.window_until) > now,
        )
        .order_by(col(Verification.window_until), col(Verification.id))
    )
    return {int(number): str(window) for number, window in found}


def _close_windows(session: Session, desk: Desk, requester_id: str) -> None:
    from cs_console.verification.windows import close_windows_of  # verification stands on contacts, not the reverse

    close_windows_of(session, desk, requester_id)


def _replace(session: Session, requester_id: str, contact_id: str, field: Field, now: datetime) -> None:
    done = session.connection().execute(
        update(Contact)
        .where(
            col(Contact.id) == contact_id,
            col(Contact.requester_id) == requester_id,
            col(Contact.field) == field,
            col(Contact.replaced_at).is_(None),
        )
        .values(replaced_at=now)
        .returning(col(Contact.id))
    )
    if done.first() is None:
        raise NothingThere("There is no such contact on this ticket.")


def look_up(desk: Desk, field: Field, typed: str) -> tuple[int, ...]:
    """The tickets of everyone on file with exactly this phone or e-mail, and those that claim it, newest first.

    Every look-up is recorded, found or not, without the value; so is one past the pack's hourly limit. An answer for
    no one is the same as for an erased requester. Raises BadInput, TooManyLookUps, NoUndertaking, NotAllowed.
    """
    return _looked_up(desk, field, typed, partial(_tickets_with, office=desk.office, field=field))


def find_persons(desk: Desk, field: Field, typed: str, most: int) -> tuple[str, ...]:
    """The people on file with exactly this phone or e-mail, at most so many: recorded, limited and refused alike."""
    return _looked_up(desk, field, typed, partial(persons_with, office=desk.office, field=field, most=most))


class _Find(Protocol[_Found]):
    def __call__(self, session: Session, *, normalised: str) -> tuple[_Found, ...]: ...


def _looked_up(desk: Desk, field: Field, typed: str, find: _Find[_Found]) -> tuple[_Found, ...]:
    office = desk.office
    normalised = normalise(field, typed.strip(), office.packs.current.meta.region)
    if normalised is None:
        raise BadInput("Only a whole phone number or e-mail address can be looked up.", "Check it and type it again.")
    limit = office.packs.current.reveal.look_ups_per_hour
    with desk.work(*LOOK_UP_ROLES) as session:
        require_current(session, desk)
        lock_log(session.connection(), office)  # two at once must not both be the last that is allowed
        within = _look_ups_this_hour(session, desk) < limit
        outcome, reason = (Result.DONE, "") if within else (Result.REFUSED, LIMIT_REASON)
        record(session, desk, Entry(Action.CONTACT_LOOKED_UP, outcome, fields=(field.value,), reason=reason))
        found = find(session, normalised=normalised) if within else ()
    if not within:
        raise TooManyLookUps(f"You have looked up {limit} contacts within the hour.", "Wait, or ask a supervisor.")
    return found


def _look_ups_this_hour(session: Session, desk: Desk) -> int:
    since = microseconds(desk.office.clock.now() - timedelta(hours=1))
    counted = session.connection().execute(
        select(func.count()).where(
            col(LogEntry.actor) == desk.agent.name,
            col(LogEntry.at) > since,
            col(LogEntry.action) == Action.CONTACT_LOOKED_UP.value,
            col(LogEntry.outcome) == Result.DONE.value,
        )
    )
    return int(counted.scalar_one())


def _tickets_with(session: Session, office: Office, field: Field, normalised: str) -> tuple[int, ...]:
    """One statement, found or not, so that both answers take the same time."""
    written = lookup_token(office.keyring, field, normalised)
    folded = lookup_token(office.keyring, field, on_file_form(field, normalised))
    of_the_ticket = or_(col(Contact.ticket_number).is_(None), col(Contact.ticket_number) == col(Ticket.number))
    found = session.connection().execute(
        select(col(Ticket.number))
        .distinct()
        .join(Requester, col(Requester.id) == col(Ticket.requester_id))
        .join(Contact, (col(Contact.requester_id) == col(Requester.id)) & of_the_ticket)
        .where(
            col(Contact.field) == field,
            col(Contact.lookup).in_((written, folded)),
            col(Contact.replaced_at).is_(None),
            # restricted and erased requesters answer as if they had never been here (policy I.(4)2)
            col(Requester.state) == RequesterState.ACTIVE,
        )
        .order_by(col(Ticket.number).desc())
    )
    return tuple(found.scalars())

"""What a requester can be reached by: kept sealed, found by blind index, shown as masks, used without being seen."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, insert, select, update
from sqlmodel import Session, col

from cs_console.access_log.append import Entry, lock_log, record
from cs_console.custody.blind_index import SEARCHABLE, lookup_token, normalise
from cs_console.custody.in_use import require_in_use
from cs_console.custody.masking import mask
from cs_console.custody.opening import open_text
from cs_console.custody.safe_views import open_safe
from cs_console.custody.sealing import Place, seal
from cs_console.desk import Desk, Office
from cs_console.errors import BadInput, NotAssigned, NothingThere, NotVerified, TooManyLookUps
from cs_console.plain_text import plain
from cs_console.staff.undertakings import require_current
from models.columns import microseconds, new_id
from models.contact import Contact
from models.enums import Action, Field, RequesterState, Result, Role
from models.log import LogEntry
from models.requester import Requester
from models.ticket import Ticket
from models.verification import Verification

_INSERT = insert(Contact)
_FIND = (
    select(col(Contact.requester_id))
    .join(Requester, col(Requester.id) == col(Contact.requester_id))
    .where(
        col(Contact.field) == bindparam("wanted"),
        col(Contact.lookup) == bindparam("token"),
        col(Contact.replaced_at).is_(None),
        # restricted and erased requesters answer as if they had never been here (policy I.(4)2)
        col(Requester.state) == RequesterState.ACTIVE,
    )
    .order_by(col(Contact.on_file).desc(), col(Contact.changed_at).desc(), col(Contact.id))
    .limit(1)
)
_VALUES = select(col(Contact.id), col(Contact.field), col(Contact.value)).where(
    col(Contact.requester_id) == bindparam("who")
)
_MASKS = (
    select(col(Contact.id), col(Contact.field), col(Contact.mask), col(Contact.on_file), col(Contact.changed_at))
    .where(col(Contact.requester_id) == bindparam("who"), col(Contact.replaced_at).is_(None))
    .order_by(col(Contact.on_file).desc(), col(Contact.changed_at), col(Contact.id))
)
_ONE = select(col(Contact.requester_id), col(Contact.value)).where(
    col(Contact.id) == bindparam("row"), col(Contact.replaced_at).is_(None)
)

LOOK_UP_ROLES = (Role.AGENT, Role.VERIFIER, Role.SUPERVISOR, Role.PRIVACY_OFFICER)
LONGEST_VALUE = 500
LIMIT_REASON = TooManyLookUps.code


@dataclass(frozen=True)
class NewContact:
    """A contact as it came in. `on_file`: the platform's own record, not merely what a message claims."""

    field: Field
    value: str = dataclasses.field(repr=False)
    on_file: bool
    changed_at: datetime


@dataclass(frozen=True)
class MaskedContact:
    """A contact as everybody may see it."""

    id: str
    field: Field
    mask: str
    on_file: bool
    changed_at: datetime


def add_contact(session: Session, office: Office, requester_id: str, key: bytes, new: NewContact) -> str:
    """Seal a contact for this requester inside the caller's transaction and return its id.

    Phones and e-mails that can be normalised are kept in that form and become findable.
    """
    normalised = normalise(new.field, new.value, office.packs.current.meta.region)
    value = normalised or new.value.strip()
    row = new_id()
    session.connection().execute(
        _INSERT,
        {
            "id": row,
            "requester_id": requester_id,
            "field": new.field,
            "on_file": new.on_file,
            "value": seal(key, Place(requester_id, "contact", "value", row), value),
            "mask": seal(key, Place(requester_id, "contact", "mask", row), mask(new.field, value)),
            "lookup": None if normalised is None else lookup_token(office.keyring, new.field, normalised),
            "changed_at": new.changed_at,
            "replaced_at": None,
        },
    )
    return row


def find_requester(session: Session, office: Office, field: Field, normalised: str) -> str | None:
    """The requester with exactly this contact: one on file before one that a message claimed.

    Replaced contacts and requesters who are restricted or erased are never found.
    """
    token = lookup_token(office.keyring, field, normalised)
    found = session.connection().execute(_FIND, {"wanted": field, "token": token}).first()
    return None if found is None else str(found[0])


def known_values(session: Session, office: Office, requester_id: str, key: bytes) -> tuple[tuple[Field, str], ...]:
    """Every contact value of a requester, replaced ones too: for redaction alone, never for a person."""
    rows = session.connection().execute(_VALUES, {"who": requester_id}).all()
    return tuple(
        (Field(kind), open_text(key, Place(requester_id, "contact", "value", row), sealed))
        for row, kind, sealed in rows
    )


def masked_contacts(session: Session, office: Office, requester_id: str) -> tuple[MaskedContact, ...]:
    """The requester's present contacts, those on file first. Raises KeyDestroyed once they are erased."""
    rows = session.connection().execute(_MASKS, {"who": requester_id}).all()
    if not rows:
        return ()
    key = office.keyring.key(requester_id)
    return tuple(
        MaskedContact(
            row, Field(kind), open_safe(key, Place(requester_id, "contact", "mask", row), sealed), on_file, changed_at
        )
        for row, kind, sealed, on_file, changed_at in rows
    )


def address_for_sending(session: Session, office: Office, contact_id: str) -> str:
    """The opened address or number, for delivery alone: using a contact does not need seeing it.

    Raises NothingThere for a contact that is unknown or was replaced, KeyDestroyed, SealBroken.
    """
    found = session.connection().execute(_ONE, {"row": contact_id}).first()
    if found is None:
        raise NothingThere("There is no such contact.")
    owner, sealed = found
    return open_text(office.keyring.key(owner), Place(owner, "contact", "value", contact_id), sealed)


def held_fields(session: Session, requester_id: str) -> frozenset[Field]:
    """What is held of a requester here: the contacts that stand, and their words."""
    contacts = select(col(Contact.field)).where(
        col(Contact.requester_id) == requester_id, col(Contact.replaced_at).is_(None)
    )
    found = session.connection().execute(contacts).scalars()
    return frozenset({Field.SUBJECT, Field.MESSAGE} | {Field(field) for field in found})


def change_contact(desk: Desk, number: int, contact_id: str | None, field: Field, value: str) -> None:
    """Write down a contact that the requester corrected or added, on the agent's own ticket.

    The one before stays sealed as it was (policy V.1) and is used no more. The new one is not on file: no code goes
    to it. Replacing one needs an open verification window, and every change closes the requester's windows. Raises
    NotAssigned, NotVerified, NothingThere, BadInput, KeyDestroyed, OnHold, NoUndertaking, NotAllowed.
    """
    typed = plain(value).strip()
    if field in (Field.SUBJECT, Field.MESSAGE) or not 0 < len(typed) <= LONGEST_VALUE:
        raise BadInput("That cannot be a contact.", f"Type 1 to {LONGEST_VALUE} characters.")
    office = desk.office
    with desk.work(Role.AGENT) as session:
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
        if contact_id is not None:
            if number not in open_windows:
                raise NotVerified
            _replace(session, requester_id, contact_id, field, office.clock.now())
        key = office.keyring.key(requester_id)
        add_contact(session, office, requester_id, key, NewContact(field, typed, False, office.clock.now()))
        session.connection().execute(
            update(Ticket).where(col(Ticket.number) == number).values(row=col(Ticket.row) + 1, no_contact=False)
        )
        pseudonym = office.pseudonym(requester_id, key)
        changed = Entry(Action.CONTACT_CHANGED, ticket=number, requester=pseudonym, fields=(field.value,))
        record(session, desk, changed)
        _close(session, desk, open_windows)


def _open_windows(session: Session, requester_id: str, now: datetime) -> tuple[int, ...]:
    """The tickets of this requester that have a verification window open."""
    found = session.connection().execute(
        select(col(Verification.ticket_number))
        .distinct()
        .where(
            col(Verification.requester_id) == requester_id,
            col(Verification.closed_at).is_(None),
            col(Verification.window_until) > now,
        )
    )
    return tuple(sorted(found.scalars()))


def _close(session: Session, desk: Desk, tickets: tuple[int, ...]) -> None:
    from cs_console.verification.windows import close_window  # verification stands on contacts, not the reverse

    for number in tickets:
        close_window(session, desk.office, number, desk=desk)


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
    """The ticket numbers of the requester with exactly this phone or e-mail, newest first; () for nobody.

    Every look-up is recorded, found or not, without the value; so is one past the pack's hourly limit. An answer for
    nobody is the same as for somebody erased. Raises BadInput, TooManyLookUps, NoUndertaking, NotAllowed.
    """
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
        numbers = _tickets_of(session, find_requester(session, office, field, normalised)) if within else ()
    if not within:
        raise TooManyLookUps(f"You have looked up {limit} contacts within the hour.", "Wait, or ask a supervisor.")
    return numbers


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


def _tickets_of(session: Session, requester_id: str | None) -> tuple[int, ...]:
    """Asked for nobody too, so that both answers take the same."""
    found = session.connection().execute(
        select(col(Ticket.number)).where(col(Ticket.requester_id) == (requester_id or "")).order_by(col(Ticket.number))
    )
    return tuple(reversed(found.scalars().all()))

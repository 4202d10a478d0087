"""A contact that the requester corrects or adds while their ticket is worked."""

from datetime import datetime
from functools import partial

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.access_log.standing import require_holder, require_open, require_owner
from cs_console.access_log.vouched import about_fields
from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.custody.blind_index import normalise
from cs_console.custody.contacts import LONGEST_VALUE, NewContact, add_contact
from cs_console.custody.late_redaction import redact_soon
from cs_console.custody.requester_access import require_in_use
from cs_console.desk import DeskSession
from cs_console.errors import BadInput, NotAssigned, NothingThere, NotVerified, NotVouched
from cs_console.plain_text import plain
from cs_console.staff.undertakings import require_current
from cs_console.verification.windows import close_windows_of
from models.contact import Contact
from models.contact_fields import SEARCHABLE, TEXTS, Field
from models.enums import Action, ActKind, Result
from models.roles import CORRECTS_CONTACTS
from models.ticket import Ticket
from models.verification import Verification


def change_contact(
    session: DeskSession, number: int, contact_id: str | None, field: Field, value: str, *, act: ActId | None = None
) -> None:
    """Write down a contact that the requester corrected or added, on the agent's own ticket.

    It needs an open verification window, and closes the requester's windows. The one before stays sealed as it was
    (policy V.1) and is used no more. The new one is unconfirmed until the platform has it on file: no code goes to it,
    and no mail from it is taken for the requester's. One act changes it once. Raises NotAssigned, NotVerified,
    NotVouched (recorded), NothingThere, BadInput, KeyDestroyed, OnHold, NoUndertaking, NotAllowed, and what
    `acts.once` raises.
    """
    try:
        _change_contact(session, number, contact_id, field, value, act)
    except NotVouched as error:
        with session.work(*CORRECTS_CONTACTS) as db:
            owner = db.get_one(Ticket, number).requester_id
            name = session.desk.pseudonym(owner, session.desk.keyring.key(owner))
            entry = Entry(
                Action.CONTACT_CHANGED,
                Result.REFUSED,
                ticket=number,
                requester=name,
                fields=(field.value,),
                reason=error.code,
            )
            record(db, session, entry)
        raise
    redact_soon(session.desk)


def _change_contact(
    session: DeskSession, number: int, contact_id: str | None, field: Field, value: str, act: ActId | None
) -> None:
    typed = plain(value).strip()
    if field in TEXTS or not 0 < len(typed) <= LONGEST_VALUE:
        raise BadInput("That is not a valid contact.", f"Type 1 to {LONGEST_VALUE} characters.")
    with session.work(*CORRECTS_CONTACTS) as db:
        intent = Intent(act, ActKind.CONTACT_CHANGED, number, (contact_id or "", field.value, typed))
        once(db, session, intent, partial(_contact_changed, db, session, number, contact_id, field, typed))


def _contact_changed(
    db: Session, session: DeskSession, number: int, contact_id: str | None, field: Field, typed: str
) -> ActOutcome:
    desk = session.desk
    require_current(db, session)
    ticket = db.get(Ticket, number)
    if ticket is None:
        raise NothingThere(f"There is no ticket #{number}.")
    if ticket.assignee_id != session.agent.id:
        raise NotAssigned(session.agent.roles, taken=ticket.assignee_id is not None)
    requester_id = ticket.requester_id
    require_in_use(db, session, requester_id)
    region = desk.packs.get(ticket.pack).meta.region
    if field in SEARCHABLE and normalise(field, typed, region) is None:
        raise BadInput(f"That is not a usable {field.value}.", "Check it and type it again.")
    open_windows = _open_windows(db, requester_id, desk.clock.now())
    if number not in open_windows:
        raise NotVerified
    require_holder(db, session, number)
    minutes = desk.packs.get(ticket.pack).verification.window_minutes
    key = desk.keyring.key(requester_id)
    pseudonym = desk.pseudonym(requester_id, key)
    require_owner(db, desk, number, pseudonym)
    require_open(db, desk, number, open_windows[number], minutes, pseudonym)
    if contact_id is not None:
        _replace(db, requester_id, contact_id, field, desk.clock.now())
    add_contact(db, desk, requester_id, key, NewContact(field, typed, False, desk.clock.now()))
    db.connection().execute(
        update(Ticket).where(col(Ticket.number) == number).values(version=col(Ticket.version) + 1, no_contact=False)
    )
    names = (field.value,)
    about = about_fields(names)
    changed = Entry(Action.CONTACT_CHANGED, ticket=number, requester=pseudonym, fields=names, about=about)
    record(db, session, changed)
    close_windows_of(db, session, requester_id)
    return {}


def _open_windows(db: Session, requester_id: str, now: datetime) -> dict[int, str]:
    """The tickets of this requester that have a verification window open, and the id of each ticket's last one."""
    found = db.connection().execute(
        select(col(Verification.ticket_number), col(Verification.id))
        .where(
            col(Verification.requester_id) == requester_id,
            col(Verification.closed_at).is_(None),
            col(Verification.window_until) > now,
        )
        .order_by(col(Verification.window_until), col(Verification.id))
    )
    return {int(number): str(window) for number, window in found}


def _replace(db: Session, requester_id: str, contact_id: str, field: Field, now: datetime) -> None:
    done = db.connection().execute(
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

"""Filing one message by what it is, all in the caller's transaction: a ticket, a follow-up, a note, or kept apart."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TypeVar

from sqlalchemy import update
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.access_log.vouched import assigned, opened_as
from cs_console.bulk_insert import insert_into
from cs_console.custody.contacts import (
    NewContact,
    add_claim,
    known_values,
    own_address,
    persons_with,
    unverified_sender,
)
from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.ticket_keys import new_ticket_keys, ticket_keys
from cs_console.deadlines.clock import Happened, Step, clock_of
from cs_console.delivery.acknowledging import acknowledge_form
from cs_console.desk import Desk, DeskSession
from cs_console.errors import KeyDestroyed, KeyMissing, SealBroken
from cs_console.independence.separation import excluded_agents
from cs_console.intake.guesses import kind_of, language_in
from cs_console.intake.incoming import NO_SUBJECT, IncomingMessage, Taken
from cs_console.intake.key_pool import NewKey, one_at_a_time
from cs_console.intake.machine_mail import note_automatic, note_report, skip_own
from cs_console.intake.received_lines import Into, add_received
from cs_console.intake.redacted_ahead import RedactedAhead, redacting_ahead
from cs_console.intake.set_aside import class_here, is_set_aside, set_aside, spam_reason
from cs_console.intake.threads import Continued, continued_ticket, names_a_ticket, ticket_holding, wake
from cs_console.tickets.numbers import lock_counter, next_number
from cs_console.tickets.requesters import add_requester
from models.contact_fields import SEARCHABLE, Field
from models.enums import Action, Channel, Link, MailClass, Priority, SetAside, TicketState
from models.roles import Role
from models.ticket import Ticket

OLDEST_BELIEVED = timedelta(days=366)

_add_ticket = insert_into(Ticket)

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class _Case:
    """Whose message it is, and what redaction has to know of them."""

    requester_id: str
    requester_key: bytes
    known: KnownTerms
    link: Link = Link.NONE


def file_message(
    db: Session,
    session: DeskSession,
    message: IncomingMessage,
    new_key: NewKey,
    redacted: RedactedAhead,
    assignee_id: str | None = None,
    *,
    was_apart: bool = False,
    released: bool = False,
) -> Taken:
    """Open a ticket for a message or append it to the one that it continues, once; or what else its class asks for.

    A new one is the `assignee_id`'s, unless that person has to keep away from it: then it is unassigned, and the
    answer says so. `new_key` gives the key of a requester who is made here, or of a mail that is set aside.
    `was_apart`: it could not be read before, and is kept apart still; `released`: a person decided that it is a
    person's. Imports wait for each other on the ticket counter, so that of two equal messages one is the duplicate.
    Raises OtherTerms where the texts were redacted for other terms than the requester's (`redacting_ahead`).
    """
    desk = session.desk
    lock_counter(db)
    at = believed(message.at, desk.clock.now())
    number = ticket_holding(db, desk, message, at)
    if number is not None:
        return Taken("duplicate", number)
    if not released and is_set_aside(db, desk, message, but_unread=was_apart):
        return Taken("duplicate")
    match MailClass.PERSON if released else class_here(db, desk, message):
        case MailClass.SPAM:
            set_aside(db, desk, message, redacted, new_key, SetAside.SPAM, spam_reason(message))
            return Taken("spam")
        case MailClass.OWN:
            return skip_own(db, desk, message, redacted, new_key)
        case MailClass.AUTOMATIC:
            return note_automatic(db, session, message, redacted, at, new_key)
        case MailClass.BOUNCE | MailClass.FEEDBACK:
            return note_report(db, session, message, redacted, at, new_key)
        case MailClass.PERSON:
            continued = continued_ticket(db, desk, message)
            if continued is not None:
                return _append(db, session, message, redacted, at, continued)
    return _open(db, session, message, redacted, at, new_key, assignee_id)


def file_alone(
    session: DeskSession,
    message: IncomingMessage,
    roles: tuple[Role, ...],
    act: Callable[[RedactedAhead, NewKey], _Answer],
    new_key: NewKey | None = None,
) -> _Answer:
    """Do `act`, the one transaction that files this message, with its texts redacted ahead and a key for a new
    requester: the same key when the transaction is begun again.

    `roles` may file it. Raises like `DeskSession.reading`, `redacting_ahead` and `act`.
    """
    key = cache(new_key or one_at_a_time(session.desk.keyring))
    with session.reading(*roles) as db:
        regions, known = case_terms(db, session.desk, message)
    return redacting_ahead(message.texts, regions, known, lambda redacted: act(redacted, key))


def case_terms(db: Session, desk: Desk, message: IncomingMessage) -> tuple[tuple[str, ...], KnownTerms | None]:
    """What `file_message` would want the message's texts redacted for, as things are now; nothing is locked.

    Without terms where its requester's data opens no more: filing it says so.
    """
    try:
        return _case_terms(db, desk, message)
    except (KeyDestroyed, KeyMissing, SealBroken):
        return desk.packs.current.meta.regions, None


def _case_terms(db: Session, desk: Desk, message: IncomingMessage) -> tuple[tuple[str, ...], KnownTerms]:
    continued = continued_ticket(db, desk, message, lock=False) if names_a_ticket(message) else None
    if continued is not None:
        keys = ticket_keys(db, desk, continued.number)
        known = known_values(db, desk, continued.requester_id, keys.requester_key, keys)
        pack = desk.packs.get(db.get_one(Ticket, continued.number).pack)
        return pack.meta.regions, known.with_claims(message.contacts)
    person = _person_of(db, desk, message)
    if person is None:
        return desk.packs.current.meta.regions, KnownTerms((), message.contacts)
    known = known_values(db, desk, person, desk.keyring.key(person))
    return desk.packs.current.meta.regions, known.with_claims(message.contacts)


def believed(at: datetime | None, now: datetime) -> datetime:
    """When it came in. A claimed time in the future, or over a year ago, would only bend the clocks."""
    return at if at is not None and now - OLDEST_BELIEVED <= at <= now else now


def _append(
    db: Session,
    session: DeskSession,
    message: IncomingMessage,
    redacted: RedactedAhead,
    at: datetime,
    continued: Continued,
) -> Taken:
    number, requester_id = continued.number, continued.requester_id
    desk = session.desk
    keys = ticket_keys(db, desk, number)
    known = known_values(db, desk, requester_id, keys.requester_key, keys)
    pack = desk.packs.get(db.get_one(Ticket, number).pack)
    terms = known.with_claims(message.contacts)
    into = Into(number, pack, keys, terms, unconfirmed=continued.unconfirmed)
    add_received(db, desk, into, message, redacted, at)
    pseudonym = desk.pseudonym(requester_id, keys.requester_key)
    if continued.unconfirmed:  # it changes nothing: neither state nor clock, nor what is decided about
        db.connection().execute(update(Ticket).where(col(Ticket.number) == number).values(unread=1))
        record(db, session, Entry(Action.UNCONFIRMED_RECEIVED, ticket=number, requester=pseudonym))
        return Taken("appended", number)
    wake(db, pack, number, at, desk.clock.now())
    record(db, session, Entry(Action.TICKET_FOLLOW_UP, ticket=number, requester=pseudonym))
    return Taken("appended", number)


def _open(
    db: Session,
    session: DeskSession,
    message: IncomingMessage,
    redacted: RedactedAhead,
    at: datetime,
    new_key: NewKey,
    assignee_id: str | None,
) -> Taken:
    desk = session.desk
    pack = desk.packs.current
    now = desk.clock.now()
    language, kind = language_in(message), kind_of(pack, message)
    case = _case_of(db, desk, message, language, new_key)
    number = next_number(db)
    keys, sealed_key = new_ticket_keys(case.requester_id, case.requester_key, number)
    clock = clock_of(pack, kind, (Happened(Step.RECEIVED, at),))
    subject = message.subject or NO_SUBJECT
    shown = redacted.of(subject, pack.meta.regions, case.known)
    _add_ticket(
        db,
        {
            "number": number,
            "requester_id": case.requester_id,
            "link": case.link,
            "kind": kind,
            "state": TicketState.TO_VERIFY if pack.kinds[kind].needs_decision else TicketState.OPEN,
            "priority": Priority.NORMAL,
            "assignee_id": assignee_id,
            "channel": message.channel,
            "language": language,
            "pack": pack.meta.name,
            "sealed_key": sealed_key,
            "subject": keys.seal("ticket", "subject", str(number), subject),
            "subject_redacted": keys.seal("ticket", "subject_redacted", str(number), shown),
            "no_contact": not any(field in SEARCHABLE for field, _ in message.contacts),
            "received_at": at,
            "created_at": now,
            "last_message_at": at,
            "first_response_due_at": clock.first_response_due,
            "due_at": clock.due,
            "unread": 1,
            "version": 1,
        },
    )
    out = assignee_id is not None and _keeps_away(db, desk, number, assignee_id)
    for field, value in message.contacts:
        add_claim(db, desk, keys, NewContact(field, value, False, now))
    into = Into(number, pack, keys, case.known, unconfirmed=not message.sender_sure)
    add_received(db, desk, into, message, redacted, at)
    of_a_form = message.channel is Channel.FORM and assignee_id is None and case.link is Link.NONE
    address = dict(message.contacts).get(Field.EMAIL) if of_a_form else None
    if address is not None:
        acknowledge_form(db, desk, number, address)
    pseudonym = desk.pseudonym(case.requester_id, case.requester_key)
    about = assigned(None, None if out else assignee_id) | opened_as(kind, message.channel)
    record(db, session, Entry(Action.TICKET_CREATED, ticket=number, requester=pseudonym, about=about))
    return Taken("opened", number, kept_away=out)


def _keeps_away(db: Session, desk: Desk, number: int, assignee_id: str) -> bool:
    """Whether the agent who entered a new ticket must keep away from it; then it stays unassigned."""
    if assignee_id not in excluded_agents(db, desk, number):
        return False
    db.connection().execute(update(Ticket).where(col(Ticket.number) == number).values(assignee_id=None))
    return True


def _case_of(db: Session, desk: Desk, message: IncomingMessage, language: str, new_key: NewKey) -> _Case:
    """Whose a new matter is: presumed the one person's on file that its sender names, else an unverified sender's.

    What a message says of its sender is a claim: it joins no one, and adds nothing to anyone on file.
    """
    person = _person_of(db, desk, message)
    if person is not None:
        key = desk.keyring.key(person)
        known = known_values(db, desk, person, key).with_claims(message.contacts)
        return _Case(person, key, known, Link.PRESUMED)
    own = own_address(message.channel, message.contacts) if message.sender_sure else None
    before = None if own is None else unverified_sender(db, desk, message.channel, *own)
    if before is not None:
        return _Case(before, desk.keyring.key(before), KnownTerms((), message.contacts))
    requester_id, key = new_key()
    add_requester(db, requester_id, language, desk.clock.now())
    return _Case(requester_id, key, KnownTerms((), message.contacts))


def _person_of(db: Session, desk: Desk, message: IncomingMessage) -> str | None:
    """The one person on file who matches the address that it came from; without one, all the fields of its form.

    None if there is no one, or several: then a person decides. None, too, where another header than its From alone
    names the sender: that is anyone's claim.
    """
    if not message.sender_sure:
        return None
    own = own_address(message.channel, message.contacts)
    said = [own] if own is not None else [contact for contact in message.contacts if contact[0] in SEARCHABLE]
    matching = {person for field, value in said for person in persons_with(db, desk, field, value)}
    return matching.pop() if len(matching) == 1 else None

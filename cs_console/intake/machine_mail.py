"""Filing what no person wrote: as a note on the ticket that it is about, else kept apart. It wakes and stops nothing.

A report that a mail of ours was not delivered marks that mail, where it names it by a Message-ID or a token that only
its recipient can know. Anyone can send such a report: it does no more than that, and brings the ticket of a newest
letter back to its agent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.access_log.vouched import words
from cs_console.custody.blind_index import lookup_token, on_file_form
from cs_console.custody.contacts import known_values
from cs_console.custody.sending import OUTGOING
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.delivery.answered import Moved, settle_returned
from cs_console.delivery.message_ids import message_of_mail_id, message_of_token, token_of
from cs_console.desk import Desk, DeskSession
from cs_console.intake.incoming import IncomingMessage, Taken
from cs_console.intake.key_pool import NewKey
from cs_console.intake.received_lines import Into, add_received
from cs_console.intake.redacted_ahead import RedactedAhead
from cs_console.intake.set_aside import sentence, set_aside
from cs_console.intake.threads import Continued, answered_ticket, ticket_of_line
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, DeliveryState, MailClass, MessageSort, SetAside
from models.message import Message
from models.ticket import Ticket

CAME_BACK = "came back"
GUESSED_WITHIN = timedelta(days=5)
"""A report that names no mail of ours, but an address: it is about the letter that went there in so many days."""


@dataclass(frozen=True, slots=True)
class _Letter:
    """The mail of ours that a report is about. `named`: it gives its Message-ID or token, which a stranger cannot."""

    message_id: str
    named: bool


def skip_own(db: Session, desk: Desk, message: IncomingMessage, redacted: RedactedAhead, new_key: NewKey) -> Taken:
    """Pass over our own mail come back. What was not sent from here is kept apart all the same."""
    if message_of_mail_id(db, desk, message.reference) is None:
        set_aside(db, desk, message, redacted, new_key, SetAside.OWN, sentence(message.class_reason))
    return Taken("skipped")


def note_automatic(
    db: Session,
    session: DeskSession,
    message: IncomingMessage,
    redacted: RedactedAhead,
    at: datetime,
    new_key: NewKey,
) -> Taken:
    """Keep a program's answer as a note on the ticket that it answers; where it answers none, apart."""
    answered = answered_ticket(db, session.desk, message)
    if answered is None:
        set_aside(db, session.desk, message, redacted, new_key, SetAside.AUTOMATIC, sentence(message.class_reason))
        return Taken("automatic")
    pseudonym = _add_note(db, session.desk, answered, message, redacted, at)
    record(db, session, Entry(Action.AUTOMATIC_RECEIVED, ticket=answered.number, requester=pseudonym))
    return Taken("automatic", answered.number)


def note_report(
    db: Session,
    session: DeskSession,
    message: IncomingMessage,
    redacted: RedactedAhead,
    at: datetime,
    new_key: NewKey,
) -> Taken:
    """Keep a mail server's report as a note on the ticket of the mail that it is about, and mark a mail that came back.

    The second report of the same about the same mail is kept apart, and so is one about no mail that is known here.
    """
    desk = session.desk
    letter = _letter_of(db, desk, message)
    if letter is not None:  # delivery locks a line before its ticket, too
        db.get_one(Message, letter.message_id, with_for_update=True)
    ticket = None if letter is None else ticket_of_line(db, letter.message_id)
    about = {} if letter is None else {"message": letter.message_id, "report": _report(message, letter)}
    if letter is None or ticket is None or _was_said(db, desk, ticket.number, about):
        set_aside(db, desk, message, redacted, new_key, SetAside.BOUNCE, sentence(message.class_reason))
        return Taken("bounced")
    moved = _mark(db, desk, letter) if about["report"] == CAME_BACK else None
    pseudonym = _add_note(db, desk, ticket, message, redacted, at)
    record(db, session, Entry(Action.MAIL_CAME_BACK, ticket=ticket.number, requester=pseudonym, about=about))
    if moved is not None:
        sort = MessageSort(db.get_one(Message, letter.message_id).sort).value
        changed = {"from": moved.before.value, "state": moved.after.value, "delivery": sort}
        entry = Entry(
            Action.TICKET_STATE_SET, ticket=ticket.number, requester=pseudonym, reason=moved.words, about=changed
        )
        record(db, session, entry)
    return Taken("bounced", ticket.number)


def _report(message: IncomingMessage, letter: _Letter) -> str:
    """What it says of the letter, in a word that rules and entries use."""
    if message.mail_class is MailClass.FEEDBACK:
        return "complaint"
    if not message.returned.final:
        return "delayed"
    return CAME_BACK if letter.named else "perhaps came back"


def _was_said(db: Session, desk: Desk, number: int, about: dict[str, str]) -> bool:
    said = words(db, desk, [number], (Action.MAIL_CAME_BACK,))
    return any(word.names(**about) for word in said)


def _letter_of(db: Session, desk: Desk, message: IncomingMessage) -> _Letter | None:
    """The mail of ours that a report is about, None where it names none that is known."""
    returned = message.returned
    for written in returned.references:
        found = message_of_mail_id(db, desk, written)
        if found is not None:
            return _Letter(found, named=True)
    for address in returned.came_to:
        token = token_of(desk.settings, address)
        found = None if token is None else message_of_token(db, token)
        if found is not None:
            return _Letter(found, named=True)
    guessed = _last_sent_to(db, desk, returned.recipients)
    return None if guessed is None else _Letter(guessed, named=False)


def _last_sent_to(db: Session, desk: Desk, recipients: tuple[str, ...]) -> str | None:
    """The last letter that went to one of these addresses within some days; None if those of several tickets did."""
    keyring = desk.keyring
    tokens = {
        lookup_token(keyring, Field.EMAIL, form)
        for address in recipients
        for form in (address, on_file_form(Field.EMAIL, address))
    }
    if not tokens:
        return None
    sent = (
        select(col(Message.id), col(Message.ticket_number))
        .join(Contact, col(Contact.id) == col(Message.contact_id))
        .where(
            col(Contact.field) == Field.EMAIL,
            col(Contact.lookup).in_(tokens),
            col(Message.sort).in_(OUTGOING),
            col(Message.delivery) == DeliveryState.SENT,
            col(Message.at) > desk.clock.now() - GUESSED_WITHIN,
        )
        .order_by(col(Message.at).desc(), col(Message.id).desc())
    )
    rows = db.connection().execute(sent).all()
    tickets = {number for _, number in rows}
    return str(rows[0][0]) if len(tickets) == 1 else None


def _mark(db: Session, desk: Desk, letter: _Letter) -> Moved | None:
    """Mark a letter that went out as come back; a ticket's newest one brings its ticket back to its agent."""
    message = db.get_one(Message, letter.message_id)
    if message.delivery != DeliveryState.SENT:
        return None
    message.delivery, message.next_delivery_at = DeliveryState.CAME_BACK, None
    db.add(message)
    db.flush()
    return settle_returned(db, desk, message)


def _add_note(
    db: Session, desk: Desk, ticket: Continued, message: IncomingMessage, redacted: RedactedAhead, at: datetime
) -> str:
    """Store it as a line of the ticket's that no rule takes for its requester's words; the requester's pseudonym."""
    keys = ticket_keys(db, desk, ticket.number)
    known = known_values(db, desk, ticket.requester_id, keys.requester_key, keys).with_claims(message.contacts)
    pack = desk.packs.get(db.get_one(Ticket, ticket.number).pack)
    into = Into(ticket.number, pack, keys, known, sort=MessageSort.AUTOMATIC, unconfirmed=ticket.unconfirmed)
    add_received(db, desk, into, message, redacted, at)
    return desk.pseudonym(ticket.requester_id, keys.requester_key)

"""Which ticket a message continues: one that it names and that belongs to its sender, never somebody else's."""

import re
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, or_, select, update
from sqlmodel import Session, col

from cs_console.custody.blind_index import SEARCHABLE, lookup_token, reference_token
from cs_console.decisions.clock_events import go_on
from cs_console.desk import Office
from cs_console.policy.schema import Pack
from cs_console.prepared import Prepared
from cs_console.tickets.incoming import IncomingMessage
from models.contact import Contact
from models.enums import RequesterState, TicketState
from models.message import Message
from models.requester import Requester
from models.ticket import Ticket

_TAG = re.compile(r"\[#(\d{1,9})\]")
_MOST_TAGS = 5
_BY_REFERENCE = Prepared(select(col(Message.ticket_number)).where(col(Message.reference) == bindparam("token")))


def ticket_of_reference(session: Session, token: bytes) -> int | None:
    """The ticket that holds the message of this reference, if it was imported before."""
    found = _BY_REFERENCE.first(session.connection(), {"token": token})
    return None if found is None else int(found[0])


def continued_ticket(session: Session, office: Office, message: IncomingMessage) -> tuple[int, str] | None:
    """The number and requester of the ticket that the message continues, locked until the transaction ends.

    It has to be named by In-Reply-To, References or a tag in the subject, and the sender's address or number has to
    be a present contact of its requester: a stranger who quotes a tag opens a ticket of their own.
    """
    named = _named(session, office, message)
    sender = _sender(office, message) if named else None
    if sender is None:
        return None
    rows = session.connection().execute(
        select(col(Ticket.number), col(Ticket.requester_id))
        .join(Requester, col(Requester.id) == col(Ticket.requester_id))
        .join(Contact, col(Contact.requester_id) == col(Ticket.requester_id))
        .where(
            col(Ticket.number).in_(named),
            col(Requester.state) == RequesterState.ACTIVE,
            col(Contact.replaced_at).is_(None),
            sender,
        )
        .with_for_update(of=Ticket)
    )
    owned = {int(number): str(requester) for number, requester in rows}
    number = next((number for number in named if number in owned), None)
    return None if number is None else (number, owned[number])


def _named(session: Session, office: Office, message: IncomingMessage) -> list[int]:
    """Ticket numbers that the message names, the surest first."""
    tokens = [reference_token(office.keyring, reference) for reference in message.references]
    by_token: dict[bytes, int] = {}
    if tokens:
        rows = session.connection().execute(
            select(col(Message.reference), col(Message.ticket_number)).where(col(Message.reference).in_(tokens))
        )
        by_token = {token: int(number) for token, number in rows if token is not None}
    tags = [int(tag) for tag in _TAG.findall(message.subject)[:_MOST_TAGS]]
    return list(dict.fromkeys([*(by_token[token] for token in tokens if token in by_token), *tags]))


def _sender(office: Office, message: IncomingMessage) -> ColumnElement[bool] | None:
    matches = [
        (col(Contact.field) == field) & (col(Contact.lookup) == lookup_token(office.keyring, field, value))
        for field, value in message.contacts
        if field in SEARCHABLE
    ]
    return or_(*matches) if matches else None


def wake(session: Session, pack: Pack, number: int, at: datetime, now: datetime) -> None:
    """Put a ticket back to work because its requester wrote: a closed one reopens, a waiting one goes on.

    One that was verified stays so; a rights request that was not waits for that. `at` is when the requester wrote,
    `now` when work goes on: from then counts a clock that a fee stopped.
    """
    ticket = session.get_one(Ticket, number)
    if ticket.state in (TicketState.CLOSED, TicketState.WAITING):
        if ticket.verified_at is not None:
            state = TicketState.VERIFIED
        else:
            state = TicketState.TO_VERIFY if pack.kinds[ticket.kind].needs_decision else TicketState.OPEN
    else:
        state = TicketState(ticket.state)
    session.connection().execute(
        update(Ticket)
        .where(col(Ticket.number) == number)
        .values(
            state=state,
            closed_at=None,
            last_message_at=max(at, ticket.last_message_at),
            row=col(Ticket.row) + 1,
        )
    )
    go_on(session, pack, ticket, now)

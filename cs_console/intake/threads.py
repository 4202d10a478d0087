"""Which ticket a message continues: one that it names and that belongs to its sender, never another person's."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, or_, select, update
from sqlmodel import Session, col

from cs_console.custody.blind_index import lookup_token, on_file_form, reference_token
from cs_console.custody.contacts import own_address, persons_with
from cs_console.deadlines.clock import follow_up_due
from cs_console.deadlines.clock_events import go_on
from cs_console.delivery.message_ids import message_of_mail_id
from cs_console.desk import Desk
from cs_console.intake.incoming import IncomingMessage
from cs_console.intake.same_message import anchor_token, message_token
from cs_console.intake.sender_checks import checked
from cs_console.policy.schema import Pack
from cs_console.prepared import Prepared
from cs_console.tickets.back_to_work import state_at_work
from models.columns import microseconds
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Link, MailClass, MessageSort, RequesterState, SenderCheck, TicketState
from models.message import Message
from models.requester import Requester
from models.ticket import Ticket

_TAG = re.compile(r"\[#(\d{1,9})\]")
_MOST_TAGS = 5
_MOST_NAMED = 200
"""An id that many strangers wrote names no more tickets than this."""
_TAKEN_IN = Prepared(
    select(
        col(Message.ticket_number), col(Message.reference), col(Message.sort), col(Message.anchor), col(Message.at)
    ).where(col(Message.reference).in_((bindparam("token"), bindparam("anchor"))))
)


def ticket_holding(db: Session, desk: Desk, message: IncomingMessage, believed: datetime) -> int | None:
    """The ticket that holds this very message, if it was taken in before.

    `believed` is when it came in, as far as it can be believed. Rows of older desks know a message by its id alone:
    one of them is the same if it came at the same time, or where that was not kept.
    """
    token, anchor = message_token(desk, message), anchor_token(desk, message)
    for number, reference, sort, its_anchor, at in _TAKEN_IN.all(db.connection(), {"token": token, "anchor": anchor}):
        if bytes(reference) == token:
            return int(number)
        if sort == MessageSort.RECEIVED.value and its_anchor is None:
            same_time = message.at is None or message.at != believed or at == microseconds(believed)
            if same_time:
                return int(number)
    return None


_FROM_TICKET = and_(
    col(Contact.ticket_number) == col(Ticket.number),
    or_(
        col(Ticket.channel) == bindparam("channel"),
        col(Ticket.number).in_(bindparam("acknowledged", expanding=True)),
    ),
    col(Contact.lookup) == bindparam("written"),
)
_ON_FILE = and_(
    col(Contact.on_file).is_(True), col(Contact.lookup) == bindparam("kept"), col(Requester.unclear).is_(False)
)
_CONTINUES = (
    select(col(Ticket.number), col(Ticket.requester_id), col(Ticket.state), col(Ticket.link), col(Contact.on_file))
    .join(Requester, col(Requester.id) == col(Ticket.requester_id))
    .join(Contact, col(Contact.requester_id) == col(Ticket.requester_id))
    .where(
        col(Ticket.number).in_(bindparam("named", expanding=True)),
        col(Requester.state) == RequesterState.ACTIVE,
        col(Contact.replaced_at).is_(None),
        col(Contact.field) == bindparam("field"),
        or_(_ON_FILE, _FROM_TICKET),
    )
)
_CONTINUES_LOCKED = _CONTINUES.with_for_update(of=Ticket)
_NAMED_BY = (
    select(col(Message.reference), col(Message.anchor), col(Message.ticket_number), col(Message.sort))
    .where(
        or_(
            col(Message.reference).in_(bindparam("tokens", expanding=True)),
            col(Message.anchor).in_(bindparam("tokens", expanding=True)),
        )
    )
    .order_by(col(Message.ticket_number))
    .limit(_MOST_NAMED)
)


@dataclass(frozen=True, slots=True)
class Continued:
    """The ticket that a message continues. `unconfirmed`: it did not come from an address on file with its account, our
    mail server says that it did not come from the address that it names, or a program answered the acknowledgement."""

    number: int
    requester_id: str
    unconfirmed: bool


def names_a_ticket(message: IncomingMessage) -> bool:
    """Whether the message says that it continues another one."""
    return bool(message.references) or _TAG.search(message.subject) is not None


def sender_check(desk: Desk, message: IncomingMessage) -> SenderCheck:
    """What our own mail server found out about the address that a message says it is from."""
    own = own_address(message.channel, message.contacts)
    if own is None or not message.sender_checks:
        return SenderCheck.NOT_CHECKED
    found = checked(message.sender_checks, desk.settings.mail_checked_by, own[1])
    # of a form or a group the server confirms the machine, not who wrote
    return SenderCheck.NOT_CHECKED if found is SenderCheck.CONFIRMED and not message.sender_sure else found


def continued_ticket(
    db: Session, desk: Desk, message: IncomingMessage, *, lock: bool = True, closed_too: bool = False
) -> Continued | None:
    """The ticket that the message continues, locked until the transaction ends unless `lock` says no.

    It has to be named by In-Reply-To, References or a tag in the subject, and to come from its person's address on
    file, or by the same channel from the exact address that the ticket came from, or to answer the acknowledgement of a
    form from the address that it names: a stranger who quotes a tag opens a ticket of their own, and so does an
    unconfirmed message on a closed one, unless it changes nothing there (`closed_too`). Where there is a person on
    file, only their address on file, and no one else's, is a confirmed one, and none is that failed at the mail server
    that the settings name (DECISIONS 3).
    """
    named, acknowledged = _named(db, desk, message)
    own = own_address(message.channel, message.contacts) if named else None
    if own is None:
        return None
    field, value = own
    written, kept = _tokens(desk, field, value)
    asked = {"named": named, "acknowledged": acknowledged, "written": written, "kept": kept}
    rows = db.connection().execute(
        _CONTINUES_LOCKED if lock else _CONTINUES, {**asked, "channel": message.channel, "field": field}
    )
    found: dict[int, Continued] = {}
    failed = not message.sender_sure or sender_check(desk, message) is SenderCheck.FAILED
    for number, requester_id, state, link, is_on_file in rows:
        theirs = link == Link.NONE or (is_on_file and persons_with(db, desk, field, value) == (requester_id,))
        proves = message.mail_class is MailClass.PERSON or number not in acknowledged  # a program has read nothing
        confirmed = theirs and proves and not failed
        if confirmed or ((closed_too or state != TicketState.CLOSED) and number not in found):
            found[number] = Continued(int(number), str(requester_id), not confirmed)
    return next((found[number] for number in named if number in found), None)


def _tokens(desk: Desk, field: Field, value: str) -> tuple[bytes, bytes]:
    """The look-up tokens of an address as written, and as it would be on file."""
    keyring = desk.keyring
    return lookup_token(keyring, field, value), lookup_token(keyring, field, on_file_form(field, value))


def _named(db: Session, desk: Desk, message: IncomingMessage) -> tuple[list[int], list[int]]:
    """Ticket numbers that the message names, the surest first, and those whose acknowledgement it answers."""
    tokens = [reference_token(desk.keyring, reference) for reference in message.references]
    by_token: dict[bytes, list[int]] = {}
    acknowledged: list[int] = []
    if tokens:
        rows = db.connection().execute(_NAMED_BY, {"tokens": tokens})
        for reference, anchor, number, sort in rows.all():
            for token in (reference, anchor):
                by_token.setdefault(bytes(token or b""), []).append(int(number))
            if sort == MessageSort.ACKNOWLEDGEMENT:
                acknowledged.append(int(number))
    tags = [int(tag) for tag in _TAG.findall(message.subject)[:_MOST_TAGS]]
    named = dict.fromkeys([*(number for token in tokens for number in by_token.get(token, ())), *tags])
    return list(named), acknowledged


def answered_ticket(db: Session, desk: Desk, message: IncomingMessage) -> Continued | None:
    """The ticket that a program's answer is about, locked: one that it continues as a person's mail would, open or
    closed, else the one whose letter it names, since no one but its recipient knows a letter's Message-ID."""
    continued = continued_ticket(db, desk, message, closed_too=True)
    if continued is not None:
        return continued
    for written in message.references:
        found = message_of_mail_id(db, desk, written)
        if found is not None:
            return ticket_of_line(db, found)
    return None


def ticket_of_line(db: Session, message_id: str) -> Continued | None:
    """The ticket of that message, locked; None where its requester is erased or restricted."""
    asked = (
        select(col(Ticket.number), col(Ticket.requester_id))
        .join(Message, col(Message.ticket_number) == col(Ticket.number))
        .join(Requester, col(Requester.id) == col(Ticket.requester_id))
        .where(col(Message.id) == message_id, col(Requester.state) == RequesterState.ACTIVE)
    )
    row = db.connection().execute(asked.with_for_update(of=Ticket)).first()
    return None if row is None else Continued(int(row[0]), str(row[1]), unconfirmed=True)


def wake(db: Session, pack: Pack, number: int, at: datetime, now: datetime) -> None:
    """Put a ticket back to work because its requester wrote: a closed one reopens, a waiting or snoozed one goes on.

    What they wrote has a date of its own where the pack says so, which counts from the first that no one has answered.
    `at` is when the requester wrote, `now` when work goes on: from then counts a clock that a fee stopped.
    """
    ticket = db.get_one(Ticket, number)
    if ticket.state in (TicketState.CLOSED, TicketState.WAITING):
        state = state_at_work(pack, ticket)
    else:
        state = TicketState(ticket.state)
    first = ticket.answered_at is None or ticket.state == TicketState.CLOSED
    db.connection().execute(
        update(Ticket)
        .where(col(Ticket.number) == number)
        .values(
            state=state,
            closed_at=None,
            last_message_at=max(at, ticket.last_message_at),
            unread=1,
            answered_at=at if first else ticket.answered_at,
            follow_up_due_at=follow_up_due(pack, now) if first else ticket.follow_up_due_at,
            snoozed_until=None,
            version=col(Ticket.version) + 1,
        )
    )
    go_on(db, pack, ticket, now)

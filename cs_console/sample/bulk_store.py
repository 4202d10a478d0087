"""Storing many invented tickets in little time: really sealed, each under its own key, written past the services."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlmodel import Session, SQLModel, col

from cs_console.custody.contacts import NewContact, add_claim
from cs_console.custody.search_queue import packed, put_in_tokens
from cs_console.custody.ticket_keys import TicketKeys, new_ticket_keys
from cs_console.deadlines.clock import Happened, Step, clock_of
from cs_console.desk import Desk
from cs_console.prepared import Prepared
from cs_console.tickets.requesters import add_requester
from models.columns import microseconds, new_id
from models.contact_fields import Field
from models.counter import Counter
from models.enums import (
    Channel,
    DeliveryState,
    Link,
    MailClass,
    MessageSort,
    Priority,
    SenderCheck,
    TicketKind,
    TicketState,
)
from models.message import Message
from models.search import SearchEntry
from models.ticket import Ticket

_DERIVED = {"is_open", "next_due_at", "queue_order", "urgency_order"}


@dataclass(frozen=True, slots=True)
class Text:
    """What a requester wrote, and the same redacted."""

    original: str
    redacted: str


@dataclass(frozen=True, slots=True)
class Outline:
    """A ticket to be stored. `requester` is a place among the new requesters that it is stored with.

    Without a `message` it has none, without an `address` its sender is not known, without `tokens` no word finds it.
    """

    requester: int
    kind: TicketKind
    state: TicketState
    priority: Priority
    channel: Channel
    language: str
    received_at: datetime
    subject: Text
    message: Text | None = None
    address: str = ""
    tokens: frozenset[int] = field(default_factory=frozenset)
    assignee_id: str | None = None
    first_response_at: datetime | None = None
    verified_at: datetime | None = None
    closed_at: datetime | None = None


def store(
    db: Session, desk: Desk, outlines: Sequence[Outline], keys: Sequence[tuple[str, bytes]], generation: int = 0
) -> None:
    """Store these tickets under the next free numbers, in the caller's transaction.

    `keys`: the ids of their new requesters and the keys, which the keyring holds by then. `generation` is that of the
    key that made their tokens. Nothing of them is in the access log.
    """
    now = desk.clock.now()
    for requester_id, _ in keys:
        add_requester(db, requester_id, "en", now)
    taken = update(Counter).where(col(Counter.name) == "ticket").values(value=col(Counter.value) + len(outlines))
    last = int(db.connection().execute(taken.returning(col(Counter.value))).scalar_one())
    tickets, lines, claims = [], [], []
    for number, outline in enumerate(outlines, last - len(outlines) + 1):
        requester_id, key = keys[outline.requester]
        own, sealed_key = new_ticket_keys(requester_id, key, number)
        tickets.append(_ticket(desk, outline, own, sealed_key))
        if outline.message is not None:
            lines.append(_line(outline, outline.message, own))
        if outline.address:
            claims.append((own, NewContact(Field.EMAIL, outline.address, False, outline.received_at)))
    _ADD_TICKET.run_all(db.connection(), tickets)
    _ADD_LINE.run_all(db.connection(), lines)
    for own, claim in claims:
        add_claim(db, desk, own, claim)
    indexed = {ticket["number"]: outline.tokens for ticket, outline in zip(tickets, outlines, strict=True)}
    _index(db, {number: tokens for number, tokens in indexed.items() if tokens}, generation)


def _index(db: Session, tokens: Mapping[int, Iterable[int]], generation: int) -> None:
    entries = [
        {"ticket_number": number, "tokens": packed(those), "generation": generation} for number, those in tokens.items()
    ]
    _ADD_ENTRY.run_all(db.connection(), entries)
    put_in_tokens(db, ((token, number) for number, those in tokens.items() for token in those))


def _ticket(desk: Desk, outline: Outline, own: TicketKeys, sealed_key: bytes) -> dict[str, Any]:
    pack, number = desk.packs.current, own.number
    steps = [Happened(Step.RECEIVED, outline.received_at)]
    if outline.verified_at is not None:
        steps.append(Happened(Step.VERIFIED, outline.verified_at))
    clock = clock_of(pack, outline.kind, steps)
    received_at = microseconds(outline.received_at)
    return {
        "number": number,
        "requester_id": own.requester_id,
        "link": Link.NONE.value,
        "kind": outline.kind.value,
        "state": outline.state.value,
        "priority": outline.priority.value,
        "assignee_id": outline.assignee_id,
        "channel": outline.channel.value,
        "language": outline.language,
        "pack": pack.meta.name,
        "sealed_key": sealed_key,
        "subject": own.seal("ticket", "subject", str(number), outline.subject.original),
        "subject_redacted": own.seal("ticket", "subject_redacted", str(number), outline.subject.redacted),
        "redaction_due": None,
        "no_contact": not outline.address,
        "received_at": received_at,
        "created_at": received_at,
        "last_message_at": received_at,
        "first_response_due_at": _stored(clock.first_response_due),
        "first_response_at": _stored(outline.first_response_at),
        "verified_at": _stored(outline.verified_at),
        "due_at": _stored(clock.due),
        "closed_at": _stored(outline.closed_at),
        "unread": 1 if outline.closed_at is None else 0,
        "answered_at": None,
        "follow_up_due_at": None,
        "snoozed_until": None,
        "version": 1,
    }


def _line(outline: Outline, message: Text, own: TicketKeys) -> dict[str, Any]:
    message_id = new_id()
    return {
        "id": message_id,
        "ticket_number": own.number,
        "sort": MessageSort.RECEIVED.value,
        "channel": outline.channel.value,
        "agent_id": None,
        "reference": None,
        "anchor": None,
        "sender_check": SenderCheck.NOT_CHECKED.value,
        "mail_class": MailClass.PERSON.value,
        "headers": None,
        "text": own.seal("message", "text", message_id, message.original),
        "text_redacted": own.seal("message", "text_redacted", message_id, message.redacted),
        "at": microseconds(outline.received_at),
        "unconfirmed": False,
        "contact_id": None,
        "delivery": DeliveryState.NONE.value,
        "delivery_tries": 0,
        "next_delivery_at": None,
        "delivery_problem": None,
    }


def _stored(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds(moment)


def _insert_into(table: type[SQLModel], names: Iterable[str]) -> Prepared:
    return Prepared(insert(table).values({name: bindparam(name) for name in names}))


_ADD_TICKET = _insert_into(Ticket, [name for name in Ticket.model_fields if name not in _DERIVED])
_ADD_LINE = _insert_into(Message, Message.model_fields)
_ADD_ENTRY = _insert_into(SearchEntry, SearchEntry.model_fields)

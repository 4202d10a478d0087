"""Tickets for tests, made straight through the seals: nothing of intake, so that a test speaks of one thing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.access_log.append import append
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.vouched import assigned, opened_as
from cs_console.custody.blind_index import account_token
from cs_console.custody.contacts import NewContact, add_contact, known_values
from cs_console.custody.opening import open_text
from cs_console.custody.redaction import redact
from cs_console.custody.sealing import Place, seal
from cs_console.custody.ticket_keys import TicketKeys, new_ticket_keys, ticket_keys
from cs_console.deadlines.clock import Happened, Step, clock_of
from cs_console.desk import Desk, DeskSession
from cs_console.policy.schema import Pack
from models.agent import Agent
from models.attachment import Attachment
from models.columns import microseconds, new_id
from models.contact import Contact
from models.contact_fields import Field
from models.counter import Counter
from models.enums import Action, Channel, Link, MessageSort, Priority, TicketKind, TicketState, VerificationMethod
from models.message import Message
from models.requester import Requester
from models.ticket import Ticket
from models.verification import Verification
from tests.support.desk import TestDesk

HAND = Actor("a test", "", "", "a host")
"""Who the log says gave a made ticket to its agent and opened its window."""


@dataclass(frozen=True)
class MadeTicket:
    """What a test needs to know of a ticket that it made."""

    number: int
    requester_id: str
    contact_ids: dict[Field, str]
    message_id: str


def make_requester(
    test_desk: TestDesk,
    contacts: Mapping[Field, str] | None = None,
    *,
    on_file: bool = True,
    changed_at: datetime | None = None,
    language: str = "en",
    account: str = "",
) -> tuple[str, dict[Field, str]]:
    """A requester with these contacts (one e-mail when none are named): id, and contact ids by field.

    On file they are those of `account` (one of its own where none is named); else they are claims, of the first ticket
    that `make_ticket` makes of them. Contacts were last changed a year ago unless `changed_at` says otherwise.
    """
    desk = test_desk.desk
    requester_id = new_id()
    now = test_desk.clock.now()
    key = desk.keyring.create(requester_id)
    wanted = {Field.EMAIL: "alice@example.org"} if contacts is None else contacts
    with desk.database.transaction() as db:
        row = Requester(id=requester_id, created_at=now, language=language)
        if on_file:
            account = account or f"account of {requester_id}"
            row.account = account_token(desk.keyring, account)
            row.account_id = seal(key, Place(requester_id, "requester", "account_id", requester_id), account)
        db.add(row)
        db.flush()
        changed = changed_at or now - timedelta(days=365)
        ids = {
            field: add_contact(db, desk, requester_id, key, NewContact(field, value, on_file, changed))
            for field, value in wanted.items()
        }
    return requester_id, ids


def make_ticket(
    test_desk: TestDesk,
    *,
    kind: TicketKind = TicketKind.INQUIRY,
    state: TicketState | None = None,
    assignee: DeskSession | None = None,
    subject: str = "A question",
    text: str = "Please help me with my order.",
    contacts: Mapping[Field, str] | None = None,
    on_file: bool = True,
    received_at: datetime | None = None,
    verified: bool = False,
    priority: Priority = Priority.NORMAL,
    channel: Channel = Channel.MAIL,
    language: str = "en",
    requester: tuple[str, dict[Field, str]] | None = None,
    on_record: bool = True,
) -> MadeTicket:
    """One ticket with one message of a new requester, or of one that `make_requester` made.

    `state` defaults to what intake would choose; `verified` opens a verification window now, by a contact on file.
    Not `on_record`: nothing in the log says that it was opened, nor of which kind, as with an older desk's.
    """
    desk = test_desk.desk
    requester_id, ids = requester or make_requester(test_desk, contacts, on_file=on_file, language=language)
    now = test_desk.clock.now()
    received = received_at or now
    pack = desk.packs.current
    if state is None:
        waits = TicketState.TO_VERIFY if pack.kinds[kind].needs_decision else TicketState.OPEN
        state = TicketState.VERIFIED if verified else waits
    key = desk.keyring.key(requester_id)
    named = desk.pseudonym(requester_id, key)
    message_id = new_id()
    steps = [Happened(Step.RECEIVED, received)] + ([Happened(Step.VERIFIED, now)] if verified else [])
    clock = clock_of(pack, kind, steps)
    with desk.database.transaction() as db:
        number = _next_number(db)
        keys, sealed_key = new_ticket_keys(requester_id, key, number)
        known = known_values(db, desk, requester_id, key)
        db.add(
            Ticket(
                number=number,
                requester_id=requester_id,
                link=_link(db, requester_id, verified=verified),
                kind=kind,
                state=state,
                priority=priority,
                assignee_id=assignee.agent.id if assignee else None,
                channel=channel,
                language=language,
                pack=pack.meta.name,
                sealed_key=sealed_key,
                subject=keys.seal("ticket", "subject", str(number), subject),
                subject_redacted=keys.seal(
                    "ticket", "subject_redacted", str(number), redact(subject, _regions(pack), known)
                ),
                no_contact=not ids,
                received_at=received,
                created_at=now,
                last_message_at=received,
                first_response_due_at=clock.first_response_due,
                verified_at=now if verified else None,
                due_at=clock.due,
                closed_at=now if state is TicketState.CLOSED else None,
            )
        )
        db.flush()
        _claim(db, keys, ids)
        db.add(
            Message(
                id=message_id,
                ticket_number=number,
                sort=MessageSort.RECEIVED,
                channel=channel,
                text=keys.seal("message", "text", message_id, text),
                text_redacted=keys.seal("message", "text_redacted", message_id, redact(text, _regions(pack), known)),
                at=received,
            )
        )
        about = assigned(None, assignee.agent.id if assignee else None)
        if on_record:
            about |= opened_as(kind, channel)
            created = Entry(Action.TICKET_CREATED, ticket=number, requester=named, about=about)
            append(db, desk, HAND, created, now)
        elif assignee is not None:
            append(db, desk, HAND, Entry(Action.TICKET_ASSIGNED, ticket=number, about=about), now)
        if verified:
            _open_window(db, desk, number, requester_id, ids, named)
    return MadeTicket(number, requester_id, ids, message_id)


def give(test_desk: TestDesk, number: int, session: DeskSession) -> None:
    """Assign the ticket to that agent, on record, even if another agent has it."""
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Ticket).where(col(Ticket.number) == number).values(assignee_id=session.agent.id))
        about = assigned(None, session.agent.id)
        entry = Entry(Action.TICKET_ASSIGNED, ticket=number, about=about)
        append(db, test_desk.desk, HAND, entry, test_desk.clock.now())


def close(test_desk: TestDesk, *numbers: int) -> None:
    """Close tickets as someone does by hand, on record; nothing else of it."""
    now = test_desk.clock.now()
    with test_desk.desk.database.transaction() as db:
        closed = {"state": TicketState.CLOSED.value, "closed_at": now}
        db.connection().execute(update(Ticket).where(col(Ticket.number).in_(numbers)).values(closed))
        for number in numbers:
            entry = Entry(Action.TICKET_STATE_SET, ticket=number, about={"state": TicketState.CLOSED.value})
            append(db, test_desk.desk, HAND, entry, now)


def take_over(test_desk: TestDesk, before: DeskSession, after: DeskSession) -> None:
    """Make the one agent's tickets the other's, on record."""
    with test_desk.desk.database.reading() as db:
        theirs = select(col(Ticket.number)).where(col(Ticket.assignee_id) == before.agent.id)
        numbers = list(db.connection().execute(theirs).scalars())
    for number in numbers:
        give(test_desk, number, after)


def attach(
    test_desk: TestDesk,
    made: MadeTicket,
    name: str,
    media_type: str = "application/pdf",
    content: bytes = b"sealed",
    size: int = 2048,
) -> str:
    """Put a sealed file beside the ticket's message; its id."""
    desk, row = test_desk.desk, new_id()
    label = json.dumps({"name": name, "type": media_type})
    with desk.database.transaction() as db:
        keys = ticket_keys(db, desk, made.number)
        db.add(
            Attachment(
                id=row,
                message_id=made.message_id,
                label=keys.seal("attachment", "label", row, label),
                content=keys.seal("attachment", "content", row, content),
                size=size,
            )
        )
    return row


def _claim(db: Session, keys: TicketKeys, ids: dict[Field, str]) -> None:
    """What `make_requester` made of contacts that are not on file is this ticket's from now on."""
    loose = (col(Contact.id).in_(ids.values()), col(Contact.on_file).is_(False), col(Contact.ticket_number).is_(None))
    for claim in db.scalars(select(Contact).where(*loose)):
        for column in ("value", "mask"):
            place = Place(keys.requester_id, "contact", column, claim.id)
            value = open_text(keys.requester_key, place, getattr(claim, column))
            setattr(claim, column, keys.seal("contact", column, claim.id, value))
        claim.ticket_number = keys.number
        db.add(claim)
    db.flush()


def _link(db: Session, requester_id: str, *, verified: bool) -> Link:
    if db.get_one(Requester, requester_id).account is None:
        return Link.NONE
    return Link.PROVEN if verified else Link.PRESUMED


def _regions(pack: Pack) -> tuple[str, ...]:
    return (pack.meta.region, *pack.meta.more_regions)


def _next_number(db: Session) -> int:
    return int(
        db.connection()
        .execute(
            update(Counter)
            .where(col(Counter.name) == "ticket")
            .values(value=col(Counter.value) + 1)
            .returning(col(Counter.value))
        )
        .scalar_one()
    )


def _open_window(db: Session, desk: Desk, number: int, requester_id: str, ids: dict[Field, str], named: str) -> None:
    now = desk.clock.now()
    agent_id = db.connection().execute(select(col(Agent.id)).where(col(Agent.name) == "vera")).scalar()
    if agent_id is None:
        agent_id = new_id()
        db.add(
            Agent(
                id=agent_id,
                name="vera",
                roles="verifier",
                password_hash="unusable",
                password_set_at=now,
                created_at=now,
                identity=b"vera",
            )
        )
        db.flush()
    by_code = next(((field, made) for field, made in ids.items() if field in (Field.EMAIL, Field.MOBILE)), None)
    window, until = new_id(), now + timedelta(minutes=desk.packs.current.verification.window_minutes)
    method = VerificationMethod.CODE if by_code else VerificationMethod.WRITTEN
    db.add(
        Verification(
            id=window,
            ticket_number=number,
            requester_id=requester_id,
            method=method,
            contact_id=by_code[1] if by_code else None,
            contact_field=by_code[0].value if by_code else None,
            agent_id=agent_id,
            verified_at=now,
            window_until=until,
        )
    )
    db.flush()
    about = {"window": window, "until": str(microseconds(until)), "method": method.value, "by": agent_id}
    verified = Entry(Action.VERIFIED, ticket=number, requester=named, verification=window[:16], about=about)
    append(db, desk, HAND, verified, now)

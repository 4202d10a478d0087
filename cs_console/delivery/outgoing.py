"""Outgoing messages: queued sealed with the work that made them, then handed over, once, on the record."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlmodel import Session, col

from cs_console.access_log.append import append, lock_log
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.vouched import words
from cs_console.custody.answered_mail import AnsweredMail, answered_mail
from cs_console.custody.blind_index import reference_token
from cs_console.custody.contacts import address_for_sending, known_values
from cs_console.custody.drafts import drop_answer_drafts
from cs_console.custody.redaction import redact
from cs_console.custody.reply_files import move_files
from cs_console.custody.search_queue import index_later
from cs_console.custody.sending import OutgoingLine, line_for_sending
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.delivery.answered import Moved, settle_reply, settle_undelivered
from cs_console.delivery.channels import Outgoing, hand_over
from cs_console.delivery.held_letters import why_not
from cs_console.delivery.message_ids import envelope_sender, mail_id
from cs_console.delivery.reply_text import answering_subject, surrounded
from cs_console.desk import Desk, DeskSession
from cs_console.errors import (
    BadSettings,
    ConsoleError,
    ContactNotOnFile,
    DeliveryFailed,
    DeliveryUnknown,
    FileRefused,
    KeyDestroyed,
    KeyMissing,
    NothingThere,
    SealBroken,
    StoreUnavailable,
)
from cs_console.outbox import holds
from cs_console.policy.letter_lines import notice_subject
from cs_console.tickets.ticket_record import TicketFacts, pseudonym, record_about
from models.agent import Agent
from models.columns import microseconds, new_id
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, Channel, DeliveryState, MessageSort, Result
from models.message import Message
from models.ticket import Ticket

LEASE = timedelta(minutes=5)
"""How long one console may take to hand a message over before another one tries: longer than any time-out."""
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
BATCH = 200
CHANNELS = {Field.EMAIL: Channel.MAIL, Field.MOBILE: Channel.SMS}
_ANSWERS, _GENERATED = "auto-replied", "auto-generated"
_BY_ITSELF = {
    MessageSort.ACKNOWLEDGEMENT: _ANSWERS,
    MessageSort.REMINDER: _GENERATED,
    MessageSort.CODE: _GENERATED,
}
"""What no person typed or decided, by its Auto-Submitted (RFC 3834): no other program answers it."""


@dataclass(frozen=True)
class DeliveryReport:
    """How many messages went out and how many did not; `problems` are sentences without addresses.

    `refused` of the failed ones failed for good: nothing tries them again.
    """

    sent: int
    failed: int
    problems: tuple[str, ...] = ()
    refused: int = 0


def queue_message(
    db: Session,
    desk: Desk,
    *,
    ticket_number: int,
    requester_id: str,
    contact_id: str,
    sort: MessageSort,
    text: str,
    agent_id: str | None,
    subject: str = "",
    ticket_version: int | None = None,
    typed: bool = False,
    files: tuple[str, ...] = (),
    held_until: datetime | None = None,
) -> str:
    """Store one outgoing line, sealed, inside the caller's transaction and return its id; deliver_queued sends it.

    A reply says which `ticket_version` it leaves, so that nothing newer is overridden when it is sent. The subject
    carries the ticket's tag `[#10482]`; without one it has the desk's name (the pack's text for a notice), and a reply
    to a mail has that mail's. `typed`: the text is an agent's own, so it gets what surrounds one (`reply_text`).
    `held_until`: it goes out then at the earliest, if it still may (`held_letters`), and can be taken back before.
    `files`: the ids of the agent's files for it (`custody/reply_files.py`), which go out with a mail. Raises
    ContactNotOnFile for a contact that nothing can be sent to, FileRefused, NothingThere for a file that is gone,
    KeyDestroyed.
    """
    channel = _channel_to(db, requester_id, contact_id)
    ticket = db.get_one(Ticket, ticket_number)
    pack = desk.packs.get(ticket.pack)
    keys = ticket_keys(db, desk, ticket_number)
    message_id, now = new_id(), desk.clock.now()
    own_subject = bool(subject) or sort != MessageSort.REPLY
    if not subject:
        notice = sort == MessageSort.NOTICE
        subject = notice_subject(pack, ticket_number, ticket.language) if notice else desk.settings.desk_name
    own_id = mail_id(desk, message_id)
    if files and channel is not Channel.MAIL:
        raise FileRefused("Files can only be sent by mail.", "Choose a mail address, or take the files off.")
    headers = {
        "subject": tagged(subject, ticket_number),
        "message_id": own_id,
        "ticket_row": ticket_version,
        "own_subject": own_subject,
        "typed": typed,
        "files": list(files),
        "requester": requester_id,
    }
    regions = pack.meta.regions
    redacted = redact(text, regions, known_values(db, desk, requester_id, keys.requester_key, keys))

    def sealed(column: str, value: str) -> bytes:
        return keys.seal("message", column, message_id, value)

    db.add(
        Message(
            id=message_id,
            ticket_number=ticket_number,
            sort=sort,
            channel=channel,
            agent_id=agent_id,
            reference=reference_token(desk.keyring, own_id),
            headers=sealed("headers", json.dumps(headers)),
            text=sealed("text", text),
            text_redacted=sealed("text_redacted", redacted),
            at=now,
            contact_id=contact_id,
            delivery=DeliveryState.QUEUED if held_until is None else DeliveryState.HELD,
            next_delivery_at=held_until,
        )
    )
    db.flush()
    if files and agent_id is not None:
        move_files(db, desk, keys, agent_id, message_id, files)
    index_later(db, ticket_number)
    return message_id


def held_by_delay(desk: Desk) -> datetime | None:
    """Until when the desk's `send_delay` holds what is written now; None where nothing is held."""
    delay = timedelta(seconds=desk.settings.send_delay)
    return desk.clock.now() + delay if delay else None


def record_held(
    db: Session, session: DeskSession, ticket: TicketFacts, message_id: str, sort: MessageSort, until: datetime
) -> None:
    """Put on record that a letter was written and is held until then."""
    about = {"message": message_id, "until": str(microseconds(until)), "by": session.agent.id}
    record_about(db, session, ticket, Action.MESSAGE_HELD, sort.value, about=about)


def deliver_one(desk: Desk, message_id: str) -> DeliveryState:
    """Hand one committed message over and say what became of it; what cannot be tried now stays queued.

    FAILED is tried again by itself, REFUSED is not: a person has to find another way. One that went out before is not
    handed over again: it is SENT.
    """
    try:
        report = deliver_queued(desk, message_id)
        if not report.sent and not report.failed:
            return stored_delivery(desk, message_id)
    except ConsoleError:
        return DeliveryState.QUEUED
    if report.sent:
        return DeliveryState.SENT
    return DeliveryState.REFUSED if report.refused else DeliveryState.FAILED


def stored_delivery(desk: Desk, message_id: str) -> DeliveryState:
    """What became of a message so far, as `deliver_one` says it. Raises StoreUnavailable."""
    with desk.database.reading() as db:
        message = db.get(Message, message_id)
        if message is None:
            return DeliveryState.TAKEN_BACK
        state = DeliveryState(message.delivery)
        refused = state is DeliveryState.FAILED and message.next_delivery_at is None
        return DeliveryState.REFUSED if refused else state


def deliver_queued(desk: Desk, message_id: str | None = None) -> DeliveryReport:
    """Hand over what is queued and due, or that one message; a failed one is kept and tried again later.

    Each message is claimed first, so that two consoles do not send it twice, and is called `sending` before it is
    handed over: one that a console died over is looked for in the outbox folder, and where it may be with a server it
    is not sent again by itself. Address and text are opened in memory only; "sent", its entry and what it means for the
    ticket are one transaction. If no server answers, the rest of that channel is left as it is, for the next call: a
    time-out is waited for once. Raises StoreUnavailable, or LogBroken: what could not be put on record is not sent.
    """
    sent, refused, problems = 0, 0, []
    unreached: set[Channel] = set()
    for one, channel in [(message_id, None)] if message_id else _due(desk):
        if channel in unreached:
            continue
        try:
            claimed = _claim(desk, one, again=message_id is not None)
            if claimed is None or (claimed.problem is None and _went_out(desk, one)):
                continue
            done = _send(desk, one, claimed) if claimed.problem is None else _Sent(claimed.problem)
            if done is None:  # it was stopped meanwhile
                continue
        except KeyMissing as problem:  # it stays queued, and holds up no other
            if message_id:
                raise
            problems.append(problem.sentence)
            continue
        if claimed.problem is None:
            _settle(desk, one, done)
        if done.problem is None:
            sent += 1
            continue
        problems.append(done.problem.sentence)
        refused += not _passing(done.problem)
        if channel is not None and not claimed.interrupted and _is_silent(done.problem):
            unreached.add(channel)
    return DeliveryReport(sent, len(problems), tuple(problems), refused)


def deliver_held(desk: Desk, number: int) -> None:
    """Hand over the held messages of one ticket whose time has come, as `deliver_queued` does. Raises the same."""
    due = select(col(Message.id)).where(
        col(Message.ticket_number) == number,
        col(Message.delivery) == DeliveryState.HELD,
        col(Message.next_delivery_at) <= desk.clock.now(),
    )
    with desk.database.reading() as db:
        found = list(db.connection().execute(due).scalars())
    for message_id in found:
        deliver_queued(desk, message_id)


def send_now(desk: Desk, contact_id: str, subject: str, text: str) -> None:
    """Hand over a text that must not be stored (a code) to a contact.

    Raises ContactNotOnFile, DeliveryFailed, DeliveryUnknown, KeyDestroyed or BadSettings.
    """
    with desk.database.reading() as db:
        contact = db.get(Contact, contact_id)
        if contact is None or contact.replaced_at is not None:
            raise ContactNotOnFile("This contact is no longer on file.", "Choose another one.")
        kind, address = Field(contact.field), address_for_sending(db, desk, contact_id)
    whose = pseudonym(desk, contact.requester_id) or ""
    own_id, now = mail_id(desk, new_id()), desk.clock.now()
    outgoing = Outgoing(kind, address, subject, text, own_id, now, whose, automatic=_GENERATED)
    hand_over(desk.settings, outgoing)


def tagged(subject: str, ticket_number: int) -> str:
    """The subject with the tag by which an answer finds its ticket."""
    return f"{subject} [#{ticket_number}]"


def _channel_to(db: Session, requester_id: str, contact_id: str) -> Channel:
    contact = db.get(Contact, contact_id)
    if contact is None or contact.requester_id != requester_id or contact.replaced_at is not None:
        raise ContactNotOnFile("This contact does not belong to the requester.", "Choose one from the list.")
    if contact.field not in CHANNELS:
        raise ContactNotOnFile(f"Nothing can be sent to a {Field(contact.field).value}.", "Choose another contact.")
    return CHANNELS[Field(contact.field)]


def _due(desk: Desk) -> list[tuple[str, Channel | None]]:
    now = desk.clock.now()
    due = select(col(Message.id), col(Message.channel)).where(_free(now)).order_by(col(Message.at), col(Message.id))
    with desk.database.reading() as db:
        found = db.connection().execute(due.limit(BATCH))
        return [(one, Channel(channel)) for one, channel in found]


@dataclass(frozen=True)
class _Claimed:
    """A message that this console has for now. `problem`: a held one that may not go out, which is settled already.

    `interrupted`: another console died while it handed it over.
    """

    problem: ConsoleError | None = None
    interrupted: bool = False


def _claim(desk: Desk, message_id: str, *, again: bool) -> _Claimed | None:
    """Take the message for as long as the lease lasts; None where another console has it, or it is not its time.

    `again`: a failed one need not wait for its time. A held one is asked first whether it may still go out: what keeps
    it from that is settled in the same transaction, and is in the answer. From here on it cannot be taken back.
    """
    now = desk.clock.now()
    waits = and_(col(Message.delivery) == DeliveryState.FAILED, col(Message.next_delivery_at).is_not(None))
    may = or_(_free(now), waits) if again else _free(now)
    with desk.database.transaction() as db:
        locked = select(col(Message.delivery), col(Message.at)).where(col(Message.id) == message_id).with_for_update()
        before, written = db.connection().execute(locked).first() or (None, now)
        was_held, interrupted = before == DeliveryState.HELD, before == DeliveryState.SENDING
        taken = db.connection().execute(
            update(Message)
            .where(col(Message.id) == message_id, may)
            .values(
                delivery=before if interrupted else DeliveryState.QUEUED,
                delivery_tries=col(Message.delivery_tries) + 1,
                next_delivery_at=now + LEASE,
                **({"at": now} if was_held else {}),
            )
        )
        if not taken.rowcount:
            return None
        problem = None
        if was_held:
            message = db.get_one(Message, message_id)
            problem = why_not(db, desk, message)
            if message.sort == MessageSort.NOTICE:
                drop_answer_drafts(db, message.ticket_number, written)
        if problem is not None:
            _settle_in(db, desk, message_id, _Sent(problem))
        lock_log(db.connection(), desk)  # a broken one would let it out again and again, never on record
        return _Claimed(problem, interrupted)


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(
            col(Message.delivery) == DeliveryState.QUEUED,
            or_(col(Message.next_delivery_at).is_(None), col(Message.next_delivery_at) <= now),
        ),
        and_(
            col(Message.delivery).in_((DeliveryState.FAILED, DeliveryState.HELD, DeliveryState.SENDING)),
            col(Message.next_delivery_at) <= now,
        ),
    )


def _went_out(desk: Desk, message_id: str) -> bool:
    """Whether the access log says that the line was sent: then its row is corrected, and it is not sent twice.

    Raises LogBroken.
    """
    with desk.database.transaction() as db:
        message = db.get_one(Message, message_id)
        said = words(db, desk, [message.ticket_number], (Action.MESSAGE_SENT,))
        if not any(word.names(message=message_id) for word in said):
            return False
        message.delivery, message.next_delivery_at = DeliveryState.SENT, None
        db.add(message)
        return True


@dataclass(frozen=True)
class _Sent:
    """What became of a line: what kept it from going out, if anything did, and the ticket's version that it left."""

    problem: ConsoleError | None = None
    ticket_version: int | None = None


def _send(desk: Desk, message_id: str, claimed: _Claimed) -> _Sent | None:
    """Open the line and hand it over; None where it was stopped meanwhile."""
    outbox = desk.settings.outbox
    if claimed.interrupted and outbox is None:
        return _Sent(DeliveryUnknown())
    try:
        with desk.database.reading() as db:
            if claimed.interrupted and outbox is not None and holds(outbox, message_id):
                return _Sent(ticket_version=line_for_sending(db, desk, message_id).ticket_version)
            message = db.get_one(Message, message_id)
            contact = db.get(Contact, message.contact_id)
            owner = db.get_one(Ticket, message.ticket_number).requester_id
            if contact is None or contact.replaced_at is not None or contact.requester_id != owner:
                return _Sent(
                    ContactNotOnFile("The contact was changed before the message was sent.", "Write it again.")
                )
            line = line_for_sending(db, desk, message_id)
            address = address_for_sending(db, desk, contact.id)
            answered = AnsweredMail()
            if contact.field == Field.EMAIL:
                answered = answered_mail(db, desk, message.ticket_number, address, contact.id, message_id)
            outgoing = _outgoing(db, desk, message, Field(contact.field), address, line, answered)
        if not _begin(desk, message_id):
            return None
        hand_over(desk.settings, outgoing)
    except StoreUnavailable:
        raise
    except (DeliveryFailed, DeliveryUnknown, BadSettings, KeyDestroyed, SealBroken, NothingThere) as problem:
        return _Sent(problem)
    return _Sent(ticket_version=line.ticket_version)


def _begin(desk: Desk, message_id: str) -> bool:
    """Say durably that it is being handed over from here on. False where something stopped it since it was claimed."""
    with desk.database.transaction() as db:
        begun = db.connection().execute(
            update(Message)
            .where(
                col(Message.id) == message_id,
                col(Message.delivery).in_((DeliveryState.QUEUED, DeliveryState.SENDING)),
            )
            .values(delivery=DeliveryState.SENDING, next_delivery_at=desk.clock.now() + LEASE)
        )
        return bool(begun.rowcount)


def _outgoing(
    db: Session,
    desk: Desk,
    message: Message,
    kind: Field,
    address: str,
    line: OutgoingLine,
    answered: AnsweredMail,
) -> Outgoing:
    """The message as it leaves: in the recipient's own thread, with what surrounds an agent's words."""
    ticket, subject, text = db.get_one(Ticket, message.ticket_number), line.subject, line.text
    if not line.own_subject and (theirs := answering_subject(answered.subject)):
        subject = tagged(theirs, ticket.number)
    if line.typed and kind is Field.EMAIL:
        pack, name = desk.packs.get(ticket.pack), desk.settings.desk_name
        text = surrounded(pack, ticket.language, text, name, answered.text, answered.at)
    by_itself = message.agent_id is None
    return Outgoing(
        kind,
        address,
        subject,
        text,
        line.message_id,
        message.at,
        pseudonym(desk, ticket.requester_id) or "",
        in_reply_to=answered.in_reply_to,
        references=answered.references,
        automatic=_BY_ITSELF.get(MessageSort(message.sort), _GENERATED if by_itself else ""),
        token=message.id,
        bounces_to=envelope_sender(desk.settings, message.id) if kind is Field.EMAIL else "",
        attachments=line.files,
    )


def _settle(desk: Desk, message_id: str, done: _Sent) -> None:
    """Write down what became of a claimed message and of its ticket, with the entries."""
    with desk.database.transaction() as db:
        _settle_in(db, desk, message_id, done)


def _settle_in(db: Session, desk: Desk, message_id: str, done: _Sent) -> None:
    problem = done.problem
    moved: Moved | None = None
    message = db.get_one(Message, message_id, with_for_update=True, populate_existing=True)
    now = desk.clock.now()
    if problem is None:
        message.delivery, message.next_delivery_at, message.delivery_problem = DeliveryState.SENT, None, None
    else:
        message.delivery, message.delivery_problem = DeliveryState.FAILED, problem.code
        message.next_delivery_at = now + _wait(message.delivery_tries) if _passing(problem) else None
    db.add(message)
    db.flush()
    if problem is None and message.sort == MessageSort.REPLY:
        moved = settle_reply(db, desk, message.ticket_number, done.ticket_version)
    elif message.sort == MessageSort.NOTICE and problem is not None and _comes_back(problem):
        moved = settle_undelivered(db, desk, message.ticket_number)
    writer, sent = _writer(db, desk, message), _entry(db, desk, message, problem)
    append(db, desk, writer, sent, now)
    if moved is not None:
        about = {"from": moved.before.value, "state": moved.after.value, "delivery": MessageSort(message.sort).value}
        entry = Entry(
            Action.TICKET_STATE_SET, ticket=sent.ticket, requester=sent.requester, reason=moved.words, about=about
        )
        append(db, desk, writer, entry, now)


def _passing(problem: ConsoleError) -> bool:
    """Whether trying again later may help."""
    return isinstance(problem, BadSettings) or (isinstance(problem, DeliveryFailed) and not problem.permanent)


def _is_silent(problem: ConsoleError) -> bool:
    """Whether the other side gave no answer, so that the next message would wait as long."""
    return isinstance(problem, DeliveryUnknown) or (isinstance(problem, DeliveryFailed) and problem.unreached)


def _comes_back(problem: ConsoleError) -> bool:
    """Whether an agent must find another way to reach this requester."""
    return not _passing(problem) and not isinstance(problem, KeyDestroyed)


def _wait(tries: int) -> timedelta:
    doublings = max(0, min(tries - 1, 10))
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def _writer(db: Session, desk: Desk, message: Message) -> Actor:
    agent = db.get(Agent, message.agent_id) if message.agent_id else None
    return desk.own_actor if agent is None else Actor(agent.name, agent.roles, "", desk.host)


def _entry(db: Session, desk: Desk, message: Message, problem: ConsoleError | None) -> Entry:
    owner = db.get_one(Ticket, message.ticket_number).requester_id
    contact = db.get(Contact, message.contact_id)
    return Entry(
        Action.MESSAGE_SENT,
        outcome=Result.DONE if problem is None else Result.FAILED,
        ticket=message.ticket_number,
        requester=pseudonym(desk, owner),
        fields=() if contact is None else (Field(contact.field).value,),
        reason=MessageSort(message.sort).value + ("" if problem is None else f": {problem.code}"),
        about={"message": message.id},
    )

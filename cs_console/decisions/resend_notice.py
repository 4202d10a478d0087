"""A notice that did not arrive: sent again to a contact on file, or posted as a letter; both are on record."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.custody.contacts import MaskedContact, known_values, masked_contacts
from cs_console.custody.redaction import redact
from cs_console.custody.safe_views import open_typed
from cs_console.custody.search_queue import index_later
from cs_console.custody.ticket_keys import TicketKeys, ticket_keys
from cs_console.decisions.approvers import final_decision
from cs_console.decisions.finalise import made_by, send
from cs_console.decisions.notice_delivery import NoticeWay, notice_way
from cs_console.delivery.outgoing import CHANNELS, queue_message
from cs_console.desk import DeskSession
from cs_console.errors import AlreadyOnItsWay, ContactNotOnFile, ContactRecent, NothingThere
from cs_console.policy.letter_lines import notice_subject
from cs_console.policy.schema import Pack
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import TicketFacts, facts, record_about, require_own
from models.columns import new_id
from models.decision import Decision
from models.enums import Action, ActKind, Channel, DeliveryState, MessageSort
from models.message import Message
from models.roles import HANDLES_TICKETS, SENDS_ANY_NOTICE


@dataclass(frozen=True)
class NoticeRoute:
    """A contact that the notice can go to, by its mask; `why_not` says what keeps it from being used."""

    contact_id: str
    title: str
    mask: str
    why_not: str


@dataclass(frozen=True)
class NoticeRoutes:
    """What became of the newest notice, as a sentence, and the contacts on file that it can go to."""

    way: str
    routes: tuple[NoticeRoute, ...]


def notice_routes(session: DeskSession, number: int) -> NoticeRoutes:
    """Where the newest notice of one's own ticket (of any, for supervisors and privacy officers) can be sent again.

    Raises NothingThere where there is none, NotAssigned, NoUndertaking.
    """
    with session.reading(*HANDLES_TICKETS) as db:
        ticket, decision = _notice_of(db, session, number)
        assert decision.decided_at is not None  # only final ones have a notice
        way = notice_way(db, number, decision.decided_at)
        contacts = masked_contacts(db, session.desk, ticket.requester_id)
    pack = session.desk.packs.get(ticket.pack)
    return NoticeRoutes(
        way.value,
        tuple(
            NoticeRoute(one.id, pack.title_of(one.field), one.mask, _why_not(session, pack, one))
            for one in contacts
            if one.field in CHANNELS and one.on_file
        ),
    )


def send_notice_again(session: DeskSession, number: int, contact_id: str, *, act: ActId | None = None) -> str:
    """Send the newest notice once more, word for word, to that contact on file; a sentence on what became of it.

    A try that failed before is not made again. One act sends it once more. Raises what `notice_routes` raises,
    ContactNotOnFile, ContactRecent, AlreadyOnItsWay while it is being handed over, and what `acts.once` raises.
    """
    with session.work(*HANDLES_TICKETS) as db:
        intent = Intent(act, ActKind.NOTICE_SENT_AGAIN, number, (contact_id,))
        done = once(db, session, intent, partial(_send_again, db, session, number, contact_id))
    return send(session.desk, made_by(done))


def _send_again(db: Session, session: DeskSession, number: int, contact_id: str) -> ActOutcome:
    desk = session.desk
    ticket, decision = _notice_of(db, session, number)
    pack = desk.packs.get(ticket.pack)
    contacts = masked_contacts(db, desk, ticket.requester_id)
    chosen = next((one for one in contacts if one.id == contact_id and one.on_file), None)
    if chosen is None:
        raise ContactNotOnFile(
            "A notice can only be sent to a contact on file.", "Choose another contact, or send a letter."
        )
    why_not = _why_not(session, pack, chosen)
    if why_not:
        raise ContactRecent(f"This contact {why_not}.", "Choose another contact, or send a letter.")
    _give_up_earlier(db, number)
    letter = _letter(ticket_keys(db, desk, number), decision)
    message_id = queue_message(
        db,
        desk,
        ticket_number=number,
        requester_id=ticket.requester_id,
        contact_id=contact_id,
        sort=MessageSort.NOTICE,
        text=letter,
        agent_id=session.agent.id,
        subject=notice_subject(pack, number, ticket.language),
    )
    words = f"the notice is sent again, by {chosen.field.value}"
    about = {"message": message_id, "contact": contact_id}
    record_about(db, session, ticket, Action.NOTICE_SENT_AGAIN, words, about=about)
    return {"message": message_id}


def notice_posted(session: DeskSession, number: int, *, act: ActId | None = None) -> str:
    """Note that the newest notice was posted as a letter: the conversation shows it as sent.

    One act notes it once. Raises what `notice_routes` raises, AlreadyOnItsWay, and what `acts.once` raises.
    """
    with session.work(*HANDLES_TICKETS) as db:
        once(db, session, Intent(act, ActKind.NOTICE_POSTED, number), partial(_post, db, session, number))
    return NoticeWay.SENT.value


def _post(db: Session, session: DeskSession, number: int) -> ActOutcome:
    desk = session.desk
    ticket, decision = _notice_of(db, session, number)
    _give_up_earlier(db, number)
    keys, message_id = ticket_keys(db, desk, number), new_id()
    letter = _letter(keys, decision)
    known = known_values(db, desk, keys.requester_id, keys.requester_key, keys)
    redacted = redact(letter, desk.packs.get(ticket.pack).meta.regions, known)
    db.add(
        Message(
            id=message_id,
            ticket_number=number,
            sort=MessageSort.NOTICE,
            channel=Channel.LETTER,
            agent_id=session.agent.id,
            text=keys.seal("message", "text", message_id, letter),
            text_redacted=keys.seal("message", "text_redacted", message_id, redacted),
            at=desk.clock.now(),
            delivery=DeliveryState.SENT,
        )
    )
    db.flush()
    index_later(db, number)
    record_about(db, session, ticket, Action.NOTICE_POSTED, "posted as a letter", about={"message": message_id})
    return {"message": message_id}


def _notice_of(db: Session, session: DeskSession, number: int) -> tuple[TicketFacts, Decision]:
    """The ticket and its newest final decision whose notice is still there."""
    require_current(db, session)
    ticket = facts(db, number)
    if session.agent.roles.isdisjoint(SENDS_ANY_NOTICE):
        require_own(ticket, session)
    decision = final_decision(db, session.desk, number)
    if decision is None or decision.notice is None:
        raise NothingThere(f"#{number} has no notice.", "It is created when the request is decided (d).")
    return ticket, decision


def _letter(keys: TicketKeys, decision: Decision) -> str:
    assert decision.notice is not None  # _notice_of has looked
    return open_typed(keys.key, keys.place("decision", "notice", decision.id), decision.notice)


def _why_not(session: DeskSession, pack: Pack, contact: MaskedContact) -> str:
    """Why a contact on file cannot be used: another person may have changed it, as with codes."""
    days = pack.verification.code.contact_recent_days
    recent = contact.changed_at > session.desk.clock.now() - timedelta(days=days)
    return f"was changed in the last {days} days" if recent else ""


def _give_up_earlier(db: Session, number: int) -> None:
    """No earlier try is made again, or the notice would arrive twice. Raises AlreadyOnItsWay."""
    earlier = (col(Message.ticket_number) == number, col(Message.sort) == MessageSort.NOTICE)
    db.connection().execute(
        update(Message).where(*earlier, col(Message.delivery) == DeliveryState.FAILED).values(next_delivery_at=None)
    )
    going = col(Message.delivery).in_((DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.HELD))
    queued = select(col(Message.id)).where(*earlier, going).limit(1)
    if db.connection().execute(queued).first() is not None:
        raise AlreadyOnItsWay

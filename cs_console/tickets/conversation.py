"""A ticket's conversation: opening it on record, notes between agents, replies to the requester."""

from sqlmodel import Session

from cs_console.custody.contacts import known_values
from cs_console.custody.in_use import require_in_use
from cs_console.custody.redaction import redact
from cs_console.custody.sealing import Place, seal
from cs_console.delivery.outgoing import DeliveryReport, deliver_queued, queue_message
from cs_console.desk import Desk, Office
from cs_console.errors import BadInput, ChangedElsewhere, Refusal, WrongState
from cs_console.plain_text import plain
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_facts import (
    READERS,
    TicketFacts,
    change,
    facts,
    is_on_record,
    record_about,
    require_open,
    require_own,
)
from cs_console.tickets.ticket_view import FieldState, Line, TicketView, view_of
from models.columns import new_id
from models.enums import Action, DeliveryState, MessageSort, TicketState
from models.message import Message

__all__ = ("FieldState", "Line", "TicketView", "add_note", "open_ticket", "reload", "reply")

MAX_TEXT = 100_000


def open_ticket(desk: Desk, number: int) -> TicketView:
    """Open a ticket: the entry is committed durably before the first word of it is opened.

    Any agent, verifier, supervisor or privacy officer with a current undertaking may; everything is redacted or
    masked. Raises NothingThere, NotAllowed, NoUndertaking, SessionEnded, LogBroken.
    """
    with desk.work(*READERS) as session:
        require_current(session, desk)
        ticket = facts(session, number)
        record_about(session, desk, ticket, Action.TICKET_OPENED)
    return _view(desk, number)


def reload(desk: Desk, number: int) -> TicketView:
    """The same ticket as it is now, with no new entry; one that this session has not opened is opened on record."""
    with desk.reading(*READERS) as session:
        on_record = is_on_record(session, desk, number)
    return _view(desk, number) if on_record else open_ticket(desk, number)


def add_note(desk: Desk, number: int, row: int, text: str) -> int:
    """Keep a note between agents, sealed and redacted like everything about a requester; nothing is sent.

    Anyone who may open the ticket can leave one, on a closed ticket too. A note changes nothing of the ticket's own,
    so the row stays as it is (it is returned) and a proposal in approval does not go stale. Raises BadInput,
    ChangedElsewhere, NothingThere, KeyDestroyed, OnHold.
    """
    words = _words(text)
    office = desk.office
    with desk.work(*READERS) as session:
        require_current(session, desk)
        ticket = facts(session, number)
        if ticket.row != row:
            raise ChangedElsewhere(number)
        require_in_use(session, desk, ticket.requester_id)
        key = office.keyring.key(ticket.requester_id)
        note_id = new_id()
        as_typed, redacted = _sealed(session, office, ticket, key, note_id, words)
        session.add(
            Message(
                id=note_id,
                ticket_number=number,
                sort=MessageSort.NOTE,
                channel=ticket.channel,
                agent_id=desk.agent.id,
                text=as_typed,
                text_redacted=redacted,
                at=office.clock.now(),
            )
        )
        session.flush()
        record_about(session, desk, ticket, Action.NOTE_ADDED)
        return row


def reply(desk: Desk, number: int, row: int, contact_id: str, text: str) -> DeliveryState:
    """Write to the requester at one of their contacts, chosen by its mask: queued and sealed first, then handed over.

    The ticket must be the agent's own; sending needs no verification, because the agent does not see the contact
    (policy I.(1)3). Once it is out, now or with a later try, the first-response timer stops and the ticket waits; a
    line that failed (FAILED is returned) is kept for that. Raises BadInput, NotAssigned, WrongState, ChangedElsewhere,
    ContactNotOnFile, KeyDestroyed, OnHold; then nothing was sent.
    """
    words = _words(text)
    office = desk.office
    with desk.work(*READERS) as session:
        require_current(session, desk)
        ticket = facts(session, number)
        require_own(ticket, desk)
        require_in_use(session, desk, ticket.requester_id)
        require_open(ticket)
        if ticket.state is TicketState.IN_APPROVAL:
            raise WrongState(f"#{number} is in approval.", "Withdraw the proposal before you write to the requester.")
        row = change(session, ticket, row, last_message_at=office.clock.now())
        message_id = queue_message(
            session,
            office,
            ticket_number=number,
            requester_id=ticket.requester_id,
            contact_id=contact_id,
            sort=MessageSort.REPLY,
            text=words,
            agent_id=desk.agent.id,
            ticket_row=row,
        )
    return _delivered(office, message_id)


def _view(desk: Desk, number: int) -> TicketView:
    with desk.reading(*READERS) as session:
        require_current(session, desk)
        return view_of(session, desk, number)


def _words(text: str) -> str:
    words = plain(text).strip()
    if not words:
        raise BadInput("There is nothing to send.", "Type some words first.")
    if len(words) > MAX_TEXT:
        raise BadInput(f"The text is longer than {MAX_TEXT:,} characters.", "Shorten it; your draft is kept.")
    return words


def _sealed(
    session: Session, office: Office, ticket: TicketFacts, key: bytes, message_id: str, words: str
) -> tuple[bytes, bytes]:
    """The words sealed as they are, and sealed redacted."""
    known = known_values(session, office, ticket.requester_id, key)
    redacted = redact(words, office.packs.get(ticket.pack).meta.regions, known)
    owner = ticket.requester_id
    return (
        seal(key, Place(owner, "message", "text", message_id), words),
        seal(key, Place(owner, "message", "text_redacted", message_id), redacted),
    )


def _delivered(office: Office, message_id: str) -> DeliveryState:
    try:
        report: DeliveryReport = deliver_queued(office, message_id)
    except Refusal:  # queued durably already: it goes out with the next delivery
        return DeliveryState.QUEUED
    if report.sent:
        return DeliveryState.SENT
    return DeliveryState.FAILED if report.failed else DeliveryState.QUEUED

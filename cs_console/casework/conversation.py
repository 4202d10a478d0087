"""A ticket's conversation: opening it on record, notes between agents, replies to the requester."""

from functools import partial

from sqlmodel import Session

from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.casework.notes import keep_note, written
from cs_console.casework.ticket_view import FieldState, Line, TicketView, view_of
from cs_console.custody.requester_access import require_in_use
from cs_console.delivery.outgoing import deliver_one, queue_message
from cs_console.delivery.where_to_write import may_write_to
from cs_console.desk import Desk
from cs_console.errors import ChangedElsewhere, ContactNotOnFile, WrongState
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import (
    READERS,
    change,
    facts,
    is_on_record,
    record_about,
    require_open,
    require_own,
)
from models.enums import Action, ActKind, DeliveryState, MessageSort, TicketState

__all__ = ("FieldState", "Line", "TicketView", "add_note", "open_ticket", "reload", "reply")


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


def add_note(desk: Desk, number: int, row: int, text: str, *, act: ActId | None = None) -> int:
    """Keep a note between agents, sealed and redacted like everything about a requester; nothing is sent.

    Anyone who may open the ticket can leave one, on a closed ticket too. A note changes nothing of the ticket's own,
    so the row stays as it is (it is returned) and a proposal in approval does not go stale. One act keeps one note.
    Raises BadInput, ChangedElsewhere, NothingThere, KeyDestroyed, OnHold, and what `acts.once` raises.
    """
    words = written(text)
    with desk.work(*READERS) as session:
        intent = Intent(act, ActKind.NOTE, number, (words,))
        once(session, desk, intent, partial(_keep, session, desk, number, row, words))
        return row


def _keep(session: Session, desk: Desk, number: int, row: int, words: str) -> ActOutcome:
    require_current(session, desk)
    ticket = facts(session, number)
    if ticket.row != row:
        raise ChangedElsewhere(number)
    require_in_use(session, desk, ticket.requester_id)
    keep_note(session, desk, ticket, words)
    return {}


def reply(desk: Desk, number: int, row: int, contact_id: str, text: str, *, act: ActId | None = None) -> DeliveryState:
    """Write to the requester at one of their contacts, chosen by its mask: queued and sealed first, then handed over.

    The ticket must be the agent's own; sending needs no verification, because the agent does not see the contact
    (policy I.(1)3). Once it is out, now or with a later try, the first-response timer stops and the ticket waits; a
    line that failed (FAILED is returned) is kept for that. One act is one letter: sent again, it says what became of
    the first. Raises BadInput, NotAssigned, WrongState, ChangedElsewhere, ContactNotOnFile, KeyDestroyed, OnHold, and
    what `acts.once` raises; then nothing was sent.
    """
    words = written(text)
    with desk.work(*READERS) as session:
        intent = Intent(act, ActKind.REPLY, number, (contact_id, words))
        done = once(session, desk, intent, partial(_queue, session, desk, number, row, contact_id, words))
    return deliver_one(desk.office, done["message"])


def _queue(session: Session, desk: Desk, number: int, row: int, contact_id: str, words: str) -> ActOutcome:
    require_current(session, desk)
    ticket = facts(session, number)
    require_own(ticket, desk)
    require_in_use(session, desk, ticket.requester_id)
    require_open(ticket)
    if ticket.state is TicketState.IN_APPROVAL:
        raise WrongState(f"#{number} is in approval.", "Withdraw the proposal before you write to the requester.")
    if contact_id not in may_write_to(session, desk.office, ticket):
        raise ContactNotOnFile(
            "Nothing may be sent there: it is not on file, and this ticket's message did not come from it.",
            "Choose another contact; one that the verified requester names is added with e.",
        )
    row = change(session, ticket, row, last_message_at=desk.office.clock.now())
    message_id = queue_message(
        session,
        desk.office,
        ticket_number=number,
        requester_id=ticket.requester_id,
        contact_id=contact_id,
        sort=MessageSort.REPLY,
        text=words,
        agent_id=desk.agent.id,
        ticket_row=row,
    )
    return {"message": message_id}


def _view(desk: Desk, number: int) -> TicketView:
    with desk.reading(*READERS) as session:
        require_current(session, desk)
        return view_of(session, desk, number)

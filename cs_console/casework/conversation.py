"""A ticket's conversation: opening it on record, notes between agents, replies to the requester."""

from datetime import datetime
from functools import partial

from sqlmodel import Session

from cs_console.access_log.append import PreparedEntry, locked_log
from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.casework.notes import keep_note, written
from cs_console.casework.ticket_view import FieldState, Line, TicketView, view_of
from cs_console.custody.requester_access import require_in_use
from cs_console.delivery.outgoing import deliver_one, held_by_delay, queue_message, record_held
from cs_console.delivery.send_times import require_sendable
from cs_console.delivery.where_to_write import may_write_to
from cs_console.desk import DeskSession
from cs_console.errors import ChangedElsewhere, ContactNotOnFile, WrongState
from cs_console.live_session import check_live_row, live_step
from cs_console.staff.undertakings import check_signed, require_current, signed_step
from cs_console.tickets.ticket_record import (
    FACTS,
    change,
    entry_about,
    facts,
    facts_in,
    is_on_record,
    mark_read,
    require_open,
    require_own,
)
from models.enums import Action, ActKind, DeliveryState, MessageSort, TicketState
from models.roles import WORKS_ON_TICKETS

__all__ = ("FieldState", "Line", "TicketView", "add_note", "open_ticket", "reload", "reply")


def open_ticket(session: DeskSession, number: int) -> TicketView:
    """Open a ticket: the entry is committed durably before the first word of it is opened.

    Any agent, verifier, supervisor or privacy officer with a current undertaking may; everything is redacted or
    masked. Raises NothingThere, NotAllowed, NoUndertaking, SessionEnded, LogBroken.
    """
    desk, asked = session.desk, (live_step(session), signed_step(session), (FACTS, {"number": number}))
    # as a reveal does it: no act is more frequent, and this takes three round trips where `work` would take seven
    with locked_log(desk, *asked) as (log, (live, signed, row)):
        check_live_row(log.connection, session, live, WORKS_ON_TICKETS)
        check_signed(log.connection, session, signed)
        ticket = facts_in(number, row)
        entry = entry_about(desk, ticket, Action.TICKET_OPENED)
        log.append_last(PreparedEntry(desk, session.actor, entry, desk.clock.now()))
    view = _view(session, number)
    if ticket.unread and ticket.assignee_id in (None, session.agent.id):
        mark_read(session.desk, number)
    return view


def reload(session: DeskSession, number: int) -> TicketView:
    """The same ticket as it is now, with no new entry; one that this session has not opened is opened on record."""
    with session.reading(*WORKS_ON_TICKETS) as db:
        on_record = is_on_record(db, session, number)
    return _view(session, number) if on_record else open_ticket(session, number)


def add_note(session: DeskSession, number: int, version: int, text: str, *, act: ActId | None = None) -> int:
    """Keep a note between agents, sealed and redacted like everything about a requester; nothing is sent.

    Anyone who may open the ticket can leave one, on a closed ticket too. A note changes nothing of the ticket's own,
    so the version stays as it is (it is returned) and a proposal in approval does not go stale. One act keeps one note.
    Raises BadInput, ChangedElsewhere, NothingThere, KeyDestroyed, OnHold, and what `acts.once` raises.
    """
    words = written(text)
    with session.work(*WORKS_ON_TICKETS) as db:
        intent = Intent(act, ActKind.NOTE, number, (words,))
        once(db, session, intent, partial(_keep, db, session, number, version, words))
        return version


def _keep(db: Session, session: DeskSession, number: int, version: int, words: str) -> ActOutcome:
    require_current(db, session)
    ticket = facts(db, number)
    if ticket.version != version:
        raise ChangedElsewhere(number)
    require_in_use(db, session, ticket.requester_id)
    keep_note(db, session, ticket, words)
    return {}


def reply(
    session: DeskSession,
    number: int,
    version: int,
    contact_id: str,
    text: str,
    *,
    files: tuple[str, ...] = (),
    act: ActId | None = None,
    at: datetime | None = None,
) -> DeliveryState:
    """Write to the requester at one of their contacts, chosen by its mask: queued and sealed first, then handed over.

    It is held (HELD is returned) until the time that was chosen (`at`), else for as long as the desk's `send_delay`
    says: until then `undo.take_back` takes it back, and the desk's upkeep sends it afterwards, if it still may go out.

    The ticket must be the agent's own; sending needs no verification, because the agent does not see the contact
    (policy I.(1)3). `files`: the ids of what was attached to it (`reply_files`). Once it is out, now or with a later
    try, the first-response timer stops and the ticket waits; a line that failed (FAILED is returned) is kept for that.
    One act is one letter: sent again, it says what became of the first. Raises BadInput, NotAssigned, WrongState,
    ChangedElsewhere, ContactNotOnFile, FileRefused, KeyDestroyed, OnHold, and what `acts.once` raises; then nothing was
    sent.
    """
    words = written(text)
    with session.work(*WORKS_ON_TICKETS) as db:
        until = () if at is None else (at.isoformat(),)
        intent = Intent(act, ActKind.REPLY, number, (contact_id, words, *files, *until))
        queue = partial(_queue, db, session, number, version, contact_id, words, files, at)
        done = once(db, session, intent, queue)
    return deliver_one(session.desk, done["message"])


def _queue(
    db: Session,
    session: DeskSession,
    number: int,
    version: int,
    contact_id: str,
    words: str,
    files: tuple[str, ...],
    at: datetime | None,
) -> ActOutcome:
    held_until = _held_until(session, at)
    require_current(db, session)
    ticket = facts(db, number)
    require_own(ticket, session)
    require_in_use(db, session, ticket.requester_id)
    require_open(ticket)
    refusal = why_no_reply(number, ticket.state)
    if refusal is not None:
        raise refusal
    if contact_id not in may_write_to(db, session.desk, ticket):
        raise ContactNotOnFile(
            "Nothing may be sent to this contact: it is not on file, and this ticket's message did not come from it.",
            "Choose another contact, or add one that the verified requester names (e).",
        )
    newest = {} if held_until else {"last_message_at": session.desk.clock.now()}
    version = change(db, ticket, version, **newest)
    message_id = queue_message(
        db,
        session.desk,
        ticket_number=number,
        requester_id=ticket.requester_id,
        contact_id=contact_id,
        sort=MessageSort.REPLY,
        text=words,
        agent_id=session.agent.id,
        ticket_version=version,
        typed=True,
        files=files,
        held_until=held_until,
    )
    if held_until is not None:
        record_held(db, session, ticket, message_id, MessageSort.REPLY, held_until)
    return {"message": message_id}


def why_no_reply(number: int, state: TicketState) -> WrongState | None:
    """What keeps a reply from being written while a ticket is in this state; None where nothing does."""
    if state is TicketState.IN_APPROVAL:
        return WrongState(f"#{number} is in approval.", "Withdraw the proposal before you write to the requester.")
    return None


def _held_until(session: DeskSession, at: datetime | None) -> datetime | None:
    """When it goes out at the earliest; None for at once. Raises BadInput for a time that no letter is kept for."""
    earliest, now = held_by_delay(session.desk), session.desk.clock.now()
    if at is None:
        return earliest
    require_sendable(at, now)
    return max(at, earliest or now)


def _view(session: DeskSession, number: int) -> TicketView:
    with session.reading(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        return view_of(db, session, number)

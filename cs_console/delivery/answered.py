"""What a line that went out, or could not, means for its ticket, whether at once or with a later try."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log.vouched import latest
from cs_console.deadlines.clock import StopCause
from cs_console.deadlines.clock_events import clock_now
from cs_console.desk import Desk
from cs_console.tickets.back_to_work import state_at_work
from cs_console.tickets.ticket_record import facts
from models.enums import Action, MessageSort, TicketState
from models.message import Message
from models.ticket import Ticket

ANSWERED = frozenset({TicketState.OPEN, TicketState.VERIFIED})
"""States in which a reply makes the ticket wait for the requester; the others have a lane of their own to wait in."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A ticket's state before and after, and what moved it."""

    before: TicketState
    after: TicketState
    why: str

    @property
    def words(self) -> str:
        """The same for people to read."""
        return f"state {self.before} -> {self.after}: {self.why}"


def settle_reply(db: Session, desk: Desk, number: int, left_at: int | None) -> Moved | None:
    """Stop the first-response timer (policy IX), and let the ticket wait if it still is as the reply left it: then what
    the requester wrote before is answered too.

    `left_at` is the ticket's version when the reply was written: whatever changed since (a new message, another state,
    other hands) is newer than the reply and is kept. Returns what moved, for the record, None where nothing did.
    The caller's transaction must not hold the log yet: every other one locks a ticket before the log.
    """
    ticket = db.get_one(Ticket, number, with_for_update=True)
    now = desk.clock.now()
    ticket.last_message_at = max(ticket.last_message_at, now)
    if ticket.first_response_at is None:
        ticket.first_response_at = now  # no new version: no one decides anything by a stopped timer
    if ticket.version == left_at:  # else the requester may have written since
        ticket.answered_at = ticket.follow_up_due_at = None
    moved = None
    if ticket.version == left_at and ticket.state in ANSWERED:
        moved = Moved(TicketState(ticket.state), TicketState.WAITING, "a reply was sent")
        ticket.state, ticket.version = TicketState.WAITING, ticket.version + 1
    db.add(ticket)
    db.flush()
    return moved


def settle_undelivered(db: Session, desk: Desk, number: int) -> Moved | None:
    """Reopen a closed ticket whose notice cannot be delivered: its last assignee finds it among their own.

    Returns what moved, like `settle_reply`, and asks the same of the caller's transaction.
    """
    ticket = db.get_one(Ticket, number, with_for_update=True)
    if ticket.state != TicketState.CLOSED:
        return None
    ticket.state, ticket.closed_at, ticket.version = TicketState.OPEN, None, ticket.version + 1
    db.add(ticket)
    db.flush()
    return Moved(TicketState.CLOSED, TicketState.OPEN, "the notice could not be delivered")


def settle_returned(db: Session, desk: Desk, message: Message) -> Moved | None:
    """Bring a ticket back to its agent whose letter went out and came back: what waited for an answer, or was closed
    with it, is work again, unless a letter went out or came in since, as the access log says it: the date in a mail is
    its sender's claim. One that waits for a fee goes on waiting.

    Returns what moved, like `settle_reply`, and asks the same of the caller's transaction.
    """
    number = message.ticket_number
    if message.sort == MessageSort.NOTICE:
        return settle_undelivered(db, desk, number) if _newest_notice(db, number) == message.id else None
    last = latest(db, desk, number, (Action.MESSAGE_SENT, Action.TICKET_FOLLOW_UP))
    if message.sort != MessageSort.REPLY or last is None or not last.names(message=message.id):
        return None
    ticket = db.get_one(Ticket, number, with_for_update=True)
    if ticket.state not in (TicketState.WAITING, TicketState.CLOSED):
        return None
    pack = desk.packs.get(ticket.pack)
    stop = clock_now(db, pack, facts(db, number)).stopped
    if stop is not None and stop.cause is StopCause.FEE:
        return None
    moved = Moved(TicketState(ticket.state), state_at_work(pack, ticket), "the reply came back")
    ticket.state, ticket.closed_at, ticket.version = moved.after, None, ticket.version + 1
    db.add(ticket)
    db.flush()
    return moved


def _newest_notice(db: Session, number: int) -> str | None:
    notices = select(col(Message.id)).where(
        col(Message.ticket_number) == number, col(Message.sort) == MessageSort.NOTICE
    )
    found = db.connection().execute(notices.order_by(col(Message.at).desc()).limit(1)).scalar()
    return None if found is None else str(found)

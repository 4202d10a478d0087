"""Whether a held letter may still go out: asked again at the moment when its time has come, under today's rules."""

from sqlmodel import Session

from cs_console.access_log.vouched import NEWEST_ASSIGNMENT, genuine
from cs_console.custody.requester_access import ended_on_record
from cs_console.custody.sending import line_for_sending
from cs_console.delivery.where_to_write import may_write_to
from cs_console.desk import Desk
from cs_console.errors import (
    ConsoleError,
    ContactNotOnFile,
    HandedOn,
    KeyDestroyed,
    NothingThere,
    SealBroken,
    TicketLinked,
    WriterSuspended,
)
from cs_console.live_session import roles_held
from cs_console.tickets.ticket_record import TicketFacts, facts
from models.agent import Agent
from models.enums import MessageSort, RequesterState
from models.message import Message
from models.requester import Requester
from models.roles import WORKS_ON_TICKETS


def why_not(db: Session, desk: Desk, message: Message) -> ConsoleError | None:
    """What keeps this held letter from going out now, None if nothing does.

    Of a reply its writer still works here and has the ticket, by the row and by the access log; a notice tells what was
    decided, and that stays so when its writer leaves. The ticket is the same requester's, whose data is in use; the
    contact is one that may be written to. Raises LogBroken, KeyMissing.
    """
    try:
        ticket = facts(db, message.ticket_number)
        if message.sort != MessageSort.NOTICE:
            _require_writer(db, desk, message, ticket)
        line = line_for_sending(db, desk, message.id)
        if line.requester_id not in (None, ticket.requester_id):
            return TicketLinked()
        _require_in_use(db, desk, ticket.requester_id)
        if message.contact_id not in may_write_to(db, desk, ticket):
            return ContactNotOnFile("The contact was changed before the message was sent.", "Write it again.")
    except (HandedOn, WriterSuspended, KeyDestroyed, SealBroken, NothingThere) as problem:
        return problem
    return None


def _require_writer(db: Session, desk: Desk, message: Message, ticket: TicketFacts) -> None:
    writer = db.get(Agent, message.agent_id, populate_existing=True) if message.agent_id else None
    if writer is None or roles_held(db, desk, writer).isdisjoint(WORKS_ON_TICKETS):
        raise WriterSuspended
    if ticket.assignee_id != writer.id:
        raise HandedOn
    newest = NEWEST_ASSIGNMENT.first(db.connection(), {"number": ticket.number})
    if newest is not None and not genuine(desk, newest).names(to=writer.id):
        raise HandedOn


def _require_in_use(db: Session, desk: Desk, requester_id: str) -> None:
    state = db.get_one(Requester, requester_id, populate_existing=True).state
    if state != RequesterState.ACTIVE or ended_on_record(db, desk, [requester_id]):
        raise KeyDestroyed

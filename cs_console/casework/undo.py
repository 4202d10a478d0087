"""Undo on a ticket: a message that is still held becomes a draft again, and so does the answer that it tells of.

Nothing that went out is touched.
"""

from enum import Enum, auto

from sqlalchemy import delete, select
from sqlmodel import Session, col

from cs_console.custody.requester_access import require_in_use
from cs_console.custody.search_queue import index_later
from cs_console.custody.taken_back import put_back
from cs_console.decisions.request_scope import locked_facts
from cs_console.decisions.taking_back import decided_by, withdraw_decision
from cs_console.desk import Desk, DeskSession
from cs_console.errors import NothingToTakeBack
from cs_console.settlements.taking_back import settled_by, why_it_stays, withdraw_settlement
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import TicketFacts, record_about
from models.enums import Action, DeliveryState, MessageSort
from models.message import Message
from models.roles import WORKS_ON_TICKETS


class TakenBack(Enum):
    """What was taken back, and is a draft again."""

    REPLY = auto()
    SETTLEMENT = auto()
    DECISION = auto()


def draft_place(number: int) -> str:
    """Where an agent's reply on this ticket is kept as a draft."""
    return f"{MessageSort.REPLY.value}:{number}"


def take_back(session: DeskSession, number: int) -> TakenBack:
    """Take back the agent's own letter on this ticket that was written last and is still held: it is their draft again.

    A letter that tells an answer of one person takes that answer with it: the settlement, or the decision to grant.
    The message, its going, the draft and the ticket change in one transaction, on record. Of a taking back and a
    delivery that meet, exactly one comes about. Raises NothingToTakeBack, NoUndertaking, NothingThere, KeyDestroyed,
    OnHold; of an answer also NotAssigned, ChangedElsewhere, and AnswerStays where it cannot be undone.
    """
    with session.work(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        found = _held(db, session, number)  # delivery locks a line before its ticket, too
        ticket = locked_facts(db, session.desk, number)
        if found is None:
            raise NothingToTakeBack(number)
        message_id, sort = found
        require_in_use(db, session, ticket.requester_id)
        taken = TakenBack.REPLY
        if sort is MessageSort.REPLY:
            put_back(db, session, message_id, draft_place(number))
        else:
            taken = _withdraw(db, session, ticket, message_id)
        db.connection().execute(delete(Message).where(col(Message.id) == message_id))
        index_later(db, number)
        about = {"message": message_id, "by": session.agent.id}
        record_about(db, session, ticket, Action.MESSAGE_TAKEN_BACK, sort.value, about=about)
    return taken


def can_take_back(db: Session, desk: Desk, number: int, message_id: str) -> bool:
    """Whether a held notice goes with its answer if its writer takes it back. Raises LogBroken."""
    settled = settled_by(db, desk, number, message_id)
    if settled is not None:
        return why_it_stays(settled) is None
    return decided_by(db, desk, number, message_id) is not None


def _withdraw(db: Session, session: DeskSession, ticket: TicketFacts, message_id: str) -> TakenBack:
    """Take back the answer that this notice tells of."""
    settled = settled_by(db, session.desk, ticket.number, message_id)
    if settled is not None:
        withdraw_settlement(db, session, ticket, settled)
        return TakenBack.SETTLEMENT
    decided = decided_by(db, session.desk, ticket.number, message_id)
    if decided is None:
        raise NothingToTakeBack(ticket.number)
    withdraw_decision(db, session, ticket, decided)
    return TakenBack.DECISION


def _held(db: Session, session: DeskSession, number: int) -> tuple[str, MessageSort] | None:
    """The message, locked until the transaction ends: a delivery that comes meanwhile finds it gone."""
    wanted = (
        select(col(Message.id), col(Message.sort))
        .where(
            col(Message.ticket_number) == number,
            col(Message.agent_id) == session.agent.id,
            col(Message.delivery) == DeliveryState.HELD,
        )
        .order_by(col(Message.at).desc(), col(Message.id).desc())
        .limit(1)
        .with_for_update()
    )
    found = db.connection().execute(wanted).first()
    return None if found is None else (str(found[0]), MessageSort(found[1]))

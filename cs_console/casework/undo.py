"""Undo on a ticket: a message that is still held becomes a draft again. Nothing that went out is touched."""

from sqlalchemy import delete, select
from sqlmodel import Session, col

from cs_console.custody.requester_access import require_in_use
from cs_console.custody.taken_back import put_back
from cs_console.desk import DeskSession
from cs_console.errors import NothingToTakeBack
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import facts, record_about
from models.enums import Action, DeliveryState, MessageSort
from models.message import Message
from models.roles import WORKS_ON_TICKETS


def draft_place(number: int) -> str:
    """Where an agent's reply on this ticket is kept as a draft."""
    return f"{MessageSort.REPLY.value}:{number}"


def take_back(session: DeskSession, number: int) -> None:
    """Take back the agent's own reply on this ticket that was written last and is still held: it is their draft again.

    The message, its going and the draft change in one transaction, on record. Of a taking back and a delivery that
    meet, exactly one comes about. Raises NothingToTakeBack, NoUndertaking, NothingThere, KeyDestroyed, OnHold.
    """
    with session.work(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        ticket = facts(db, number)
        message_id = _held(db, session, number)
        if message_id is None:
            raise NothingToTakeBack(number)
        require_in_use(db, session, ticket.requester_id)
        put_back(db, session, message_id, draft_place(number))
        db.connection().execute(delete(Message).where(col(Message.id) == message_id))
        about = {"message": message_id, "by": session.agent.id}
        record_about(db, session, ticket, Action.MESSAGE_TAKEN_BACK, MessageSort.REPLY.value, about=about)


def _held(db: Session, session: DeskSession, number: int) -> str | None:
    """The message, locked until the transaction ends: a delivery that comes meanwhile finds it gone."""
    wanted = (
        select(col(Message.id))
        .where(
            col(Message.ticket_number) == number,
            col(Message.agent_id) == session.agent.id,
            col(Message.delivery) == DeliveryState.HELD,
        )
        .order_by(col(Message.at).desc(), col(Message.id).desc())
        .limit(1)
        .with_for_update()
    )
    found = db.connection().execute(wanted).scalar()
    return None if found is None else str(found)

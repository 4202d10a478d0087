"""Separation of duties: nobody handles an appeal against their own decision (DESIGN.md, Who uses it)."""

from sqlalchemy import exists, or_, select
from sqlmodel import Session, col

from cs_console.desk import Desk
from cs_console.errors import OwnDecision
from models.decision import Approval, Decision
from models.enums import DecisionState, MessageSort, Outcome
from models.message import Message

REFUSING = (Outcome.REFUSE, Outcome.PARTIAL)
"""Outcomes that leave a requester something to appeal against; a fee is answered, not appealed."""


def is_own_appealed(session: Session, desk: Desk, number: int) -> bool:
    """Whether the requester wrote after a final refusal of this ticket, whole or in part, that this agent gave.

    Given means proposed or approved, in whatever role. What counts is when the requester wrote, as far as it is
    believed: a mail that crossed the notice is no appeal against it.
    """
    me = desk.agent.id
    approved = exists().where(
        col(Approval.decision_id) == col(Decision.id), col(Approval.agent_id) == me, col(Approval.approved).is_(True)
    )
    answered = exists().where(
        col(Message.ticket_number) == col(Decision.ticket_number),
        col(Message.sort) == MessageSort.RECEIVED,
        col(Message.at) > col(Decision.decided_at),
    )
    found = session.connection().execute(
        select(col(Decision.id))
        .where(
            col(Decision.ticket_number) == number,
            col(Decision.state) == DecisionState.FINAL,
            col(Decision.outcome).in_(REFUSING),
            or_(col(Decision.proposer_id) == me, approved),
            answered,
        )
        .limit(1)
    )
    return found.first() is not None


def require_not_own(session: Session, desk: Desk, number: int) -> None:
    """Refuse whoever gave the decision that the requester now writes against. Raises OwnDecision."""
    if is_own_appealed(session, desk, number):
        raise OwnDecision

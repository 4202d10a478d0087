"""Separation of duties: nobody handles an appeal against their own decision (DESIGN.md, Who uses it)."""

from sqlalchemy import BigInteger, exists, or_, select, type_coerce
from sqlmodel import Session, col

from cs_console.desk import Desk
from cs_console.errors import OwnDecision
from models.decision import Approval, Decision
from models.enums import Action, DecisionState, Outcome
from models.log import LogEntry

REFUSING = (Outcome.REFUSE, Outcome.PARTIAL)
"""Outcomes that leave a requester something to appeal against; a fee is answered, not appealed."""


FOLLOW_UP = "follow-up received"
"""How the access log says that the requester wrote again; it is the only place that keeps when that reached us."""


def is_own_appealed(session: Session, desk: Desk, number: int) -> bool:
    """Whether the requester wrote after a final refusal of this ticket, whole or in part, that this agent gave.

    Given means proposed or approved, in whatever role. What counts is when the words reached us: the date in a mail
    is its sender's claim, and an early one would hand the appeal to the very person it is against.
    """
    me = desk.agent.id
    approved = exists().where(
        col(Approval.decision_id) == col(Decision.id), col(Approval.agent_id) == me, col(Approval.approved).is_(True)
    )
    answered = exists().where(
        col(LogEntry.ticket) == col(Decision.ticket_number),
        col(LogEntry.action) == Action.TICKET_CHANGED.value,
        col(LogEntry.reason) == FOLLOW_UP,
        col(LogEntry.at) > type_coerce(col(Decision.decided_at), BigInteger),
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

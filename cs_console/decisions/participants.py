"""Who decided a ticket, and who took part in it at all: from what was decided, sent and verified, and from the log."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from models.agent import Agent
from models.decision import Approval, Decision
from models.enums import Action, DecisionState, MessageSort, Result
from models.log import LogEntry
from models.message import Message
from models.settlement import Settlement
from models.ticket import Ticket
from models.verification import Verification

HANDED = "assignee "
TO = " -> "
_HAVING = (Action.TICKET_CREATED.value, Action.TICKET_CLAIMED.value, Action.TICKET_CHANGED.value)


def handed_on(before: str | None, after: str) -> str:
    """How the access log says that a ticket changed hands; `participants` reads it again."""
    return f"{HANDED}{before or 'nobody'}{TO}{after}"


def deciders(session: Session, numbers: Iterable[int]) -> set[str]:
    """The ids of whoever proposed or approved a final decision on these tickets, or settled one of them."""
    those, run = sorted(numbers), session.connection().execute
    final = (col(Decision.ticket_number).in_(those), col(Decision.state) == DecisionState.FINAL)
    people = set(run(select(col(Decision.proposer_id)).where(*final)).scalars())
    approved = select(col(Approval.agent_id)).join(Decision, col(Decision.id) == col(Approval.decision_id))
    people.update(run(approved.where(*final, col(Approval.approved).is_(True))).scalars())
    people.update(run(select(col(Settlement.agent_id)).where(col(Settlement.ticket_number).in_(those))).scalars())
    return people


def participants(session: Session, numbers: Iterable[int]) -> set[str]:
    """The ids of whoever had one of these tickets, proposed, approved or returned an answer, verified, replied or
    settled. A note takes no part.
    """
    those, run = sorted(numbers), session.connection().execute
    replies = select(col(Message.agent_id)).where(col(Message.ticket_number).in_(those))
    answers = select(col(Approval.agent_id)).join(Decision, col(Decision.id) == col(Approval.decision_id))
    acts: tuple[Select[Any], ...] = (
        select(col(Ticket.assignee_id)).where(col(Ticket.number).in_(those)),
        select(col(Decision.proposer_id)).where(col(Decision.ticket_number).in_(those)),
        answers.where(col(Decision.ticket_number).in_(those)),
        select(col(Verification.agent_id)).where(col(Verification.ticket_number).in_(those)),
        replies.where(col(Message.sort) == MessageSort.REPLY),
        select(col(Settlement.agent_id)).where(col(Settlement.ticket_number).in_(those)),
    )
    people = {str(agent_id) for act in acts for agent_id in run(act).scalars() if agent_id is not None}
    names = _had_it(session, those)
    people.update(run(select(col(Agent.id)).where(col(Agent.name).in_(names))).scalars())
    return people


def _had_it(session: Session, numbers: list[int]) -> set[str]:
    """The names of whoever opened one of these tickets by hand, claimed it or was given it, whoever has it now."""
    entries = session.connection().execute(
        select(col(LogEntry.actor), col(LogEntry.action), col(LogEntry.reason)).where(
            col(LogEntry.ticket).in_(numbers),
            col(LogEntry.action).in_(_HAVING),
            col(LogEntry.outcome) == Result.DONE.value,
        )
    )
    names: set[str] = set()
    for actor, action, reason in entries:
        if action != Action.TICKET_CHANGED.value:
            names.add(actor)
        elif reason.startswith(HANDED):
            names.update(reason.removeprefix(HANDED).split(TO))
    return names

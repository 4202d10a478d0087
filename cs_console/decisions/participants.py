"""Who decided a ticket, and who took part in it at all: from what was decided, sent and verified, and from the log."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from cs_console.access_log import legacy
from cs_console.access_log.vouched import ASSIGNING, Word, words
from cs_console.desk import Office
from models.agent import Agent
from models.decision import Approval, Decision
from models.enums import Action, DecisionState, MessageSort
from models.message import Message
from models.settlement import Settlement
from models.ticket import Ticket
from models.verification import Verification

_DECIDING = (Action.DECISION_PROPOSED, Action.DECISION_APPROVED, Action.DECISION_MADE, Action.TICKET_SETTLED)
_TAKING_PART = (*_DECIDING, Action.DECISION_RETURNED, Action.VERIFIED)


def deciders(session: Session, office: Office, numbers: Iterable[int]) -> set[str]:
    """The ids of the people who proposed or approved a final decision on these tickets, or settled one of them.

    A row that was removed frees no one: the log names them too. Raises LogBroken.
    """
    those, run = sorted(numbers), session.connection().execute
    final = (col(Decision.ticket_number).in_(those), col(Decision.state) == DecisionState.FINAL)
    people = set(run(select(col(Decision.proposer_id)).where(*final)).scalars())
    approved = select(col(Approval.agent_id)).join(Decision, col(Decision.id) == col(Approval.decision_id))
    people.update(run(approved.where(*final, col(Approval.approved).is_(True))).scalars())
    people.update(run(select(col(Settlement.agent_id)).where(col(Settlement.ticket_number).in_(those))).scalars())
    said = [word.about for word in words(session, office, those, _DECIDING) if word.about is not None]
    made = {about["decision"] for about in said if about.get("made")}
    return people | {about["by"] for about in said if "settlement" in about or about.get("decision") in made}


def participants(session: Session, office: Office, numbers: Iterable[int]) -> set[str]:
    """The ids of the people who had one of these tickets, proposed, approved or returned an answer, verified, replied
    or settled. A note takes no part. Raises LogBroken.
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
    names: set[str] = set()
    for word in words(session, office, those, (*ASSIGNING, Action.TICKET_CHANGED, *_TAKING_PART)):
        people.update(_ids(word))
        names.update(legacy.handed_on(word) or ())
    people.update(run(select(col(Agent.id)).where(col(Agent.name).in_(names))).scalars())
    return people


def _ids(word: Word) -> set[str]:
    """The accounts that an entry names as having had the ticket, or as having done it."""
    about = word.about or {}
    kept = ("from", "to") if word.action in ASSIGNING else ("by",)
    return {about[name] for name in kept if about.get(name)}

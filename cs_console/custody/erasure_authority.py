"""Whose word an erasure rests on, as the access log holds it: one person proposed it, another approved it."""

from sqlmodel import Session

from cs_console.access_log import legacy
from cs_console.access_log.vouched import Word, words
from cs_console.desk import Office
from cs_console.errors import NotVouched
from cs_console.staff.persons import is_another
from models.agent import Agent
from models.enums import Action
from models.erasure import Erasure

_STEPS = (Action.ERASURE_PROPOSED, Action.ERASURE_APPROVED, Action.ERASURE_WITHDRAWN)


def require_proposed(session: Session, office: Office, erasure: Erasure) -> None:
    """Refuse to confirm what the log does not hold as proposed by that account, or says was withdrawn or approved.

    Raises NotVouched, LogBroken.
    """
    said = _said(session, office, erasure)
    if not said or said[-1].action is not Action.ERASURE_PROPOSED or not _by(session, said[-1], erasure.proposer_id):
        raise NotVouched("The access log does not hold this erasure as proposed.")


def require_approved(session: Session, office: Office, erasure: Erasure) -> None:
    """Refuse to destroy anything unless the log says that one person proposed it and another one approved it.

    Raises NotVouched, LogBroken.
    """
    said = _said(session, office, erasure)
    proposed = [word for word in said if word.action is Action.ERASURE_PROPOSED]
    approved = [word for word in said if word.action is Action.ERASURE_APPROVED]
    if (
        not proposed
        or not approved
        or said[-1].action is not Action.ERASURE_APPROVED
        or erasure.approver_id is None
        or not _by(session, proposed[-1], erasure.proposer_id)
        or not _by(session, approved[-1], erasure.approver_id)
        or not is_another(session, office, erasure.proposer_id, erasure.approver_id)
    ):
        raise NotVouched("The access log does not say that a second person approved this erasure.")


def _said(session: Session, office: Office, erasure: Erasure) -> list[Word]:
    """What the log says of this erasure, oldest first."""
    if erasure.ticket_number is None:
        return []
    said = words(session, office, [erasure.ticket_number], _STEPS)
    of_it = [word for word in said if word.names(erasure=erasure.id)]
    if any(word.action is Action.ERASURE_PROPOSED for word in of_it):
        return of_it
    names = {one: session.get_one(Agent, one).name for one in (erasure.proposer_id, erasure.approver_id) if one}
    rows = ((erasure.proposer_id, erasure.proposed_at), (erasure.approver_id, erasure.approved_at))
    then = [(names[one], at) for one, at in rows if one is not None and at is not None]
    return [word for word in said if word in of_it or any(legacy.about_then(word, name, at) for name, at in then)]


def _by(session: Session, word: Word, agent_id: str | None) -> bool:
    if agent_id is None:
        return False
    if word.about is not None and "by" in word.about:
        return word.names(by=agent_id)
    return word.actor == session.get_one(Agent, agent_id).name

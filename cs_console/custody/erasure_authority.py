"""Whose word an erasure rests on, as the access log holds it: one person proposed it, another approved it, for this
requester, ticket and cause.
"""

from collections.abc import Mapping

from sqlmodel import Session

from cs_console.access_log import legacy
from cs_console.access_log.persons_on_record import is_another
from cs_console.access_log.vouched import Word, digest, words
from cs_console.custody.erasure_proof import pseudonym_of
from cs_console.desk import Desk
from cs_console.errors import NotVouched
from models.agent import Agent
from models.enums import Action, ErasureCause
from models.erasure import Erasure

_STEPS = (Action.ERASURE_PROPOSED, Action.ERASURE_APPROVED, Action.ERASURE_WITHDRAWN)


def about_proposal(desk: Desk, erasure: Erasure) -> Mapping[str, str]:
    """What the entry of a proposal vouches for, beside its ticket. Whose data it is is told by a keyed digest alone: a
    proposal can be withdrawn, and the log is to name no requester by their id without need.
    """
    return {
        "erasure": erasure.id,
        "by": erasure.proposer_id or "",
        "cause": ErasureCause(erasure.cause).value,
        "whose": digest(desk, "erasure of", erasure.requester_id),
    }


def require_proposed(db: Session, desk: Desk, erasure: Erasure) -> None:
    """Refuse to confirm what the log does not hold as proposed by that account for this requester, ticket and cause,
    or says was withdrawn or approved.

    Raises NotVouched, LogBroken.
    """
    said = _said(db, desk, erasure)
    if not said or not _is_proposal(db, desk, said[-1], erasure):
        raise NotVouched("The access log does not contain this erasure as proposed.")


def require_approved(db: Session, desk: Desk, erasure: Erasure) -> None:
    """Refuse to destroy anything unless the log says that one person proposed it and another one approved it.

    Raises NotVouched, LogBroken.
    """
    said = _said(db, desk, erasure)
    proposed = [word for word in said if word.action is Action.ERASURE_PROPOSED]
    approved = [word for word in said if word.action is Action.ERASURE_APPROVED]
    if (
        not proposed
        or not approved
        or said[-1].action is not Action.ERASURE_APPROVED
        or erasure.approver_id is None
        or not _is_proposal(db, desk, proposed[-1], erasure)
        or not _by(db, approved[-1], erasure.approver_id)
        or not _is_about(desk, approved[-1], "requester", erasure.requester_id, erasure)
        or not is_another(db, desk, erasure.proposer_id, erasure.approver_id)
    ):
        raise NotVouched("According to the access log, no second person approved this erasure.")


def _said(db: Session, desk: Desk, erasure: Erasure) -> list[Word]:
    """What the log says of this erasure, oldest first."""
    if erasure.ticket_number is None:
        return []
    said = words(db, desk, [erasure.ticket_number], _STEPS)
    of_it = [word for word in said if word.names(erasure=erasure.id)]
    if any(word.action is Action.ERASURE_PROPOSED for word in of_it):
        return of_it
    names = {one: db.get_one(Agent, one).name for one in (erasure.proposer_id, erasure.approver_id) if one}
    rows = ((erasure.proposer_id, erasure.proposed_at), (erasure.approver_id, erasure.approved_at))
    then = [(names[one], at) for one, at in rows if one is not None and at is not None]
    return [word for word in said if word in of_it or any(legacy.about_then(word, name, at) for name, at in then)]


def _is_proposal(db: Session, desk: Desk, word: Word, erasure: Erasure) -> bool:
    """Whether the entry proposed this erasure as its row has it."""
    if word.action is not Action.ERASURE_PROPOSED or not _by(db, word, erasure.proposer_id):
        return False
    cause = ErasureCause(erasure.cause).value
    named = word.about is not None and "cause" in word.about
    same_cause = word.names(cause=cause) if named else legacy.cause(word) == cause
    vouched = about_proposal(desk, erasure)["whose"]
    return same_cause and _is_about(desk, word, "whose", vouched, erasure)


def _is_about(desk: Desk, word: Word, name: str, value: str, erasure: Erasure) -> bool:
    """Whether the entry is about the erasure's requester; one of an older desk names them by their pseudonym alone."""
    if word.about is not None and name in word.about:
        return word.about[name] == value
    return word.requester is not None and word.requester == pseudonym_of(desk, erasure.requester_id)


def _by(db: Session, word: Word, agent_id: str | None) -> bool:
    if agent_id is None:
        return False
    if word.about is not None and "by" in word.about:
        return word.names(by=agent_id)
    return word.actor == db.get_one(Agent, agent_id).name

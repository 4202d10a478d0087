"""Who decided a ticket, and who took part in it at all: from what was decided, sent and verified, and from the log."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Select, select, union
from sqlmodel import Session, col

from cs_console.access_log import legacy
from cs_console.access_log.vouched import ASSIGNING, OWNING, Word, words
from cs_console.desk import Desk
from models.agent import Agent
from models.decision import Approval, Decision
from models.enums import Action, DecisionState, MessageSort
from models.linking import Linking
from models.log import LogEntry
from models.message import Message
from models.settlement import Settlement
from models.ticket import Ticket
from models.verification import Verification

_DECIDING = (Action.DECISION_PROPOSED, Action.DECISION_APPROVED, Action.DECISION_MADE, Action.TICKET_SETTLED)
_WITHDRAWING = (Action.DECISION_WITHDRAWN, Action.SETTLEMENT_WITHDRAWN)
_TAKING_PART = (*_DECIDING, Action.DECISION_RETURNED, Action.VERIFIED)


def deciders(db: Session, desk: Desk, numbers: Iterable[int]) -> set[str]:
    """The ids of the people who proposed or approved a final decision on these tickets, or settled one of them.

    A row that was removed frees no one: the log names them too. Raises LogBroken.
    """
    those = sorted(numbers)
    if not those:
        return set()
    final = (col(Decision.ticket_number).in_(those), col(Decision.state) == DecisionState.FINAL)
    approved = select(col(Approval.agent_id)).join(Decision, col(Decision.id) == col(Approval.decision_id))
    people = accounts_in(
        db,
        select(col(Decision.proposer_id)).where(*final),
        approved.where(*final, col(Approval.approved).is_(True)),
        select(col(Settlement.agent_id)).where(col(Settlement.ticket_number).in_(those)),
    )
    return people | said_deciders(db, desk, those)


def said_deciders(
    db: Session,
    desk: Desk,
    numbers: Iterable[int],
    *,
    before: Word | None = None,
    outcomes: Collection[str] = (),
) -> set[str]:
    """The ids of those people as the log has them; `before` an entry, and with one of the `outcomes`, if these are
    given: then settlements do not count. What its writer took back before its letter went out was not decided: it
    reached no one, and the same person answers again. It was taking part all the same. Raises LogBroken.
    """
    known = words(db, desk, numbers, (*_DECIDING, *_WITHDRAWING))
    taken_back = {_answer_of(word) for word in known if word.action in _WITHDRAWING and word.about is not None}
    said = [
        word.about
        for word in known
        if word.action in _DECIDING
        and word.about is not None
        and (before is None or word.seq < before.seq)
        and _answer_of(word) not in taken_back
    ]
    made = {about["decision"] for about in said if about.get("made") and (not outcomes or about["made"] in outcomes)}
    settled = () if outcomes else (about["by"] for about in said if "settlement" in about)
    return {*settled, *(about["by"] for about in said if about.get("decision") in made)}


def _answer_of(word: Word) -> tuple[str, str]:
    """The decision or the settlement that an entry is about."""
    about = word.about or {}
    return about.get("decision", ""), about.get("settlement", "")


def decided_for(db: Session, desk: Desk, number: int, *others: str) -> set[str]:
    """The ids of the people who decided on another ticket of a requester whose this one is or ever was, or of these.

    Linking a ticket, taking the link back, or making what was decided another's in the rows frees no one: whose it was
    is known from the log too, and so is what was decided for them. Raises LogBroken.
    """
    run = db.connection().execute
    moved = run(select(col(Linking.from_id), col(Linking.to_id)).where(col(Linking.ticket_number) == number)).all()
    now = run(select(col(Ticket.requester_id)).where(col(Ticket.number) == number)).scalars()
    owners = {*others, *now, *(owner for row in moved for owner in row)}
    numbers = set(run(select(col(Ticket.number)).where(col(Ticket.requester_id).in_(owners))).scalars())
    names: set[str] = set()
    for word in words(db, desk, [number], OWNING):
        about = word.about or {}
        names.update(name for name in (word.requester, about.get("from"), about.get("to")) if name)
    if names:
        decided = select(col(LogEntry.ticket)).where(
            col(LogEntry.requester).in_(names), col(LogEntry.action).in_([one.value for one in _DECIDING])
        )
        numbers |= {one for one in run(decided).scalars() if one is not None}
    return deciders(db, desk, numbers - {number})


def participants(db: Session, desk: Desk, numbers: Iterable[int]) -> set[str]:
    """The ids of the people who had one of these tickets, proposed, approved or returned an answer, verified, replied
    or settled. A note takes no part. Raises LogBroken.
    """
    those = sorted(numbers)
    if not those:
        return set()
    replies = select(col(Message.agent_id)).where(col(Message.ticket_number).in_(those))
    answers = select(col(Approval.agent_id)).join(Decision, col(Decision.id) == col(Approval.decision_id))
    people = accounts_in(
        db,
        select(col(Ticket.assignee_id)).where(col(Ticket.number).in_(those)),
        select(col(Decision.proposer_id)).where(col(Decision.ticket_number).in_(those)),
        answers.where(col(Decision.ticket_number).in_(those)),
        select(col(Verification.agent_id)).where(col(Verification.ticket_number).in_(those)),
        replies.where(col(Message.sort) == MessageSort.REPLY),
        select(col(Settlement.agent_id)).where(col(Settlement.ticket_number).in_(those)),
    )
    names: set[str] = set()
    for word in words(db, desk, those, (*ASSIGNING, Action.TICKET_CHANGED, *_TAKING_PART)):
        people.update(_ids(word))
        names.update(legacy.handed_on(word) or ())
    if names:  # in entries of older desks alone
        named = select(col(Agent.id)).where(col(Agent.name).in_(names))
        people.update(db.connection().execute(named).scalars())
    return people


def accounts_in(db: Session, *acts: Select[Any]) -> set[str]:
    """The ids of accounts that these statements find, all in one round trip; NULL stands for no account."""
    found = db.connection().execute(union(*acts) if len(acts) > 1 else acts[0]).scalars()
    return {str(agent_id) for agent_id in found if agent_id is not None}


def _ids(word: Word) -> set[str]:
    """The accounts that an entry names as having had the ticket, or as having done it."""
    about = word.about or {}
    kept = ("from", "to") if word.action in ASSIGNING else ("by",)
    return {about[name] for name in kept if about.get(name)}

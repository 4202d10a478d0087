"""Separation of duties: nobody handles an appeal against their own decision, whatever ticket it is on (DESIGN.md)."""

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, exists, or_, select, type_coerce
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from cs_console.decisions.approvers import REFUSING
from cs_console.decisions.participants import deciders, participants
from cs_console.desk import Desk, Office
from cs_console.errors import NotIndependent, OwnDecision
from models.decision import Approval, Decision
from models.enums import Action, DecisionState, TicketKind
from models.log import LogEntry
from models.matter import Matter
from models.settlement import Settlement
from models.ticket import Ticket

FOLLOW_UP = "follow-up received"
"""How the access log says that the requester wrote again; it is the only place that keeps when that reached us."""


def is_own_appealed(session: Session, desk: Desk, number: int) -> bool:
    """Whether somebody else has to decide this ticket: the agent gave the refusal that the requester wrote after, or
    decided what an appeal or a complaint is about.
    """
    return _wrote_after_own(session, desk, number) or desk.agent.id in kept_out(session, desk.office, number)


def require_not_own(session: Session, desk: Desk, number: int) -> None:
    """Refuse whoever gave the decision that the requester now writes against. Raises OwnDecision, NotIndependent."""
    if _wrote_after_own(session, desk, number):
        raise OwnDecision
    if desk.agent.id in kept_out(session, desk.office, number):
        raise NotIndependent(number)


def kept_out(session: Session, office: Office, number: int) -> frozenset[str]:
    """The accounts that may neither take, settle nor decide this ticket, by id.

    They are whoever decided what it is about, or (where the pack wants it so) took part in that, and the account that
    is named as having decided; what that in turn was about counts too, to its beginning. Of a ticket that somebody
    appealed against: whoever had decided it by then.
    """
    earlier, named = _about(session, number)
    people = set(named)
    if earlier or named:
        wide = _independence(session, office, number) == "took part"
        people |= participants(session, earlier) if wide else deciders(session, earlier)
    return frozenset(people | _decided_before_an_appeal(session, number))


def _independence(session: Session, office: Office, number: int) -> str:
    """What the pack asks of whoever deals with this ticket; a kind that the pack says nothing of was turned from one
    that could be about something, and stays away from who decided that.
    """
    kind, pack = (
        session.connection()
        .execute(select(col(Ticket.kind), col(Ticket.pack)).where(col(Ticket.number) == number))
        .one()
    )
    rules = office.packs.get(pack).kinds[TicketKind(kind)].workflow
    return "decided" if rules is None or not rules.matter else rules.independent


def _about(session: Session, number: int) -> tuple[set[int], set[str]]:
    """The tickets that this one is about, step by step to the first of them, and the accounts named on the way."""
    numbers: set[int] = set()
    accounts: set[str] = set()
    step: int | None = number
    while step is not None:
        found = session.connection().execute(
            select(col(Matter.about_number), col(Matter.decider_id)).where(col(Matter.ticket_number) == step)
        )
        about, decider = found.one_or_none() or (None, None)
        if decider is not None:
            accounts.add(decider)
        step = about if about not in numbers and about != number else None
        if step is not None:
            numbers.add(step)
    return numbers, accounts


def _decided_before_an_appeal(session: Session, number: int) -> set[str]:
    """Who had decided or settled this ticket by the time it was named as what an appeal or a complaint is about."""
    named = (Matter, col(Matter.about_number) == number)
    before = (col(Decision.state) == DecisionState.FINAL, col(Decision.decided_at) <= col(Matter.at))
    of_this = col(Decision.ticket_number) == number
    yes = (col(Approval.decision_id) == col(Decision.id)) & col(Approval.approved).is_(True)
    run = session.connection().execute
    people = set(run(select(col(Decision.proposer_id)).join(*named).where(of_this, *before)).scalars())
    approvals = select(col(Approval.agent_id)).select_from(Decision).join(Approval, yes).join(*named)
    people.update(run(approvals.where(of_this, *before)).scalars())
    settled = (col(Settlement.ticket_number) == number, col(Settlement.at) <= col(Matter.at))
    people.update(run(select(col(Settlement.agent_id)).join(*named).where(*settled)).scalars())
    return people


def heard_since(number: Mapped[int], moment: Mapped[datetime] | Mapped[datetime | None]) -> ColumnElement[bool]:
    """Whether words of the requester reached us on that ticket after that moment, as the access log says it."""
    return exists().where(
        col(LogEntry.ticket) == number,
        col(LogEntry.action) == Action.TICKET_CHANGED.value,
        col(LogEntry.reason) == FOLLOW_UP,
        col(LogEntry.at) > type_coerce(moment, BigInteger),
    )


def _wrote_after_own(session: Session, desk: Desk, number: int) -> bool:
    """Whether the requester wrote after a final refusal of this ticket, whole or in part, that this agent gave.

    Given means proposed or approved, in whatever role. What counts is when the words reached us: the date in a mail
    is its sender's claim, and an early one would hand the appeal to the very person it is against.
    """
    me = desk.agent.id
    approved = exists().where(
        col(Approval.decision_id) == col(Decision.id), col(Approval.agent_id) == me, col(Approval.approved).is_(True)
    )
    found = session.connection().execute(
        select(col(Decision.id))
        .where(
            col(Decision.ticket_number) == number,
            col(Decision.state) == DecisionState.FINAL,
            col(Decision.outcome).in_(REFUSING),
            or_(col(Decision.proposer_id) == me, approved),
            heard_since(col(Decision.ticket_number), col(Decision.decided_at)),
        )
        .limit(1)
    )
    return found.first() is not None

"""Who has approved a proposal, and who is still needed."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.decisions.clock_events import review_began
from cs_console.desk import Desk
from cs_console.errors import NothingThere
from cs_console.tickets.ticket_facts import TicketFacts, facts
from models.agent import Agent
from models.decision import Approval, Decision
from models.enums import DecisionState, Outcome, Role

REFUSING = (Outcome.REFUSE, Outcome.PARTIAL)
"""Outcomes that leave a requester something to appeal against; a fee is answered, not appealed."""


def roles_left(needs: str, approved: Iterable[Role]) -> tuple[Role, ...]:
    """The places that are still empty, in the order they were asked for."""
    given = Counter(approved)
    left = []
    for role in (Role(word) for word in needs.split(",") if word):
        if given[role] > 0:
            given[role] -= 1
        else:
            left.append(role)
    return tuple(left)


def with_those_undone(session: Session, number: int, needed: Iterable[Role]) -> tuple[Role, ...]:
    """Who has to approve another answer: beside those it needs by itself, whoever the refusal needed that it undoes.

    What two people refused, one alone does not give after all. A refusal whose review has begun (its date came, or an
    appeal set it aside) is undone already.
    """
    wanted, last = Counter(needed), final_decision(session, number)
    if last is not None and last.outcome in REFUSING:
        assert last.decided_at is not None  # it is final
        if not review_began(session, number, last.decided_at):
            wanted |= Counter(roles_left(last.needs, ()))
    return tuple(wanted.elements())


def roles_now(session: Session, desk: Desk) -> frozenset[Role]:
    """The roles of the desk's account as they stand in the store (ASVS 8.3.2)."""
    held = session.connection().execute(select(col(Agent.roles)).where(col(Agent.id) == desk.agent.id)).scalar()
    return frozenset(Role(word) for word in (held or "").split(",") if word)


def approved_roles(session: Session, decision_ids: list[str]) -> dict[str, list[Role]]:
    """The roles in which each of these decisions was approved so far, oldest first."""
    rows = session.connection().execute(
        select(col(Approval.decision_id), col(Approval.role))
        .where(col(Approval.decision_id).in_(decision_ids), col(Approval.approved).is_(True))
        .order_by(col(Approval.at))
    )
    found: dict[str, list[Role]] = {}
    for decision_id, role in rows:
        found.setdefault(decision_id, []).append(Role(role))
    return found


def said_yes(session: Session, decision_ids: list[str]) -> dict[str, list[tuple[Role, str]]]:
    """Who approved each of these decisions so far, and in which role, oldest first."""
    rows = session.connection().execute(
        select(col(Approval.decision_id), col(Approval.role), col(Agent.name))
        .join(Agent, col(Agent.id) == col(Approval.agent_id))
        .where(col(Approval.decision_id).in_(decision_ids), col(Approval.approved).is_(True))
        .order_by(col(Approval.at), col(Agent.name))
    )
    found: dict[str, list[tuple[Role, str]]] = {}
    for decision_id, role, name in rows:
        found.setdefault(decision_id, []).append((Role(role), name))
    return found


def final_decision(session: Session, number: int) -> Decision | None:
    """The newest final decision on that ticket; None where there is none."""
    return session.scalars(
        select(Decision)
        .where(col(Decision.ticket_number) == number, col(Decision.state) == DecisionState.FINAL)
        .order_by(col(Decision.decided_at).desc(), col(Decision.id).desc())
        .limit(1)
    ).first()


def find(session: Session, decision_id: str, *, lock: bool = False) -> tuple[Decision, TicketFacts]:
    """A decision and its ticket; `lock` makes everybody else wait for this one. Raises NothingThere."""
    decision = session.get(Decision, decision_id, with_for_update=True if lock else None)
    if decision is None:
        raise NothingThere("There is no such proposal.")
    return decision, facts(session, decision.ticket_number)

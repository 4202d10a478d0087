"""Who has approved a proposal, and who is still needed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session, col

from cs_console.access_log import legacy
from cs_console.access_log.vouched import Word, digest, words
from cs_console.deadlines.clock_events import review_began
from cs_console.decisions.decided_on_record import (
    MADE_OR_WITHDRAWN,
    last_decided,
    made_and_kept,
    review_has_begun,
)
from cs_console.desk import Desk, DeskSession
from cs_console.errors import NothingThere, NotVouched
from cs_console.live_session import roles_held
from cs_console.tickets.ticket_record import TicketFacts, facts
from models.agent import Agent
from models.decision import Approval, Decision
from models.enums import REFUSING, Action, DecisionState, Outcome
from models.roles import Role


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


def with_those_undone(db: Session, desk: Desk, number: int, needed: Iterable[Role]) -> tuple[Role, ...]:
    """Who has to approve another answer: those it needs by itself, plus those that the undone refusal needed.

    What two people refused, one alone does not give after all. A refusal whose review has begun (its date came, or an
    appeal set it aside) is undone already. The access log says both; a row can only ask for more. Raises LogBroken.
    """
    wanted, last = Counter(needed), last_decided(db, desk, number)
    if last is None or review_has_begun(db, desk, number, last.said):
        return tuple(wanted.elements())
    row = final_decision(db, desk, number)
    if last.outcome is None and row is not None and row.outcome in REFUSING:  # an older desk's
        assert row.decided_at is not None  # it is final
        if not review_began(db, number, row.decided_at):
            wanted |= Counter(roles_left(row.needs, ()))
    elif last.outcome in REFUSING:
        stored = row.needs if row is not None and last.said.names(decision=row.id) else ""
        wanted |= Counter(last.roles) | Counter(roles_left(stored, ()))
    return tuple(wanted.elements())


def roles_now(db: Session, session: DeskSession) -> frozenset[Role]:
    """The roles that the desk's account has now, by the store and by the log (ASVS 8.3.2)."""
    return roles_held(db, session.desk, db.get_one(Agent, session.agent.id, populate_existing=True))


@dataclass(frozen=True)
class Given:
    """One approval that the log vouches for: which account gave it, its name, and in which role."""

    agent_id: str
    name: str
    role: Role


def approvals_given(db: Session, desk: Desk, decision_ids: list[str]) -> dict[str, list[Given]]:
    """Who approved each of these decisions so far, and in which role, oldest first.

    An approval that the log does not hold counts for nothing (DESIGN.md, invariant 12). Raises LogBroken.
    """
    rows = (
        db.connection()
        .execute(
            select(
                col(Approval.id),
                col(Approval.decision_id),
                col(Approval.agent_id),
                col(Approval.role),
                col(Approval.at),
                col(Agent.name),
                col(Decision.ticket_number),
            )
            .join(Agent, col(Agent.id) == col(Approval.agent_id))
            .join(Decision, col(Decision.id) == col(Approval.decision_id))
            .where(col(Approval.decision_id).in_(decision_ids), col(Approval.approved).is_(True))
            .order_by(col(Approval.at), col(Agent.name))
        )
        .all()
    )
    said = words(db, desk, {row.ticket_number for row in rows}, (Action.DECISION_APPROVED,)) if rows else ()
    found: dict[str, list[Given]] = {}
    for row in rows:
        if any(_is_of(word, row) for word in said):
            found.setdefault(row.decision_id, []).append(Given(row.agent_id, row.name, Role(row.role)))
    return found


def _is_of(word: Word, row: Row[*tuple[Any, ...]]) -> bool:
    """Whether an entry is that approval's."""
    if word.ticket != row.ticket_number:
        return False
    if word.about is None:
        return legacy.is_of(word, row.role, row.name, row.at)
    return word.names(approval=row.id, decision=row.decision_id, by=row.agent_id, role=row.role)


def proposed(desk: Desk, decision: Decision) -> dict[str, str]:
    """What the entry of a proposal vouches for: whose it is, and a digest of what is to be approved by which roles."""
    what = (decision.ticket_number, decision.ticket_version, decision.outcome, decision.legal_review, decision.needs)
    return {"decision": decision.id, "by": decision.proposer_id, "digest": digest(desk, *map(str, what))}


def require_vouched(db: Session, desk: Desk, decision: Decision) -> None:
    """Refuse a proposal that the log does not hold as it is stored, or of which it says that it is over.

    Raises NotVouched, LogBroken.
    """
    steps = (
        Action.DECISION_PROPOSED,
        Action.DECISION_RETURNED,
        Action.DECISION_WITHDRAWN,
        Action.DECISION_MADE,
    )
    said = words(db, desk, [decision.ticket_number], steps)
    of_it = [word for word in said if word.names(decision=decision.id)]
    if of_it:
        right = of_it[-1].action is Action.DECISION_PROPOSED and of_it[-1].names(**proposed(desk, decision))
    else:
        last = next((word for word in reversed(said) if word.about is None), None)
        proposer = db.get_one(Agent, decision.proposer_id).name
        right = (
            last is not None
            and last.action is Action.DECISION_PROPOSED
            and legacy.is_of(last, decision.outcome, proposer, decision.proposed_at)
        )
    if not right:
        raise NotVouched("The access log does not contain this proposal as it is stored.")


def final_decision(db: Session, desk: Desk, number: int) -> Decision | None:
    """The newest final decision on that ticket in the log; None if there is none. Raises LogBroken."""
    rows = db.scalars(
        select(Decision)
        .where(col(Decision.ticket_number) == number, col(Decision.state) == DecisionState.FINAL)
        .order_by(col(Decision.decided_at).desc(), col(Decision.id).desc())
    ).all()
    said = made_and_kept(words(db, desk, [number], MADE_OR_WITHDRAWN)) if rows else []
    return next((row for row in rows if any(_is_made(word, row) for word in said)), None)


def _is_made(word: Word, decision: Decision) -> bool:
    if word.about is not None:
        return word.names(decision=decision.id, made=Outcome(decision.outcome).value)
    return legacy.is_made(word, decision.outcome, decision.decided_at)


def find(db: Session, decision_id: str, *, lock: bool = False) -> tuple[Decision, TicketFacts]:
    """A decision and its ticket; `lock` makes everybody else wait for this one. Raises NothingThere."""
    decision = db.get(Decision, decision_id, with_for_update=True if lock else None)
    if decision is None:
        raise NothingThere("There is no such proposal.")
    return decision, facts(db, decision.ticket_number)

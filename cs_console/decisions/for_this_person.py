"""Which waiting proposals this very person can decide on: one rule for the list of approvals and for the header."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log.persons_on_record import is_another
from cs_console.decisions.approvers import Given, approvals_given, roles_left, roles_now
from cs_console.desk import DeskSession
from cs_console.independence.separation import excluded_agents
from models.decision import Decision
from models.enums import DecisionState
from models.roles import Role

MOST = 200
"""How many proposals the list holds at most, and how many are looked at to count those for one person."""


def number_for(db: Session, session: DeskSession) -> int:
    """How many of the proposals that have waited longest this person can approve or return. Raises LogBroken."""
    roles = roles_now(db, session)
    oldest = (
        select(col(Decision.id), col(Decision.ticket_number), col(Decision.proposer_id), col(Decision.needs))
        .where(col(Decision.state) == DecisionState.PROPOSED)
        .order_by(col(Decision.proposed_at), col(Decision.id))
        .limit(MOST)
    )
    rows = db.connection().execute(oldest).all()
    return len(those_for(db, session, roles, rows, approvals_given(db, session.desk, [row.id for row in rows])))


def those_for(
    db: Session,
    session: DeskSession,
    roles: frozenset[Role],
    rows: Iterable[Any],
    approved: Mapping[str, list[Given]],
) -> frozenset[str]:
    """Which of these proposals (`id`, `ticket_number`, `proposer_id`, `needs`) wait for this person: a place is empty
    that one of their `roles` fills, they neither proposed nor approved it, and need not keep away from its ticket.

    `approved` are the approvals given so far. Raises LogBroken.
    """
    me = session.agent.id
    found = set()
    for row in rows:
        given = approved.get(row.id, [])
        people = {row.proposer_id, *(one.agent_id for one in given)}
        if (
            not roles.isdisjoint(roles_left(row.needs, (one.role for one in given)))
            and all(is_another(db, session.desk, one, me) for one in people)
            and me not in excluded_agents(db, session.desk, row.ticket_number)
        ):
            found.add(row.id)
    return frozenset(found)

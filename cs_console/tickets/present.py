"""Who else is on a ticket: its assignee, and who writes there; never the people who review (DECISIONS, 17)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session, col

from cs_console.desk import DeskSession
from cs_console.prepared import Prepared
from models.agent import Agent
from models.columns import from_microseconds
from models.enums import Doing, TicketState
from models.presence import Presence
from models.roles import Role

FRESH_SECONDS = 60
"""How long a person counts as being on a ticket after their console last said so."""
FRESH = FRESH_SECONDS * 1_000_000
_NOT_TOLD = (TicketState.IN_APPROVAL, TicketState.CLOSED)
"""No one answers such a ticket, and who is there could tell of the ground that is approved or was decided."""


class StoreTime(FunctionElement[int]):
    """The store's own time in microseconds since 1970. The clocks of two hosts that work with one store may differ by
    more than a person counts as present; this clock is one.
    """

    type = BigInteger()
    inherit_cache = True


@compiles(StoreTime)
def _time_of_file(*_: Any, **__: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


@compiles(StoreTime, "postgresql")
def _time_of_server(*_: Any, **__: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"


IS_FRESH = col(Presence.seen_at) > StoreTime() - FRESH
_PLACE: tuple[Any, ...] = (
    col(Agent.id),
    col(Agent.name),
    col(Agent.roles),
    col(Presence.ticket_number),
    col(Presence.doing),
    col(Presence.since),
    col(Presence.kept_from),
)
_EVERYONE = Prepared(
    select(*_PLACE).outerjoin(Presence, (col(Presence.agent_id) == col(Agent.id)) & IS_FRESH)  # no statement of its own
)
PLACES_ON = Prepared(
    select(*_PLACE)
    .join(Presence, col(Presence.agent_id) == col(Agent.id))
    .where(col(Presence.ticket_number) == bindparam("number"), IS_FRESH)
)
"""What `places_on` asks, to be asked ahead."""


@dataclass(frozen=True, slots=True)
class Present:
    """Someone else on a ticket, what they do there, and since when; UTC, by the store's clock."""

    name: str
    doing: Doing
    since: datetime

    @property
    def writes(self) -> bool:
        """Whether they write, and do not only read."""
        return self.doing is not Doing.READS


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person is, before it is asked who may know. `kept_from`: who must keep away from that ticket, by id."""

    agent_id: str
    roles: frozenset[str]
    number: int
    kept_from: frozenset[str]
    present: Present


def people_and_places(db: Session) -> tuple[dict[str, str], tuple[Place, ...]]:
    """Every agent's name by id, and where those are who are on a ticket now: a team's worth of rows."""
    rows = _EVERYONE.all(db.connection(), {})
    return {row[0]: row[1] for row in rows}, tuple(_place(*row) for row in rows if row[3] is not None)


def places_on(db: Session, number: int) -> tuple[Place, ...]:
    """Who is on this ticket now."""
    return tuple(_place(*row) for row in PLACES_ON.all(db.connection(), {"number": number}))


def present_on(
    session: DeskSession, places: Iterable[Place], number: int, state: TicketState, assignee_id: str | None
) -> tuple[Present, ...]:
    """Those of these that this agent is told of on the ticket, who writes first; no one for an agent who must keep
    away from it. The caller leaves out the tickets of requesters who are hidden from the agent.
    """
    told = [
        one.present
        for one in places
        if one.number == number
        and one.agent_id != session.agent.id
        and session.agent.id not in one.kept_from
        and is_told(one.roles, one.present.doing, state, is_assignee=one.agent_id == assignee_id)
    ]
    return tuple(sorted(told, key=lambda one: (not one.writes, one.since, one.name)))


def is_told(roles: Iterable[str], doing: Doing, state: TicketState, *, is_assignee: bool) -> bool:
    """Whether others are told that a person with these roles is on a ticket in this state.

    The assignee is known anyway; what else supervisors and privacy officers do there would tell of a review.
    """
    if state in _NOT_TOLD or Role.PRIVACY_OFFICER in roles:
        return False
    return is_assignee or (doing is not Doing.READS and Role.SUPERVISOR not in roles)


def _place(agent_id: str, name: str, roles: str, number: int, doing: str, since: int, kept_from: str) -> Place:
    present = Present(name, Doing(doing), from_microseconds(since))
    return Place(agent_id, frozenset(roles.split(",")), number, frozenset(kept_from.split(",")), present)

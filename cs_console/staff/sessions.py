"""Sessions: one live one an account, ended by idleness, age, sign-out, or any change to the account."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from cs_console.errors import NotAllowed, SessionEnded
from models.agent import Agent
from models.agent_session import AgentSession
from models.enums import AccountState, Role

if TYPE_CHECKING:
    from cs_console.desk import Desk

_LIVE = (
    select(
        col(AgentSession.started_at),
        col(AgentSession.last_active_at),
        col(AgentSession.ended_at),
        col(AgentSession.end_reason),
        col(Agent.state),
        col(Agent.roles),
    )
    .join(Agent, col(Agent.id) == col(AgentSession.agent_id))
    .where(col(AgentSession.id) == bindparam("session"), col(Agent.id) == bindparam("agent"))
)


def require_live(session: Session, desk: "Desk", any_of: tuple[Role, ...]) -> None:
    """Refuse unless the desk's session is live and its account holds one of these roles (any, if none are named).

    Raises SessionEnded or NotAllowed.
    """
    row = session.connection().execute(_LIVE, {"session": desk.session_id, "agent": desk.agent.id}).first()
    if row is None:
        raise SessionEnded("this session is unknown here")
    started, active, ended, reason, state, roles = row
    settings, now = desk.office.settings, desk.office.clock.now()
    if ended is not None:
        raise SessionEnded(reason or "the session was ended")
    if state != AccountState.ACTIVE:
        raise SessionEnded("your account is suspended")
    if now - active > timedelta(seconds=settings.idle_sign_out):
        raise SessionEnded(f"nothing was done for {settings.idle_sign_out // 60} minutes")
    if now - started > timedelta(hours=settings.session_hours):
        raise SessionEnded(f"{settings.session_hours} hours are over")
    held = roles.split(",")
    if any_of and not any(role.value in held for role in any_of):
        wanted = " or ".join(role.value for role in any_of)
        raise NotAllowed(f"Only a {wanted} can do this.", "Ask someone who has that role.")


def end_sessions(session: Session, agent_id: str, reason: str, at: datetime) -> None:
    """End every live session of an account; each ends before its next action."""
    session.connection().execute(
        update(AgentSession)
        .where(col(AgentSession.agent_id) == agent_id, col(AgentSession.ended_at).is_(None))
        .values(ended_at=at, end_reason=reason)
    )

"""Ending an account's sessions, each on record."""

from sqlalchemy import delete, update
from sqlmodel import Session, col

from cs_console.access_log.append import append
from cs_console.access_log.entry import Actor, Entry
from cs_console.desk import Desk
from models.agent_session import AgentSession
from models.enums import Action
from models.presence import Presence


def end_and_record(db: Session, desk: Desk, account: Actor, agent_id: str, reason: str) -> None:
    """End every live session of an account, each before its next action.

    One entry for each session that ended, in the account's own name (ASVS 16.3.1).
    """
    now = desk.clock.now()
    ended = db.connection().execute(
        update(AgentSession)
        .where(col(AgentSession.agent_id) == agent_id, col(AgentSession.ended_at).is_(None))
        .values(ended_at=now, end_reason=reason)
        .returning(col(AgentSession.id))
    )
    for session_id in ended.scalars().all():
        actor = Actor(account.name, account.roles, session_id[:16], account.host)
        append(db, desk, actor, Entry(Action.SIGNED_OUT, reason=reason), now)
    no_longer_here(db, agent_id)


def no_longer_here(db: Session, agent_id: str) -> None:
    """Whose session has ended is on no ticket any more: to be called after that, in the same transaction."""
    db.connection().execute(delete(Presence).where(col(Presence.agent_id) == agent_id))

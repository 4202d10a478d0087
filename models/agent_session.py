"""Signed-in sessions, one live one an account."""

from datetime import datetime

from sqlalchemy import false, text
from sqlmodel import Field

from models.columns import UtcMoment
from models.table import Table


class AgentSession(Table, table=True):
    """`id` is the SHA-256 of a random token that only the console process holds.

    `enrolling`: the settings ask this account for a second factor that it does not have yet; until it has one, the
    session can do nothing else.
    """

    __tablename__ = "agent_session"

    id: str = Field(primary_key=True)
    agent_id: str = Field(foreign_key="agent.id", index=True)
    host: str
    started_at: datetime = Field(sa_type=UtcMoment)
    last_active_at: datetime = Field(sa_type=UtcMoment)
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    end_reason: str | None = None
    failures: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """Wrong passwords in a row of this session, behind the lock or before an approval."""
    next_try_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    enrolling: bool = Field(default=False, sa_column_kwargs={"server_default": false()})

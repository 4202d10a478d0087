"""Accounts of the people who work here."""

from datetime import datetime

from sqlalchemy import String
from sqlmodel import Field, SQLModel

from models.columns import UtcMoment, new_id
from models.enums import AccountState


class Agent(SQLModel, table=True):
    """One account. `roles` holds role words joined by commas, read afresh at every action."""

    __tablename__ = "agent"

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    roles: str
    state: AccountState = Field(default=AccountState.ACTIVE, sa_type=String)
    password_hash: str
    password_set_at: datetime = Field(sa_type=UtcMoment)
    must_change_password: bool = False
    failures: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    created_at: datetime = Field(sa_type=UtcMoment)

"""The second factor of an account: an authenticator app, and the codes for the day it is lost."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.sealed import Digest, SealedByDesk
from models.table import Table


class SecondFactor(Table, table=True):
    """`secret` is in force, `pending` waits for its first code; both are sealed under a key of the desk's.

    `last_step` is the newest 30-second step (RFC 6238) whose code was used: no code counts twice.
    """

    __tablename__ = "second_factor"

    agent_id: str = Field(foreign_key="agent.id", primary_key=True)
    secret: bytes | None = Field(default=None, sa_type=SealedByDesk)
    pending: bytes | None = Field(default=None, sa_type=SealedByDesk)
    last_step: int = 0
    enrolled_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class RecoveryCode(Table, table=True):
    """One code that replaces the app, once. `digest` is a keyed hash of it."""

    __tablename__ = "recovery_code"

    id: str = Field(default_factory=new_id, primary_key=True)
    agent_id: str = Field(foreign_key="agent.id", index=True)
    digest: bytes = Field(sa_type=Digest)
    used_at: datetime | None = Field(default=None, sa_type=UtcMoment)

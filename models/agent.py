"""Accounts of the people who work here."""

from datetime import datetime

from sqlalchemy import String
from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.enums import AccountState
from models.sealed import Digest
from models.table import Table, partial_index


class Agent(Table, table=True):
    """One account. `roles` holds role words joined by commas, read afresh at every action.

    `identity`: a keyed hash of a contact of its owner (`staff/persons.py`); no two active accounts have the same.
    `roles_to_confirm` were given by the account `roles_given_by` (NULL: an operator) and do not count yet.
    """

    __tablename__ = "agent"
    __table_args__ = (partial_index("uq_agent_identity", "identity", unique=True, where="state = 'active'"),)

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
    identity: bytes | None = Field(default=None, sa_type=Digest)
    roles_to_confirm: str = Field(default="", sa_column_kwargs={"server_default": ""})
    roles_given_by: str | None = None

"""Who may ask on behalf of another person."""

from datetime import datetime

from sqlalchemy import String
from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.enums import AuthoritySort
from models.sealed import Typed
from models.table import Table


class Authority(Table, table=True):
    """A guardian's or a representative's authority as it was seen for one ticket.

    `note` says what was seen, sealed under the ticket's key. A newer one, or a withdrawal, ends it.
    """

    __tablename__ = "authority"

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_number: int = Field(foreign_key="ticket.number", index=True)
    requester_id: str = Field(foreign_key="requester.id", index=True)
    sort: AuthoritySort = Field(sa_type=String)
    note: bytes = Field(sa_type=Typed)
    agent_id: str = Field(foreign_key="agent.id")
    at: datetime = Field(sa_type=UtcMoment)
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)

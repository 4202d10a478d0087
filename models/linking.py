"""When a ticket changed hands: linked to a person on file, or taken back from one."""

from datetime import datetime

from sqlalchemy import String
from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.enums import Link
from models.sealed import Typed
from models.table import Table


class Linking(Table, table=True):
    """One change of hands, by a person. `before` and `after`: how surely it was theirs.

    `reason` is sealed under the ticket's key.
    """

    __tablename__ = "linking"

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_number: int = Field(foreign_key="ticket.number", index=True)
    from_id: str = Field(foreign_key="requester.id", index=True)
    to_id: str = Field(foreign_key="requester.id", index=True)
    before: Link = Field(sa_type=String)
    after: Link = Field(sa_type=String)
    agent_id: str = Field(foreign_key="agent.id")
    reason: bytes = Field(sa_type=Typed)
    at: datetime = Field(sa_type=UtcMoment)

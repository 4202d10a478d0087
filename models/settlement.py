"""How an appeal, a report, a complaint or an inquiry ended."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.sealed import Typed
from models.table import Table


class Settlement(Table, table=True):
    """`outcome` is a key of the pack's workflow for that kind. `answers` (JSON) and `notice` are sealed under the
    ticket's key.
    """

    __tablename__ = "settlement"

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_number: int = Field(foreign_key="ticket.number", index=True)
    outcome: str
    answers: bytes = Field(sa_type=Typed)
    notice: bytes | None = Field(default=None, sa_type=Typed)
    agent_id: str = Field(foreign_key="agent.id")
    at: datetime = Field(sa_type=UtcMoment)

"""What moved a ticket's clock and is in no other table."""

from datetime import datetime

from sqlalchemy import String
from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.enums import ClockMove
from models.sealed import Typed
from models.table import Table


class ClockEvent(Table, table=True):
    """Events are only ever added; the due date is computed from them. `reason` is sealed under the ticket's key.

    What the console did by itself has no agent (`agent_id` is None).
    """

    __tablename__ = "clock_event"

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_number: int = Field(foreign_key="ticket.number", index=True)
    move: ClockMove = Field(sa_type=String)
    agent_id: str | None = Field(default=None, foreign_key="agent.id")
    reason: bytes | None = Field(default=None, sa_type=Typed)
    at: datetime = Field(sa_type=UtcMoment)

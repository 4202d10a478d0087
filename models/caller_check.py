"""What a caller said, held against what is on file without showing it."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.table import Table


class CallerCheck(Table, table=True):
    """One comparison: which field, and whether it matched. What was said is kept nowhere."""

    __tablename__ = "caller_check"
    __table_args__ = (
        Index("caller_check_by_requester", "requester_id", "at"),
        Index("caller_check_by_agent", "agent_id", "at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_number: int = Field(foreign_key="ticket.number", index=True)
    requester_id: str = Field(foreign_key="requester.id")
    agent_id: str = Field(foreign_key="agent.id")
    field: str
    matched: bool
    at: datetime = Field(sa_type=UtcMoment)

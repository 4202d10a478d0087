"""What a rights request asks for."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment
from models.table import Table


class Asked(Table, table=True):
    """As an agent read it out of the letter, apart from any answer: a right of the pack, and of which fields and
    records (comma-separated keys). Keys only, nothing of the requester's.
    """

    __tablename__ = "asked"

    ticket_number: int = Field(foreign_key="ticket.number", primary_key=True, sa_column_kwargs={"autoincrement": False})
    right: str
    fields: str
    agent_id: str = Field(foreign_key="agent.id")
    at: datetime = Field(sa_type=UtcMoment)

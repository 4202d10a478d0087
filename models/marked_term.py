"""Words on a ticket that redaction missed and an agent marked, to be hidden on that ticket from then on."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.sealed import Original
from models.table import Table


class MarkedTerm(Table, table=True):
    """`words` are sealed under the ticket's key. `removed_at`: they were marked by mistake, and hide nothing since."""

    __tablename__ = "marked_term"

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_number: int = Field(foreign_key="ticket.number", index=True)
    agent_id: str = Field(foreign_key="agent.id")
    words: bytes = Field(sa_type=Original)
    marked_at: datetime = Field(sa_type=UtcMoment)
    removed_at: datetime | None = Field(default=None, sa_type=UtcMoment)

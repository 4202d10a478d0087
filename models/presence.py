"""Who is on which ticket now."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment
from models.table import Table


class Presence(Table, table=True):
    """A person is on one ticket at a time, so there is one row for each. The times are the store's own.

    `since`: when they came, or began to write. `kept_from`: who must keep away from the ticket and is told nothing, as
    account ids joined by commas.
    """

    __tablename__ = "presence"

    agent_id: str = Field(foreign_key="agent.id", primary_key=True)
    ticket_number: int = Field(foreign_key="ticket.number")
    doing: str
    since: datetime = Field(sa_type=UtcMoment)
    seen_at: datetime = Field(sa_type=UtcMoment)
    kept_from: str

"""What an appeal or a complaint is about."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment
from models.table import Table


class Matter(Table, table=True):
    """The earlier ticket that this one is about, or the account that decided where there was no ticket.

    Who decided then does not decide again (DESIGN.md, Who uses it).
    """

    __tablename__ = "matter"

    ticket_number: int = Field(foreign_key="ticket.number", primary_key=True, sa_column_kwargs={"autoincrement": False})
    about_number: int | None = Field(default=None, foreign_key="ticket.number", index=True)
    decider_id: str | None = Field(default=None, foreign_key="agent.id")
    agent_id: str = Field(foreign_key="agent.id")
    at: datetime = Field(sa_type=UtcMoment)

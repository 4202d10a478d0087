"""The desk's own words for tickets: its list of tags, and which ticket has which."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from models.columns import UtcMoment
from models.table import Table


class DeskTag(Table, table=True):
    """One tag that tickets of this desk may have: a word of the desk's own, never a person's."""

    __tablename__ = "desk_tag"

    name: str = Field(primary_key=True)
    added_at: datetime = Field(sa_type=UtcMoment)


class TicketTag(Table, table=True):
    """One ticket has one tag."""

    __tablename__ = "ticket_tag"
    __table_args__ = (Index("ticket_tag_tag", "tag", "ticket_number"),)

    ticket_number: int = Field(primary_key=True, foreign_key="ticket.number")
    tag: str = Field(primary_key=True, foreign_key="desk_tag.name")

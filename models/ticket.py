"""Tickets: one matter of one requester."""

from datetime import datetime

from sqlalchemy import Integer, String
from sqlmodel import Field, SQLModel

from models.columns import UtcMoment
from models.enums import Channel, Priority, TicketKind, TicketState


class Ticket(SQLModel, table=True):
    """`subject` is the sealed original, `subject_redacted` the sealed redacted one; `row` grows with every change.

    `pack` names the policy pack and version that the ticket was opened under ("hauthome-2023-08").
    """

    __tablename__ = "ticket"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    requester_id: str = Field(foreign_key="requester.id", index=True)
    kind: TicketKind = Field(sa_type=String)
    state: TicketState = Field(default=TicketState.OPEN, sa_type=String)
    priority: Priority = Field(default=Priority.NORMAL, sa_type=Integer)
    assignee_id: str | None = Field(default=None, foreign_key="agent.id")
    channel: Channel = Field(sa_type=String)
    mailbox: str = ""
    language: str = "en"
    pack: str
    subject: bytes
    subject_redacted: bytes
    no_contact: bool = False
    received_at: datetime = Field(sa_type=UtcMoment)
    created_at: datetime = Field(sa_type=UtcMoment)
    last_message_at: datetime = Field(sa_type=UtcMoment)
    first_response_due_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    first_response_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    verified_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    due_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    closed_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    row: int = 1

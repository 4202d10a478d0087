"""Codes that were sent and identities that were believed."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.enums import VerificationMethod
from models.sealed import Digest, Typed
from models.table import Table


class VerificationCode(Table, table=True):
    """One code sent. `code_hash` is keyed; a newer code, a use or the expiry ends it."""

    __tablename__ = "verification_code"
    __table_args__ = (
        Index("code_by_requester", "requester_id", "sent_at"),
        Index("code_by_agent", "agent_id", "sent_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_number: int = Field(foreign_key="ticket.number", index=True)
    requester_id: str = Field(foreign_key="requester.id")
    contact_id: str = Field(foreign_key="contact.id")
    agent_id: str = Field(foreign_key="agent.id")
    code_hash: bytes = Field(sa_type=Digest)
    sent_at: datetime = Field(sa_type=UtcMoment)
    expires_at: datetime = Field(sa_type=UtcMoment)
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class Verification(Table, table=True):
    """One verified identity: how, by which verifier, until when. `note` is sealed under the ticket's key.

    `withdrawn_at`: the ticket changed hands, so that it proves nothing of whose it is now.
    """

    __tablename__ = "verification"

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_number: int = Field(foreign_key="ticket.number", index=True)
    requester_id: str = Field(foreign_key="requester.id", index=True)
    method: VerificationMethod = Field(sa_type=String)
    contact_id: str | None = Field(default=None, foreign_key="contact.id")
    contact_field: str | None = None
    agent_id: str = Field(foreign_key="agent.id")
    note: bytes | None = Field(default=None, sa_type=Typed)
    verified_at: datetime = Field(sa_type=UtcMoment)
    window_until: datetime = Field(sa_type=UtcMoment)
    closed_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcMoment)

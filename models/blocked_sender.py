"""Senders whose mail is taken for spam, because someone here said so."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.sealed import Digest, SealedByDesk
from models.table import Table, partial_index

_IN_FORCE = "lifted_at IS NULL"


class BlockedSender(Table, table=True):
    """`token` is a keyed hash of the address; its mask and the redacted reason are sealed under a key of the desk's."""

    __tablename__ = "blocked_sender"
    __table_args__ = (partial_index("blocked_sender_token", "token", unique=True, where=_IN_FORCE),)

    id: str = Field(default_factory=new_id, primary_key=True)
    token: bytes = Field(sa_type=Digest)
    mask: bytes = Field(sa_type=SealedByDesk)
    reason: bytes = Field(sa_type=SealedByDesk)
    ticket_number: int = Field(foreign_key="ticket.number")
    agent_id: str = Field(foreign_key="agent.id")
    at: datetime = Field(sa_type=UtcMoment)
    lifted_at: datetime | None = Field(default=None, sa_type=UtcMoment)

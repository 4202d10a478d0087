"""What an agent has typed and not sent yet."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment
from models.sealed import Safe
from models.table import Table


class Draft(Table, table=True):
    """`place` says where it was typed ("reply:10482"); `text` is sealed under `key_owner`'s key."""

    __tablename__ = "draft"

    agent_id: str = Field(foreign_key="agent.id", primary_key=True)
    place: str = Field(primary_key=True)
    key_owner: str
    text: bytes = Field(sa_type=Safe)
    saved_at: datetime = Field(sa_type=UtcMoment)

"""Mail that could not be read: kept whole and sealed, with the reason."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.columns import UtcMoment, new_id
from models.sealed import Digest, SealedByDesk


class Quarantined(SQLModel, table=True):
    """`content` is sealed under the desk's quarantine key; `digest` (keyed) recognises the same mail again."""

    __tablename__ = "quarantined"

    id: str = Field(default_factory=new_id, primary_key=True)
    digest: bytes = Field(unique=True, sa_type=Digest)
    reason: str
    content: bytes = Field(sa_type=SealedByDesk)
    size: int
    at: datetime = Field(sa_type=UtcMoment)

"""The people who ask."""

from datetime import datetime

from sqlalchemy import String
from sqlmodel import Field, SQLModel

from models.columns import UtcMoment, new_id
from models.enums import RequesterState


class Requester(SQLModel, table=True):
    """Nothing here identifies anyone: what they gave us is in contacts and messages, sealed under their own key.

    `age_band` (a key of the pack's) is sealed too. `tries`, `locked_until`: the verification budget over all of the
    requester's tickets, changed only by single atomic statements.
    """

    __tablename__ = "requester"

    id: str = Field(default_factory=new_id, primary_key=True)
    state: RequesterState = Field(default=RequesterState.ACTIVE, sa_type=String)
    language: str = "en"
    age_band: bytes | None = None
    tries: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcMoment)
    created_at: datetime = Field(sa_type=UtcMoment)

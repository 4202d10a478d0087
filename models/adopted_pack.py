"""Which policy packs this desk has worked under, and since when."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.table import Table


class AdoptedPack(Table, table=True):
    """A pack became the desk's. `sha256` (hex) is of its file: what a ticket is held to does not change unnoticed."""

    __tablename__ = "adopted_pack"

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(index=True)
    sha256: str
    by: str
    at: datetime = Field(sa_type=UtcMoment)

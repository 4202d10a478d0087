"""Which desk this database belongs to."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment
from models.sealed import Digest
from models.table import Table


class DeskIdentity(Table, table=True):
    """One row. The keyring carries the same id, so that a foreign keyring is noticed.

    `sample_tag`: the keyed mark of a desk that was made as a sample (`sample_mark.py`); a real desk has none.
    """

    __tablename__ = "desk_identity"

    id: str = Field(primary_key=True)
    created_at: datetime = Field(sa_type=UtcMoment)
    sample_tag: bytes | None = Field(default=None, sa_type=Digest)

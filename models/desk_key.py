"""Which of the desk's own keys it has had."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment
from models.table import Table


class DeskKey(Table, table=True):
    """A key that is named here and is not in the keyring is missing: it is never made a second time."""

    __tablename__ = "desk_key"

    name: str = Field(primary_key=True)
    since: datetime = Field(sa_type=UtcMoment)

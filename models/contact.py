"""What is known about a requester, one field a row."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlmodel import Field, SQLModel

from models.columns import UtcMoment, new_id
from models.enums import Field as ContactField


class Contact(SQLModel, table=True):
    """`value` and `mask` are sealed under the requester's key; `lookup` is the blind index of the value.

    `on_file`: true for what the platform holds as the account's own data, false for what a message merely
    claims. Codes go only to contacts on file.
    """

    __tablename__ = "contact"
    __table_args__ = (Index("contact_lookup", "field", "lookup"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    requester_id: str = Field(foreign_key="requester.id", index=True)
    field: ContactField = Field(sa_type=String)
    on_file: bool
    value: bytes
    mask: bytes
    lookup: bytes | None = None
    changed_at: datetime = Field(sa_type=UtcMoment)
    replaced_at: datetime | None = Field(default=None, sa_type=UtcMoment)

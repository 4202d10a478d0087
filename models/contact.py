"""What is known about a requester, one field a row."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.contact_fields import Field as ContactField
from models.sealed import Digest, Original, Safe
from models.table import Table


class Contact(Table, table=True):
    """`value` and `mask` are sealed under the requester's key; `lookup` is the blind index of the value.

    `on_file`: true for what the platform holds as the account's own data. A claim has a `ticket_number`: it is what a
    message said of its sender, belongs to that ticket alone and finds no other. With neither it was added by hand,
    and is unconfirmed. Codes go only to contacts on file.
    """

    __tablename__ = "contact"
    __table_args__ = (Index("contact_lookup", "field", "lookup"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    requester_id: str = Field(foreign_key="requester.id", index=True)
    ticket_number: int | None = Field(default=None, foreign_key="ticket.number", index=True)
    field: ContactField = Field(sa_type=String)
    on_file: bool
    value: bytes = Field(sa_type=Original)
    mask: bytes = Field(sa_type=Safe)
    lookup: bytes | None = Field(default=None, sa_type=Digest)
    changed_at: datetime = Field(sa_type=UtcMoment)
    replaced_at: datetime | None = Field(default=None, sa_type=UtcMoment)

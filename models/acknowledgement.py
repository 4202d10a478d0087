"""Which addresses of web forms were acknowledged, or wait to be: what limits those letters."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment
from models.sealed import Digest
from models.table import Table


class Acknowledgement(Table, table=True):
    """One address, as a keyed hash that folds how it may be written; kept for as long as it limits anything.

    `waits`: the letter could not be sent yet, because too many others were.
    """

    __tablename__ = "acknowledgement"

    token: bytes = Field(primary_key=True, sa_type=Digest)
    ticket_number: int = Field(foreign_key="ticket.number", index=True)
    waits: bool
    at: datetime = Field(sa_type=UtcMoment, index=True)

"""What was sent or made by an act with an id, so that the same act does not happen again."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment
from models.sealed import Digest
from models.table import Table


class ActRow(Table, table=True):
    """One act that happened. Nothing here is personal data, and nothing of it can be guessed.

    `id` is a hash of the act's id, `content` is keyed by that id, which is kept with the sealed draft alone. `outcome`
    names, as a JSON object, the rows that the act made.
    """

    __tablename__ = "act"

    id: str = Field(primary_key=True)
    kind: str
    agent_id: str = Field(foreign_key="agent.id")
    ticket_number: int | None = None
    content: bytes = Field(sa_type=Digest)
    outcome: str = ""
    at: datetime = Field(sa_type=UtcMoment, index=True)

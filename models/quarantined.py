"""Mail that became no ticket: not readable, or no person's. Kept whole and sealed, with the reason."""

from datetime import datetime

from sqlalchemy import String
from sqlmodel import Field, SQLModel

from models.columns import UtcMoment, new_id
from models.enums import SetAside, SetAsideState, TicketKind
from models.sealed import Digest, SealedByDesk


class Quarantined(SQLModel, table=True):
    """`content` and `subject` (redacted) are sealed under the desk's quarantine key.

    `digest` (keyed) recognises the same mail again, also once it was released or dropped and nothing of it is left but
    this row. `number` is what people call it by. `is_mail`: a mail, not a line of JSON Lines. `kind`: what its words
    ask for, as far as a guess can tell. `tried_with`: the version of the program that could not read it.
    """

    __tablename__ = "quarantined"

    id: str = Field(default_factory=new_id, primary_key=True)
    number: int = Field(index=True, unique=True)
    sort: SetAside = Field(default=SetAside.UNREADABLE, sa_type=String)
    state: SetAsideState = Field(default=SetAsideState.KEPT, sa_type=String)
    digest: bytes = Field(unique=True, sa_type=Digest)
    reason: str
    is_mail: bool = True
    kind: TicketKind | None = Field(default=None, sa_type=String)
    subject: bytes | None = Field(default=None, sa_type=SealedByDesk)
    content: bytes = Field(sa_type=SealedByDesk)
    size: int
    at: datetime = Field(sa_type=UtcMoment)
    tried_with: str = ""

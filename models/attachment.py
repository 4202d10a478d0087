"""Files that came with a message, or go out with one: kept sealed."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.sealed import Original
from models.table import Table, partial_index

_KEPT_DOCUMENTS = "seen_at IS NOT NULL AND deleted_at IS NULL"


class Attachment(Table, table=True):
    """`label` (name and media type, JSON) and `content` are sealed under the ticket's key.

    `seen_at`: since then it counts as a document that was sent for verification. `deleted_at`: its content was deleted
    as the pack says; the label stays.
    """

    __tablename__ = "attachment"
    __table_args__ = (partial_index("attachment_document", "seen_at", where=_KEPT_DOCUMENTS),)

    id: str = Field(default_factory=new_id, primary_key=True)
    message_id: str = Field(foreign_key="message.id", index=True)
    label: bytes = Field(sa_type=Original)
    content: bytes = Field(sa_type=Original)
    size: int
    seen_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class DraftFile(Table, table=True):
    """A file that an agent has attached to a reply that is not sent yet: `label` and `content` as an attachment's.

    `place` is that of the reply's draft.
    """

    __tablename__ = "draft_file"

    id: str = Field(default_factory=new_id, primary_key=True)
    agent_id: str = Field(foreign_key="agent.id")
    place: str
    ticket_number: int = Field(foreign_key="ticket.number", index=True)
    label: bytes = Field(sa_type=Original)
    content: bytes = Field(sa_type=Original)
    size: int
    added_at: datetime = Field(sa_type=UtcMoment)

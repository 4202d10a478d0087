"""Files that came with a message: kept sealed, never opened by the console."""

from sqlmodel import Field, SQLModel

from models.columns import new_id
from models.sealed import Original


class Attachment(SQLModel, table=True):
    """`label` (name and media type, JSON) and `content` are sealed under the ticket's key."""

    __tablename__ = "attachment"

    id: str = Field(default_factory=new_id, primary_key=True)
    message_id: str = Field(foreign_key="message.id", index=True)
    label: bytes = Field(sa_type=Original)
    content: bytes = Field(sa_type=Original)
    size: int

"""The access log as stored: entries, the head that every append locks, signed checkpoints."""

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from models.columns import BIG_KEY


class LogEntry(SQLModel, table=True):
    """One entry; `at` is microseconds since 1970 in UTC. Field names only, never a value.

    `tag` is a keyed hash of the entry: with the desk's key, `log verify` names the very entry that was touched.
    """

    __tablename__ = "log_entry"
    __table_args__ = (
        Index("log_entry_actor", "actor", "seq"),
        Index("log_entry_ticket", "ticket", "seq"),
        Index("log_entry_requester", "requester", "seq"),
        Index("log_entry_action", "action", "seq"),
        Index("log_entry_at", "at"),
    )

    seq: int = Field(sa_column=Column(BIG_KEY, primary_key=True, autoincrement=False))
    at: int = Field(sa_type=BigInteger)
    actor: str
    roles: str
    session: str
    host: str
    action: str
    ticket: int | None = None
    requester: str | None = None
    fields: str = ""
    purpose: str = ""
    verification: str = ""
    outcome: str
    seconds: int | None = None
    reason: str = ""
    tag: bytes


class LogHead(SQLModel, table=True):
    """One row (id 1): how many entries there are and the Merkle frontier; locked for each append."""

    __tablename__ = "log_head"

    id: int = Field(primary_key=True)
    size: int = Field(sa_type=BigInteger)
    frontier: bytes
    tag: bytes


class Checkpoint(SQLModel, table=True):
    """One signed statement of the log's size and root, as the text of a C2SP signed note."""

    __tablename__ = "checkpoint"

    size: int = Field(sa_column=Column(BIG_KEY, primary_key=True, autoincrement=False))
    at: int = Field(sa_type=BigInteger)
    note: str

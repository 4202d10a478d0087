"""The access log as stored: entries, the head that every append locks, signed checkpoints."""

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field

from models.columns import BIG_KEY
from models.sealed import Digest
from models.table import Table, partial_index

_NOT_DONE = "outcome <> 'done'"
_VOUCHES = "about IS NOT NULL"
ENDS = "action || '' IN ('erasure.approved', 'requester.erased')"
"""What takes a requester out of use. Written so that neither engine looks through the index of actions instead, which
has every erasure that there ever was: a query has to say it in these words to be answered by the index of its own.
"""


class LogEntry(Table, table=True):
    """One entry; `at` is microseconds since 1970 in UTC. Field names only, never a value.

    `about` (JSON) holds the ids and facts that the entry vouches for; rules read it and never `reason`. It is NULL in
    entries that vouch for nothing and in those of older desks.
    `salt` is NULL in entries of older desks; it hides who did it and the reason where a proof withholds them
    (`access_log/canonical.py`).
    `tag` is a keyed hash of the entry: with the desk's key, `log verify` names exactly the entry that was changed.
    """

    __tablename__ = "log_entry"
    __table_args__ = (
        Index("log_entry_at", "at", "seq"),
        Index("log_entry_actor", "actor", "at", "seq"),
        Index("log_entry_ticket", "ticket", "at", "seq"),
        Index("log_entry_requester", "requester", "at", "seq"),
        Index("log_entry_action", "action", "at", "seq"),
        partial_index("log_entry_vouches", "ticket", "seq", where=_VOUCHES),
        partial_index("log_entry_ends", "requester", "seq", where=ENDS),
        partial_index("log_entry_not_done", "outcome", "at", "seq", where=_NOT_DONE),
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
    about: str | None = None
    salt: str | None = None
    tag: bytes = Field(sa_type=Digest)


class LogHead(Table, table=True):
    """One row (id 1): how many entries there are and the Merkle frontier; locked for each append."""

    __tablename__ = "log_head"

    id: int = Field(primary_key=True)
    size: int = Field(sa_type=BigInteger)
    frontier: bytes = Field(sa_type=Digest)
    tag: bytes = Field(sa_type=Digest)


class Checkpoint(Table, table=True):
    """One signed statement of the log's size and root, as the text of a C2SP signed note.

    `tag` is a keyed hash of the row, for what the note does not say: when it was made.
    """

    __tablename__ = "checkpoint"

    size: int = Field(sa_column=Column(BIG_KEY, primary_key=True, autoincrement=False))
    at: int = Field(sa_type=BigInteger)
    note: str
    tag: bytes = Field(sa_type=Digest)

"""Mail that became no ticket: not readable, or no person's. Kept whole and sealed, with the reason."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.contact_fields import Field as ContactField
from models.enums import SetAside, SetAsideKey, SetAsideState, TicketKind
from models.sealed import Digest, SealedApart
from models.table import Table


class Quarantined(Table, table=True):
    """`content` and `subject` (redacted) are sealed under a key of this mail's own, whose owner in the keyring is `id`;
    `key` says whether it is there.

    `digest` (keyed) recognises the same mail again, also once it was released or dropped and nothing of it is left but
    this row. `number` is what people call it by. `is_mail`: a mail, not a line of JSON Lines. `kind`: what its words
    ask for, as far as a guess can tell. `tried_with`: the version of the program that could not read it.
    `ticket_number`: the ticket that it was filed on when it was released.
    """

    __tablename__ = "quarantined"
    __table_args__ = (Index("quarantined_state", "state", "at"), Index("quarantined_key", "key", "state"))

    id: str = Field(default_factory=new_id, primary_key=True)
    number: int = Field(index=True, unique=True)
    sort: SetAside = Field(default=SetAside.UNREADABLE, sa_type=String)
    state: SetAsideState = Field(default=SetAsideState.KEPT, sa_type=String)
    digest: bytes = Field(unique=True, sa_type=Digest)
    reason: str
    is_mail: bool = True
    kind: TicketKind | None = Field(default=None, sa_type=String)
    subject: bytes | None = Field(default=None, sa_type=SealedApart)
    content: bytes = Field(sa_type=SealedApart)
    size: int
    at: datetime = Field(sa_type=UtcMoment)
    tried_with: str = ""
    key: SetAsideKey = Field(default=SetAsideKey.OWN, sa_type=String)
    ticket_number: int | None = Field(default=None, index=True)


class SetAsideContact(Table, table=True):
    """An address that a mail set aside came from, or that a report is about, by which an erasure finds that mail.

    `value` is sealed under the mail's own key. `lookup` is the keyed hash of one form of it: with `on_file` the one by
    which contacts on file are found, else as it was written, by which claims are. These rows go with what they find.
    """

    __tablename__ = "set_aside_contact"
    __table_args__ = (Index("set_aside_contact_lookup", "field", "lookup"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    quarantined_id: str = Field(foreign_key="quarantined.id", index=True)
    field: ContactField = Field(sa_type=String)
    on_file: bool
    lookup: bytes = Field(sa_type=Digest)
    value: bytes = Field(sa_type=SealedApart)

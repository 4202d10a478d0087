"""The people who ask."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.enums import RequesterState
from models.sealed import Digest, Original, Safe
from models.table import Table


class Requester(Table, table=True):
    """Nothing here identifies anyone: what they gave us is in contacts and messages, sealed under their own key.

    A person on file has an `account`: the keyed look-up token of the platform's account id, which alone identifies
    them; `account_id` is that id, sealed. Without one the row is an unverified sender. `taken_at` is the time of the
    newest account record that was taken, as the platform gives it. `unclear`: from before accounts were kept, with
    traces of more than one account's records; nothing is sent to such contacts until a person has decided.
    `age_band` (a key of the pack's) is sealed too. `tries`, `locked_until`: the verification budget over all of the
    requester's tickets, changed only by single atomic statements.
    """

    __tablename__ = "requester"
    __table_args__ = (Index("requester_account", "account", unique=True),)

    id: str = Field(default_factory=new_id, primary_key=True)
    state: RequesterState = Field(default=RequesterState.ACTIVE, sa_type=String)
    account: bytes | None = Field(default=None, sa_type=Digest)
    account_id: bytes | None = Field(default=None, sa_type=Original)
    taken_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    unclear: bool = False
    language: str = "en"
    age_band: bytes | None = Field(default=None, sa_type=Safe)
    tries: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcMoment)
    created_at: datetime = Field(sa_type=UtcMoment)

"""What is remembered of an erased account: enough to know its id again when the platform sends it, and nothing else."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment
from models.sealed import Digest
from models.table import Table


class Suppression(Table, table=True):
    """`digest` is a slow keyed hash of the account's id, under a key of its own in the keyring.

    A registration after `erased_at` is a new person's.
    """

    __tablename__ = "suppression"

    digest: bytes = Field(primary_key=True, sa_type=Digest)
    erased_at: datetime = Field(sa_type=UtcMoment)

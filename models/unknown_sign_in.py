"""Failed sign-ins under names that no account has."""

from datetime import datetime

from sqlmodel import Field

from models.columns import UtcMoment
from models.table import Table


class UnknownSignIn(Table, table=True):
    """The growing wait of unknown names, so that waiting does not tell whether an account exists.

    `bucket` is a few bits of a keyed hash of the name: too few to learn the name from, and at most a few
    thousand rows whatever is typed.
    """

    __tablename__ = "unknown_sign_in"

    bucket: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    failures: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=UtcMoment)

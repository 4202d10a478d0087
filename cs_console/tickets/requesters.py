"""New requesters' rows."""

from datetime import datetime

from sqlmodel import Session

from cs_console.bulk_insert import insert_into
from models.enums import RequesterState
from models.requester import Requester

_add_requester = insert_into(Requester)


def add_requester(
    db: Session,
    requester_id: str,
    language: str,
    now: datetime,
    *,
    account: bytes | None = None,
    account_id: bytes | None = None,
    taken_at: datetime | None = None,
) -> None:
    """A new requester, known at most by their account; their key exists."""
    values = {
        "id": requester_id,
        "state": RequesterState.ACTIVE,
        "account": account,
        "account_id": account_id,
        "taken_at": taken_at,
        "unclear": False,
        "language": language,
        "tries": 0,
        "created_at": now,
    }
    _add_requester(db, values)

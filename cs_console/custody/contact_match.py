"""Whether a value is what is on file, answered without showing either and in the same time for both answers."""

import hashlib
import hmac
import unicodedata

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.custody.blind_index import normalise, on_file_form
from cs_console.custody.opening import open_text
from cs_console.custody.sealing import Place
from cs_console.desk import Desk
from models.contact import Contact
from models.contact_fields import SEARCHABLE, Field
from models.enums import RequesterState
from models.requester import Requester


def readable(field: Field, said: str, region: str) -> bool:
    """Whether this can be such a value at all."""
    return bool(_compared(field, said, region))


def is_on_file(db: Session, desk: Desk, requester_id: str, field: Field, said: str, region: str) -> bool:
    """Whether this is the requester's present contact on file, however it was written or spaced.

    A mere claim in a message does not match, nor does any contact of a restricted requester. Keyed hashes of both
    are compared in constant time, also where nothing is on file.
    """
    rows = db.connection().execute(
        select(col(Contact.id), col(Contact.value))
        .join(Requester, col(Requester.id) == col(Contact.requester_id))
        .where(
            col(Contact.requester_id) == requester_id,
            col(Contact.field) == field,
            col(Contact.on_file).is_(True),
            col(Contact.replaced_at).is_(None),
            col(Requester.state) == RequesterState.ACTIVE,
        )
    )
    key = desk.keyring.key(requester_id)
    kept = [
        open_text(key, Place(requester_id, "contact", "value", row), sealed) if sealed else "" for row, sealed in rows
    ]
    wanted = _digest(key, _compared(field, said, region))
    found = [hmac.compare_digest(wanted, _digest(key, _compared(field, value, region))) for value in [*kept, ""]]
    return any(found)


def _compared(field: Field, value: str, region: str) -> str:
    """The form in which two writings of one value are the same; "" for what is no such value."""
    if field in SEARCHABLE:
        return on_file_form(field, normalise(field, value.strip(), region) or "")
    return "".join(unicodedata.normalize("NFKC", value).casefold().split())


def _digest(key: bytes, value: str) -> bytes:
    return hmac.digest(key, b"said|" + value.encode("utf-8", "surrogatepass"), hashlib.sha256)

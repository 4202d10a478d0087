"""The mark of a sample desk: in its own data, made when the desk is, and keyed, so that no real desk can be given one.

What only a sample may show (the requester's phone, passwords at sign-in) asks for the mark, never for a setting.
"""

import hashlib
import hmac
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.errors import ConsoleError
from models.desk_identity import DeskIdentity

if TYPE_CHECKING:
    from cs_console.custody.keyring import Keyring
    from cs_console.settings import Settings

SINCE = "0004"
"""The migration from which on a desk's identity can carry the mark."""


def sample_tag(keyring: "Keyring", desk_id: str) -> bytes:
    """The mark of the desk with that id: its keyring's own key for this desk is needed to make it."""
    return hmac.digest(keyring.key(f"desk:{desk_id}"), b"sample desk|" + desk_id.encode(), hashlib.sha256)


def is_sample(db: Session, keyring: "Keyring") -> bool:
    """Whether this desk was made as a sample. A mark that was copied or made up counts for nothing."""
    found = db.connection().execute(select(col(DeskIdentity.id), col(DeskIdentity.sample_tag))).first()
    if found is None or found.sample_tag is None:
        return False  # a real desk's keys are not asked for
    try:
        return hmac.compare_digest(found.sample_tag, sample_tag(keyring, found.id))
    except ConsoleError:
        return False


def holds_sample(settings: "Settings") -> bool:
    """Whether the stores that the settings name are a sample desk's; nothing is made, migrated or changed.

    Raises StoreUnavailable when they cannot be asked.
    """
    from cs_console.custody.keyring import open_keyring  # not needed by a console on its way to the first paint
    from cs_console.database import REVISIONS, Database

    database = Database(settings.database)
    try:
        version, kept = database.version(), Database(settings.keyring).file
        if version not in REVISIONS[REVISIONS.index(SINCE) :] or (kept is not None and not kept.is_file()):
            return False
        keyring = open_keyring(settings)
        try:
            with database.reading() as db:
                return is_sample(db, keyring)
        finally:
            keyring.close()
    finally:
        database.close()

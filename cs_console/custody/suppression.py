"""Suppression: an import makes no one again whose account was erased here (policy I.(2)3).

A slow hash (argon2id) of the account's id, keyed from the keyring, is all that remains. With database and keyring one
can still try ids one by one, at the price of one such hash each: that risk remains, see docs/assurance.md.
"""

import hashlib
import hmac
from datetime import datetime

from argon2.low_level import Type, hash_secret_raw
from sqlalchemy import func, select, update
from sqlmodel import Session, col

from cs_console.custody.opening import open_text
from cs_console.custody.sealing import Place
from cs_console.desk import Desk
from cs_console.errors import KeyDestroyed, KeyMissing, SealBroken
from models.erasure import Erasure
from models.requester import Requester
from models.suppression import Suppression

KEY = "suppression"
_MEMORY_KIB, _PASSES, _DIGEST_BYTES, _SALT_BYTES = 19 * 1024, 2, 32, 16


def suppression_digest(desk: Desk, account: str) -> bytes:
    """The slow keyed hash of an account's id. It takes some 20 ms on purpose: never ask for it under a lock twice."""
    key = desk.keyring.desk_key(KEY)
    salt = hmac.digest(key, b"salt", hashlib.sha256)[:_SALT_BYTES]
    given = account.encode("utf-8", "surrogatepass")
    slow = hash_secret_raw(given, salt, _PASSES, _MEMORY_KIB, 1, _DIGEST_BYTES, Type.ID)
    return hmac.digest(key, slow, hashlib.sha256)


def account_of(desk: Desk, requester: Requester) -> str | None:
    """The account's id as it is sealed with a person on file, None for an unverified sender and where it was not kept.

    Raises KeyDestroyed, KeyMissing, SealBroken.
    """
    if not requester.account_id:
        return None
    place = Place(requester.id, "requester", "account_id", requester.id)
    return open_text(desk.keyring.key(requester.id), place, requester.account_id)


def suppress_account(db: Session, desk: Desk, requester_id: str) -> None:
    """Remember the account of a person who is being erased, in the transaction that erases; its id goes with the rest.

    Nothing happens for an unverified sender. Where the id cannot be opened any more (a backup brought the row back
    without its key), the row keeps the look-up token, by which the import knows the account until that key rotates.
    """
    found = db.get(Requester, requester_id, populate_existing=True)
    if found is None:
        return
    try:
        account = account_of(desk, found)
    except (KeyDestroyed, KeyMissing, SealBroken):
        return
    if account is None:
        return
    digest, now = suppression_digest(desk, account), desk.clock.now()
    kept = db.get(Suppression, digest)
    if kept is None:
        db.add(Suppression(digest=digest, erased_at=now))
    else:
        kept.erased_at = now
    db.flush()
    forget_account(db, requester_id)


def forget_account(db: Session, requester_id: str) -> None:
    """Take the look-up token of the account off a row, so that no fast hash of its id stays."""
    db.connection().execute(update(Requester).where(col(Requester.id) == requester_id).values(account=None))


def could_be_suppressed(db: Session, registered_at: datetime | None) -> bool:
    """Whether an unknown account could be one that was erased here: only then is its slow hash worth its time.

    It cannot where nothing was erased, nor where it was registered after everything that was.
    """
    newest = db.connection().execute(select(func.max(col(Suppression.erased_at)))).scalar()
    return newest is not None and (registered_at is None or registered_at <= newest)


def is_suppressed(db: Session, digest: bytes, registered_at: datetime | None) -> bool:
    """Whether this account was erased here and has not been registered again since."""
    kept = db.get(Suppression, digest)
    return kept is not None and (registered_at is None or registered_at <= kept.erased_at)


def erased_at(db: Session, requester_id: str) -> datetime | None:
    """When the erasure of a requester was decided, or done; None where none was."""
    of_theirs = select(func.max(func.coalesce(col(Erasure.approved_at), col(Erasure.ended_at)))).where(
        col(Erasure.requester_id) == requester_id
    )
    found: datetime | None = db.connection().execute(of_theirs).scalar()
    return found

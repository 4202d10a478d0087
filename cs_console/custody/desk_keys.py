"""The desk's own keys over its life: each is made when it is first used, and never a second time.

A new key under an old name would make what was sealed, hashed or tagged with the old one look false or unknown, without
a word. So a key that was ever seen here, or that the data shows was used, is missing when it is not there.
"""

from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import ColumnElement, select, true
from sqlmodel import Session, SQLModel, col

from cs_console.custody.index_state import INDEXES, generation_of, key_name, read_state
from cs_console.custody.keyring import OF_DESK, Keyring
from cs_console.database import Database
from cs_console.desk import Desk
from cs_console.engine_insert import own_insert
from cs_console.errors import StoreUnavailable
from models.blocked_sender import BlockedSender
from models.contact import Contact
from models.contact_fields import SEARCHABLE, Field
from models.decision import Decision
from models.desk_identity import DeskIdentity
from models.desk_key import DeskKey
from models.enums import RequesterState, SetAsideKey
from models.log import LogHead
from models.message import Message
from models.quarantined import Quarantined, SetAsideContact
from models.requester import Requester
from models.search import SearchEntry
from models.suppression import Suppression
from models.unknown_sign_in import UnknownSignIn
from models.verification import VerificationCode

BATCH = 500
PRIVACY_OFFICE = "privacy-office"
"""The desk key that closes what only privacy officers may read (no tipping off)."""

_Use = tuple[type[SQLModel], Callable[[], ColumnElement[bool]]]


def _found_by(field: Field) -> tuple[_Use, ...]:
    return (
        (Contact, lambda: (col(Contact.field) == field) & col(Contact.lookup).is_not(None)),
        (SetAsideContact, lambda: col(SetAsideContact.field) == field),
    )


_USES: dict[str, tuple[_Use, ...]] = {
    "log-tag": ((LogHead, true),),
    "codes": ((VerificationCode, true),),
    "sign-in": ((UnknownSignIn, true),),
    "quarantine": ((Quarantined, lambda: col(Quarantined.key) == SetAsideKey.OF_DESK), (BlockedSender, true)),
    PRIVACY_OFFICE: ((Decision, lambda: col(Decision.legal_review).is_(True)),),
    **{f"index:{field.value}": _found_by(field) for field in SEARCHABLE},
    "index:account": ((Requester, lambda: col(Requester.account).is_not(None)),),
    "suppression": ((Suppression, true),),
    "index:search": ((SearchEntry, true),),
    "index:reference": ((Message, lambda: col(Message.reference).is_not(None)), (Quarantined, true)),
}
"""What shows that a desk has used a key, also before its keys were listed."""


def never_had(database: Database, name: str) -> bool:
    """Whether the desk provably never had this key of its own. Raises StoreUnavailable."""
    with database.reading() as db:
        return db.get(DeskKey, name) is None and not _was_used(db, name)


def list_desk_keys(desk: Desk) -> None:
    """List the keys that are there, so that one lost later is known to be. Where a store is away it waits."""
    database, keyring, now = desk.database, desk.keyring, desk.clock.now()
    with suppress(StoreUnavailable):
        with database.reading() as db:
            desk_id = db.connection().execute(select(col(DeskIdentity.id))).scalar()
            listed = set(db.connection().execute(select(col(DeskKey.name))).scalars())
        there = {owner.removeprefix(OF_DESK) for owner in keyring.store.owners(OF_DESK)}
        if desk_id not in there or not there - listed:
            return  # a keyring of another desk is left alone
        with database.transaction() as db:
            rows = [{"name": name, "since": now} for name in sorted(there - listed)]
            connection = db.connection()
            connection.execute(own_insert(connection)(DeskKey).values(rows).on_conflict_do_nothing())


def missing_desk_keys(database: Database, keyring: Keyring) -> tuple[str, ...]:
    """The names of the desk's own keys that it has had and that the keyring lacks. Raises StoreUnavailable."""
    there = {owner.removeprefix(OF_DESK) for owner in keyring.store.owners(OF_DESK)}
    with database.reading() as db:
        state = read_state(db)
        needed = {key_name(index, generation) for index in INDEXES for generation in state.in_use}
        names = {name for name in _USES if not _is_index(name)} | needed
        had = set(db.connection().execute(select(col(DeskKey.name))).scalars())
        had |= {name for name in names - there if _was_used(db, name)}
    return tuple(sorted(name for name in had - there if not _is_index(name) or name in needed))


def _is_index(name: str) -> bool:
    """Whether this is a look-up key, of whatever generation, that is renewed."""
    return name.startswith("index:") and generation_of(name)[0] in INDEXES


def requesters_without_key(database: Database, keyring: Keyring) -> int:
    """How many requesters who were not erased have no key. Raises StoreUnavailable."""
    found, after = 0, ""
    while True:
        with database.reading() as db:
            owners = db.connection().execute(
                select(col(Requester.id))
                .where(col(Requester.id) > after, col(Requester.state) != RequesterState.ERASED)
                .order_by(col(Requester.id))
                .limit(BATCH)
            )
            some = list(owners.scalars())
        if not some:
            return found
        found += len(some) - len(keyring.store.find_all(some))
        after = some[-1]


def _was_used(db: Session, name: str) -> bool:
    known = key_name(generation_of(name)[0], 1) if _is_index(name) else name
    if known not in _USES:
        return False
    return any(
        db.connection()
        .execute(select(*table.__table__.primary_key.columns).where(condition()).limit(1))  # type: ignore[attr-defined]  # SQLModel adds it
        .first()
        is not None
        for table, condition in _USES[known]
    )

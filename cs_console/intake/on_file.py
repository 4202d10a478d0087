"""What the platform holds about its users, put on file: this is how contacts come to be ones that a code may go to."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.access_log.vouched import about_fields
from cs_console.custody.blind_index import account_token
from cs_console.custody.contacts import LONGEST_VALUE, NewContact, add_contact, persons_with
from cs_console.custody.on_file import on_file_now, said_to_change, set_on_file, take_off_file
from cs_console.custody.sealing import Place, seal
from cs_console.custody.suppression import (
    account_of,
    could_be_suppressed,
    erased_at,
    forget_account,
    is_suppressed,
    suppression_digest,
)
from cs_console.desk import Desk, DeskSession
from cs_console.errors import SealBroken
from cs_console.intake.jsonl import RequesterRecord
from cs_console.intake.key_pool import NewKey
from cs_console.plain_text import one_line
from cs_console.prepared import Prepared
from cs_console.tickets.numbers import lock_counter
from cs_console.tickets.requesters import add_requester
from cs_console.verification.windows import close_windows_of
from models.columns import EPOCH
from models.contact_fields import SEARCHABLE, Field
from models.enums import Action, RequesterState
from models.requester import Requester

_OF_ACCOUNT = Prepared(select(col(Requester.id)).where(col(Requester.account) == bindparam("token")))


class Put(StrEnum):
    """What became of an account's record."""

    TAKEN = "requesters"
    OLDER = "older"
    """It is older than the one that was taken for that account, and changed nothing."""
    SUPPRESSED = "suppressed"
    """The account was erased here, and has not been registered again since."""


def put_on_file(session: DeskSession, found: RequesterRecord, new_key: NewKey) -> Put:
    """Make the person with exactly this account, or bring them up to date, in a transaction of its own.

    The account's id alone says who it is: a phone or an address that is on file with another account, too, links and
    merges nothing. A changed value replaces the one before, which stays sealed (policy V.1), counts as changed from
    now, and closes the requester's verification windows; what the record does not have any more is used no more, so
    that no code goes to a number that was given up. A first record is not a change. The same record again changes
    nothing, nor does one older than what was taken, nor one of an account that was erased here, until the platform
    says that it was registered again after that. For the operator alone. Raises
    NotAllowed.
    """
    put = _put(session, found, new_key, None)
    if put is None:
        put = _put(session, found, new_key, suppression_digest(session.desk, found.account))
    assert put is not None  # the digest was all that was missing
    return put


def _put(session: DeskSession, found: RequesterRecord, new_key: NewKey, digest: bytes | None) -> Put | None:
    """The same; None, with nothing done, where the account's suppression digest is needed: it is slow, and made here
    while no lock is held."""
    desk = session.desk
    with session.work(operator=True) as db:
        lock_counter(db)  # from here on no look-up key is renewed either
        token = account_token(desk.keyring, found.account)
        requester_id = _holder(db, token)
        if requester_id is not None and _is_gone(db, requester_id):
            if not _registered_again(db, requester_id, found):
                return Put.SUPPRESSED
            forget_account(db, requester_id)
            requester_id = None
        elif requester_id is None:
            if could_be_suppressed(db, found.registered_at):
                if digest is None:
                    return None
                if is_suppressed(db, digest, found.registered_at):
                    return Put.SUPPRESSED
            requester_id = _from_before(db, desk, found, token)
        if requester_id is None:
            _make(db, session, found, token, new_key)
            return Put.TAKEN
        requester = db.get_one(Requester, requester_id)
        _require_named(desk, requester, found)
        if requester.taken_at is not None and _said_at(found, desk) < requester.taken_at:
            return Put.OLDER
        _bring_up_to_date(db, session, requester, found)
        return Put.TAKEN


def _holder(db: Session, token: bytes) -> str | None:
    found = _OF_ACCOUNT.first(db.connection(), {"token": token})
    return None if found is None else str(found[0])


def _require_named(desk: Desk, requester: Requester, found: RequesterRecord) -> None:
    """Refuse to add to a requester whose own sealed account id differs: their look-up value was exchanged.

    Raises SealBroken.
    """
    if account_of(desk, requester) not in (None, found.account):  # None: from before it was kept
        raise SealBroken("The person on file under this account has the sealed id of another account.")


def _is_gone(db: Session, requester_id: str) -> bool:
    """Whether they are erased, or kept only for a hold: the import reports both in the same way."""
    return db.get_one(Requester, requester_id).state != RequesterState.ACTIVE


def _registered_again(db: Session, requester_id: str, found: RequesterRecord) -> bool:
    gone_at = erased_at(db, requester_id)
    return found.registered_at is not None and gone_at is not None and found.registered_at > gone_at


def _from_before(db: Session, desk: Desk, found: RequesterRecord, token: bytes) -> str | None:
    """Someone on file from before accounts were kept, whose contacts equal all that is on file: the account is theirs.

    Then the id was kept among the contacts ("other"), and shows it as well. A requester with traces of more than one
    account's records belongs to no account; `doctor` lists their tickets.
    """
    account = (Field.OTHER, one_line(found.account, LONGEST_VALUE))
    wanted = {contact for contact in found.contacts if contact != account}
    for field, value in found.contacts:
        if field not in SEARCHABLE:
            continue
        for requester_id in persons_with(db, desk, field, value, most=20):
            if db.get_one(Requester, requester_id).account is not None:
                continue
            key = desk.keyring.key(requester_id)
            kept = set(on_file_now(db, requester_id, key))
            if account in kept or kept == wanted:
                _name_account(db, requester_id, key, found, token)
                return requester_id
    return None


def _name_account(db: Session, requester_id: str, key: bytes, found: RequesterRecord, token: bytes) -> None:
    db.connection().execute(
        update(Requester)
        .where(col(Requester.id) == requester_id)
        .values(account=token, account_id=_sealed_account(requester_id, key, found))
    )


def _sealed_account(requester_id: str, key: bytes, found: RequesterRecord) -> bytes:
    return seal(key, Place(requester_id, "requester", "account_id", requester_id), found.account)


def _make(db: Session, session: DeskSession, found: RequesterRecord, token: bytes, new_key: NewKey) -> None:
    desk = session.desk
    requester_id, key = new_key()
    add_requester(
        db,
        requester_id,
        found.language,
        desk.clock.now(),
        account=token,
        account_id=_sealed_account(requester_id, key, found),
        taken_at=_said_at(found, desk),
    )
    changed_at = found.changed_at or EPOCH  # a first record is not a change
    for field, value in found.contacts:
        add_contact(db, desk, requester_id, key, NewContact(field, value, True, changed_at))
    _record(db, session, requester_id, key, [field for field, _ in found.contacts])


def _bring_up_to_date(db: Session, session: DeskSession, requester: Requester, found: RequesterRecord) -> None:
    desk, requester_id, before = session.desk, requester.id, requester.taken_at
    key = desk.keyring.key(requester_id)
    said_at, seen_at = _said_at(found, desk), desk.clock.now()
    changed = [
        field for field, value in found.contacts if set_on_file(db, desk, requester_id, key, field, value, seen_at)
    ]
    changed += take_off_file(db, desk, requester_id, but=[field for field, _ in found.contacts])
    newer = before is not None and found.changed_at is not None and said_at > before
    if newer and not changed and said_to_change(db, requester_id, said_at):
        changed = [field for field, _ in found.contacts]
    if found.changed_at is not None or changed or before is None:
        taken = said_at if before is None else max(before, said_at)
        db.connection().execute(update(Requester).where(col(Requester.id) == requester_id).values(taken_at=taken))
    if changed:
        _record(db, session, requester_id, key, changed)
        close_windows_of(db, session, requester_id)


def _said_at(found: RequesterRecord, desk: Desk) -> datetime:
    """From when the record is: as the platform says, else from now; never from the future."""
    now = desk.clock.now()
    return now if found.changed_at is None else min(found.changed_at, now)


def _record(db: Session, session: DeskSession, requester_id: str, key: bytes, fields: list[Field]) -> None:
    pseudonym = session.desk.pseudonym(requester_id, key)
    names = tuple(field.value for field in fields)
    about = about_fields(names)
    changed = Entry(Action.CONTACT_CHANGED, requester=pseudonym, fields=names, reason="put on file", about=about)
    record(db, session, changed)

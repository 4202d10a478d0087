"""Rotating the key-encryption key: every key is wrapped again, and the old key-encryption key is dropped.

That closes old backups of the keyring: what they hold opens under the old key-encryption key alone (SECURITY.md, Keys).
Each step is durable before the next begins, and at each moment every key can be opened by a key-encryption key that
consoles can have; so a rotation that was killed anywhere is finished by running it again.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.exc import DBAPIError

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.custody import key_store
from cs_console.custody.index_rotation import renew
from cs_console.custody.index_state import IndexState, read_state
from cs_console.custody.key_store import KeyEpoch, KeyStore, WrappedKey
from cs_console.custody.keyring import Keyring
from cs_console.custody.wrapping import UnknownEpoch, is_key_of, proof_for, wrap, wrong_key
from cs_console.desk import Desk, DeskSession
from cs_console.errors import KeysRotating, KeyUnavailable, StoreUnavailable
from cs_console.file_lock import LockHeld, file_lock
from cs_console.key_files import next_key, put_next_in_place, wrapping_key, wrapping_keys
from cs_console.progress import Progress
from cs_console.settings import Settings
from cs_console.store_errors import store_errors
from models.enums import Action

BATCH = 500
"""How many keys are rewrapped in one transaction: for some milliseconds other consoles wait to make a key."""

_LOCK = bindparam("lock", 0x6B657972696E67, BigInteger)  # "keyring" in ASCII
_TAKE_LOCK = select(func.pg_try_advisory_lock(_LOCK))
_GIVE_LOCK = select(func.pg_advisory_unlock(_LOCK))


@dataclass(frozen=True)
class Rotated:
    """What a run of `rotate` came to. Not `finished`: a setting has to be changed first, then it is run again."""

    epoch: int
    rewrapped: int
    finished: bool


@dataclass(frozen=True)
class KeyStatus:
    """The keyring's state. `erased` keys can be opened by old backups of it, until a rotation that is due by `due`.

    So are the look-up keys of `index`: with them old backups of the data tell whether they hold a guessed value.
    """

    by_epoch: dict[int, int]
    epoch: int
    rotated_at: datetime | None
    erased: int
    due: datetime | None
    overdue: bool
    unfinished: bool
    to_rewrap: int
    index: IndexState


def key_status(desk: Desk) -> KeyStatus:
    """Epochs, the last rotation (UTC), and the window of the keys destroyed since. Changes nothing.

    A window is `key_days` of the settings long and runs from the first key destroyed.
    """
    store = desk.keyring.store
    with desk.database.reading() as db:
        index = read_state(db)
    epochs, counts = store.epochs(), store.counts()
    newest = epochs[-1].epoch if epochs else key_store.FIRST_EPOCH
    to_have = [epoch for epoch in epochs if epoch.ended_at is None]
    first = min((epoch.first_destroyed_at for epoch in to_have if epoch.first_destroyed_at), default=None)
    due = first + timedelta(days=desk.settings.key_days) if first else None
    return KeyStatus(
        by_epoch=counts,
        epoch=newest,
        rotated_at=max((epoch.ended_at for epoch in epochs if epoch.ended_at), default=None),
        erased=sum(epoch.destroyed for epoch in to_have),
        due=due,
        overdue=due is not None and desk.clock.now() > due,
        unfinished=len(to_have) > 1,
        to_rewrap=sum(count for epoch, count in counts.items() if epoch != newest),
        index=index,
    )


def rotate(
    session: DeskSession, progress: Progress | None = None, index_again: Callable[[Desk], None] | None = None
) -> Rotated:
    """Rotate the key-encryption key, or finish the rotation that was cut short. Its begin and end are on record.

    `index_again` makes the words of tickets again once their key is renewed (`tickets/search`); without it the upkeep
    does. Consoles work on meanwhile. Raises KeysRotating while another process does it, BadSettings where no next key
    is named, KeyUnavailable where a key does not open: then the old key-encryption key is kept, and so is every key.
    """
    keyring, settings = session.desk.keyring, session.desk.settings
    with session.reading(operator=True):
        pass  # before a key is made
    keyring.looking_again(keyring.upgrade)
    with _alone(keyring.store):
        # the look-up keys first: their old ones then go with the old key-encryption key, out of the keyring's backups
        if renew(session.desk, progress, only_finish=_is_unfinished(keyring, settings)):
            if index_again is not None:
                index_again(session.desk)
            _record(session, "look-up keys: renewed, the old ones are destroyed")
        newest = _begun(session)
        rewrapped = _rewrap_all(keyring, newest, progress)
        finished = _give_up_old_key(settings, newest)
        if rewrapped or finished:
            still = "the old key is given up" if finished else "the setting of the key is still to be changed"
            _record(session, f"epoch {newest.epoch}: {rewrapped} keys wrapped again; {still}")
        if finished:
            with keyring.store.transaction() as connection:
                key_store.end_epochs(connection, newest.epoch, session.desk.clock.now())
    keyring.wrappers.hold(wrapping_keys(settings))
    keyring.store.empty_journal()
    return Rotated(newest.epoch, rewrapped, finished)


def _is_unfinished(keyring: Keyring, settings: Settings) -> bool:
    *older, newest = keyring.store.epochs()
    return any(epoch.ended_at is None for epoch in older) or not is_key_of(wrapping_key(settings), newest)


def _begun(session: DeskSession) -> KeyEpoch:
    """The epoch to rotate to: the one that was begun and is not finished, else a new one."""
    keyring, settings = session.desk.keyring, session.desk.settings
    epochs = keyring.store.epochs()
    newest = epochs[-1]
    if _is_unfinished(keyring, settings):
        _record(session, f"epoch {newest.epoch}: taken up again")
        return newest
    key = next_key(settings)
    if any(is_key_of(key, epoch) for epoch in epochs):
        raise KeyUnavailable(
            "The next key-encryption key was already used before.",
            "Make CS_CONSOLE_NEXT_KEY_COMMAND print a new key."
            if settings.next_key_command
            else f"Move {settings.next_key_path} away; the next run creates a new key.",
        )
    number = newest.epoch + 1
    _record(session, f"epoch {number}: begun")
    with keyring.store.transaction() as connection:
        # a console that is making a key has stored it by then; later ones make it in the new epoch
        key_store.hold_epochs(connection, alone=True)
        key_store.add_epoch(connection, number, proof_for(key, number), session.desk.clock.now())
    return keyring.store.epochs()[-1]


def _rewrap_all(keyring: Keyring, newest: KeyEpoch, progress: Progress | None) -> int:
    """Wrap every key of an older epoch again, in batches, and return how many.

    Raises KeyUnavailable when some open under no key at all, after all the others are done.
    """
    older = [count for epoch, count in keyring.epochs().items() if epoch != newest.epoch]
    total, done, after = sum(older), 0, ""
    broken: list[str] = []
    while True:
        batch = keyring.looking_again(partial(_rewrap, keyring, newest, after))
        if not batch.last:
            break
        after = batch.last
        done += batch.rewrapped
        broken += batch.broken
        if progress is not None:
            progress(done, total)
    left = sum(count for epoch, count in keyring.epochs().items() if epoch != newest.epoch)
    if left:
        raise KeyUnavailable(
            f"{left} of the keyring's keys cannot be opened and were not changed, among them {', '.join(broken[:3])}.",
            "The old key-encryption key is kept. Restore the keyring, or destroy those keys, then run this again.",
        )
    return done


@dataclass(frozen=True)
class _Batch:
    last: str
    rewrapped: int
    broken: tuple[str, ...]


def _rewrap(keyring: Keyring, newest: KeyEpoch, after: str) -> _Batch:
    """One batch, one transaction. `last` is empty where there was nothing left."""
    pairs: list[tuple[WrappedKey, WrappedKey]] = []
    broken: list[str] = []
    with keyring.store.transaction() as connection:
        wrapper = keyring.wrappers.of_epoch(newest.epoch, newest.proof)
        older = key_store.older_keys(connection, newest.epoch, after, BATCH)
        met = {key.epoch for key in older}
        for epoch in key_store.all_epochs(connection):
            if epoch.epoch in met:  # its wrapper at hand, a key that does not open is known to be broken
                keyring.wrappers.of_epoch(epoch.epoch, epoch.proof)
        for old in older:
            try:
                pairs.append((old, wrap(wrapper, old.owner, newest.epoch, keyring.wrappers.unwrap(old))))
            except (KeyUnavailable, UnknownEpoch):
                broken.append(old.owner)
        key_store.replace_keys(connection, pairs)
    return _Batch(older[-1].owner if older else "", sum(old.is_one for old, _new in pairs), tuple(broken))


def _give_up_old_key(settings: Settings, newest: KeyEpoch) -> bool:
    """Whether the settings name the new key now; a key file is replaced by the next one for that."""
    by_command = settings.key_command or settings.next_key_command
    if is_key_of(wrapping_key(settings), newest):
        if not by_command:
            put_next_in_place(settings)
        return True
    if by_command:
        return False
    if not any(is_key_of(key, newest) for key in wrapping_keys(settings)):
        raise wrong_key()
    put_next_in_place(settings)
    return True


def _record(session: DeskSession, what: str) -> None:
    with session.work(operator=True) as db:
        record(db, session, Entry(Action.KEYS_ROTATED, reason=what))


@contextmanager
def _alone(store: KeyStore) -> Iterator[None]:
    """Hold the lock of rotations, which ends with its process at the latest. Raises KeysRotating."""
    held = _alone_on_server(store) if store.engine.dialect.name == "postgresql" else _alone_on_host(store)
    with held:
        yield


@contextmanager
def _alone_on_server(store: KeyStore) -> Iterator[None]:
    with store_errors():
        connection = store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # closing it must end the server's session, and the lock with it
    with closing(connection):
        with store_errors():
            taken = connection.execute(_TAKE_LOCK).scalar()
        if not taken:
            raise KeysRotating
        try:
            yield
        finally:
            with suppress(DBAPIError):  # a server that is away has ended the lock itself
                connection.execute(_GIVE_LOCK)


@contextmanager
def _alone_on_host(store: KeyStore) -> Iterator[None]:
    """A lock beside the keyring: it works wherever the keyring does."""
    kept = Path(str(store.engine.url.database))
    file = kept.with_name(kept.name + ".rotating")
    with ExitStack() as stack:
        try:
            stack.enter_context(file_lock(file))
        except LockHeld:
            raise KeysRotating from None
        except OSError:
            raise StoreUnavailable(f"{file} cannot be made.", "Check the folder's permissions and space.") from None
        yield

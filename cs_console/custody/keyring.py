"""The keyring: a key for each requester and each mail set aside, and a few of the desk's own.

Each is wrapped by a key held outside the store. It is a store apart from the database, so that a backup of the data
alone opens nothing.
"""

import secrets
from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy import Connection

from cs_console.clock import Clock, SystemClock
from cs_console.custody import key_store
from cs_console.custody.index_state import INDEXES, IndexState, generation_of
from cs_console.custody.key_store import FIRST_EPOCH, KeyStore, WrappedKey
from cs_console.custody.wrapping import UnknownEpoch, Wrappers, wrap, wrong_key
from cs_console.errors import ConsoleError, DeskKeyMissing, KeyDestroyed, KeyMissing, KeyProtected
from cs_console.key_files import KEY_BYTES, wrapping_key, wrapping_keys
from cs_console.settings import Settings

KeySource = Callable[[], Iterable[bytes]]
"""Gives every key-encryption key that can be had now."""

_Answer = TypeVar("_Answer")

OF_DESK = "desk:"
DESTROYED = b""
"""What is wrapped in the place of a key that was destroyed."""


class Keyring:
    """Keys by owner: the id of a requester or of a mail set aside, or a name with a colon ("desk:codes", "agent:...").

    A key that is not there is missing, unless this keyring destroyed it or `is_erased` knows that its requester was
    erased. `may_introduce` says whether a key of the desk's own may be made: where the desk never had it.
    `index_state` says which look-up keys are in force.

    It works on while the key-encryption key is rotated elsewhere: what is wrapped in an epoch that it does not know
    makes it ask `source` again. Every method raises KeyUnavailable or StoreUnavailable when a store or the
    key-encryption key cannot be had.
    """

    def __init__(
        self, url: str, wrapping_key: bytes, source: KeySource | None = None, clock: Clock | None = None
    ) -> None:
        self.wrappers = Wrappers([wrapping_key])
        self.store = KeyStore(url)
        self.clock = clock or SystemClock()
        self.is_erased: Callable[[str], bool] = lambda _owner: False
        self.may_introduce: Callable[[str], bool] = lambda _name: True
        self.index_state: Callable[[], IndexState] = IndexState
        self._source: KeySource = source or (lambda: (wrapping_key,))
        self._desk_keys: dict[str, bytes] = {}

    def prepare(self, desk_id: str) -> None:
        """Make the keyring's tables and tie it to one desk."""
        self.store.make()
        self.create(f"{OF_DESK}{desk_id}")

    def belongs_to(self, desk_id: str) -> bool:
        """Whether this keyring was made for that desk and the key-encryption key opens it."""
        try:
            self.key(f"{OF_DESK}{desk_id}")
        except KeyMissing:
            return False
        return True

    def create(self, owner: str) -> bytes:
        """Make and durably store a new random key. An owner who has one keeps it: that one is returned."""

        def make() -> bytes:
            self.upgrade()
            with self.store.transaction() as connection:
                new = self._wrapped_anew(connection, {owner: secrets.token_bytes(KEY_BYTES)})
                return self.wrappers.unwrap(key_store.add_key(connection, new[0]))

        return self.looking_again(make)

    def create_many(self, owners: Iterable[str]) -> dict[str, bytes]:
        """Make new keys for owners who have none, all in one durable transaction: for filling a desk."""
        made = {owner: secrets.token_bytes(KEY_BYTES) for owner in owners}

        def make() -> dict[str, bytes]:
            self.upgrade()
            with self.store.transaction() as connection:
                key_store.add_keys(connection, self._wrapped_anew(connection, made))
            return made

        return self.looking_again(make)

    def key(self, owner: str) -> bytes:
        """The owner's key. Raises KeyDestroyed where it was destroyed with its requester's data, else KeyMissing."""

        def open_one() -> bytes:
            found = self.store.find(owner)
            if found is None:
                raise self._why_none(owner)
            opened = self.wrappers.unwrap(WrappedKey(owner, *found))
            if opened == DESTROYED:
                raise KeyDestroyed
            return opened

        return self.looking_again(open_one)

    def keys(self, owners: Iterable[str]) -> dict[str, bytes]:
        """The keys of all those owners who have one."""
        wanted = frozenset(owners)

        def open_all() -> dict[str, bytes]:
            found = [key for key in self.store.find_all(wanted) if key.is_one]
            return {key.owner: self.wrappers.unwrap(key) for key in found}

        return self.looking_again(open_all)

    def without_trace(self, owners: Iterable[str]) -> set[str]:
        """Those owners whose key is missing: it is neither there nor was it destroyed."""
        wanted = set(owners)
        left = wanted - {key.owner for key in self.store.find_all(wanted)}
        return {owner for owner in left if not self.is_erased(owner)}

    def desk_key(self, name: str) -> bytes:
        """One of the desk's own keys, held in memory once it was read; a new desk's is made when it is first used.

        Raises DeskKeyMissing where the desk has had it: another one is never made in its place.
        """
        if name not in self._desk_keys:
            try:
                self._desk_keys[name] = self.key(f"{OF_DESK}{name}")
            except DeskKeyMissing:
                if not self.may_introduce(name):
                    raise
                self._desk_keys[name] = self.create(f"{OF_DESK}{name}")
        return self._desk_keys[name]

    def destroy(self, *owners: str) -> None:
        """Forget these owners' keys: what they sealed cannot be read again (policy I.(4)2). May be repeated.

        A mark that only the key-encryption key makes takes each one's place: destroyed is not the same as lost.

        Afterwards neither a SQLite keyring nor its journal holds the wrapped keys; backups of the keyring can open them
        until the next rotation, and `cs-console keys status` counts them. Raises KeyProtected for any key but that of a
        requester or of a mail set aside, and StoreBusy when someone's reading keeps the journal from being emptied:
        the keys are gone then, and calling this again empties it.
        """
        _require_erasable(owners)

        def forget() -> None:
            self.upgrade()
            with self.store.transaction() as connection:
                key_store.hold_epochs(connection, alone=True)
                epoch, proof = key_store.newest_epoch(connection)
                wrapper, now = self.wrappers.of_epoch(epoch, proof), self.clock.now()
                for owner in owners:
                    key_store.destroy_key(connection, wrap(wrapper, owner, epoch, DESTROYED), now)

        self.looking_again(forget)
        self.store.empty_journal()

    def retire(self, name: str) -> None:
        """Destroy a look-up key of a generation that is over; it is counted. Raises KeyProtected, StoreBusy."""
        if not name.startswith("index:") or generation_of(name)[0] not in INDEXES:
            raise KeyProtected(name)

        def forget() -> None:
            self.upgrade()
            with self.store.transaction() as connection:
                key_store.hold_epochs(connection, alone=True)
                key_store.retire_key(connection, f"{OF_DESK}{name}", self.clock.now())

        self.looking_again(forget)
        self._desk_keys.pop(name, None)
        self.store.empty_journal()

    def drop_unused(self, owners: Iterable[str]) -> None:
        """Drop keys that were made ahead and have sealed nothing. Raises KeyProtected for one of the desk's."""
        self.store.drop(_require_erasable(owners))

    def epochs(self) -> dict[int, int]:
        """How many keys there are of each epoch."""
        return self.store.counts()

    def close(self) -> None:
        """Give back every connection."""
        self.store.engine.dispose()

    def looking_again(self, work: Callable[[], _Answer]) -> _Answer:
        """Do some work; if it meets an unknown epoch, ask for the key-encryption keys again and repeat it.

        It is repeated in full: by then a rotation may have rewrapped what was read. Raises KeyUnavailable when asking
        again did not help.
        """
        met: set[int] = set()
        while True:
            try:
                return work()
            except UnknownEpoch as unknown:
                if unknown.epoch in met:
                    raise wrong_key() from None
                met.add(unknown.epoch)
            self.wrappers.hold(self._source())

    def upgrade(self) -> None:
        """Give a new keyring, or one from before keys could rotate, its first epoch: under the key that opens it.

        To be called within `looking_again`. Done already, it costs nothing.
        """
        if self.store.has_epochs():
            return
        with self.store.transaction() as connection:
            sample = key_store.make_epochs(connection)
            if not key_store.all_epochs(connection):  # another console may have been first
                key_store.add_epoch(connection, FIRST_EPOCH, self.wrappers.first_proof(sample), self.clock.now())

    def _why_none(self, owner: str) -> ConsoleError:
        if owner.startswith(OF_DESK):
            return DeskKeyMissing(owner.removeprefix(OF_DESK))
        return KeyDestroyed() if self.is_erased(owner) else KeyMissing()

    def _wrapped_anew(self, connection: Connection, made: dict[str, bytes]) -> list[WrappedKey]:
        """New keys, wrapped in the epoch that is the newest until this transaction ends."""
        key_store.hold_epochs(connection, alone=False)
        epoch, proof = key_store.newest_epoch(connection)
        wrapper = self.wrappers.of_epoch(epoch, proof)
        return [wrap(wrapper, owner, epoch, key) for owner, key in made.items()]


def _require_erasable(owners: Iterable[str]) -> list[str]:
    """Requesters and mails set aside have ids; the names of all other owners hold a colon. Raises KeyProtected."""
    found = list(owners)
    for owner in found:
        if not owner or ":" in owner:
            raise KeyProtected(owner)
    return found


def open_keyring(settings: Settings, clock: Clock | None = None) -> Keyring:
    """The keyring that the settings name, with the keys that they name. Nothing is read from it yet.

    Raises KeyUnavailable.
    """
    return Keyring(settings.keyring, wrapping_key(settings), lambda: wrapping_keys(settings), clock)

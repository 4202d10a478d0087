"""The keyring: one key per requester and a few of the desk's own, each wrapped by a key held outside the store.

It is a store apart from the database, so that a backup of the data alone opens nothing.
"""

import base64
import os
import secrets
import shlex
import subprocess
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cs_console.database import ONE_STATEMENT, engine_for, store_errors
from cs_console.errors import KeyDestroyed, KeyUnavailable
from cs_console.prepared import Prepared
from cs_console.settings import Settings

KEY_BYTES = 32
NONCE_BYTES = 12

_metadata = MetaData()
_wrapped_key = Table(
    "wrapped_key",
    _metadata,
    Column("owner", String, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)
_FIND = select(_wrapped_key.c.epoch, _wrapped_key.c.wrapped).where(_wrapped_key.c.owner == bindparam("who"))
_FIND_FAST = Prepared(_FIND)


class Keyring:
    """Keys by owner. An owner is a requester's id or a name like "desk:codes".

    Every method raises KeyUnavailable or StoreUnavailable when a store or the wrapping key cannot be had.
    """

    def __init__(self, url: str, wrapping_key: bytes) -> None:
        if len(wrapping_key) != KEY_BYTES:
            raise KeyUnavailable("The key-encryption key is not 32 bytes in base64.", "Restore the right key file.")
        self._engine = engine_for(url)
        self._asking = self._engine.execution_options(reading=ONE_STATEMENT)
        self._wrapper = AESGCM(wrapping_key)
        self._epoch = 1
        self._desk_keys: dict[str, bytes] = {}

    def prepare(self, desk_id: str) -> None:
        """Make the keyring's table and tie it to one desk."""
        with store_errors():
            _metadata.create_all(self._engine)
        self.create(f"desk:{desk_id}")

    def belongs_to(self, desk_id: str) -> bool:
        """Whether this keyring was made for that desk and the wrapping key opens it."""
        try:
            self.key(f"desk:{desk_id}")
        except KeyDestroyed:
            return False
        return True

    def create(self, owner: str) -> bytes:
        """Make and durably store a new random key. An owner who has one keeps it: that one is returned."""
        key = secrets.token_bytes(KEY_BYTES)
        row = {"owner": owner, "epoch": self._epoch, "wrapped": self._wrap(owner, self._epoch, key)}
        insert_new = postgresql_insert if self._engine.dialect.name == "postgresql" else sqlite_insert
        with store_errors(), self._engine.begin() as connection:
            # two consoles may be making the same key: both then use the one that was stored
            connection.execute(insert_new(_wrapped_key).values(row).on_conflict_do_nothing())
            stored = connection.execute(_FIND, {"who": owner}).one()
        return self._unwrap(owner, *stored)

    def create_many(self, owners: Iterable[str]) -> dict[str, bytes]:
        """Make new keys for owners who have none, all in one durable transaction: for filling a desk."""
        made = {owner: secrets.token_bytes(KEY_BYTES) for owner in owners}
        rows = [
            {"owner": owner, "epoch": self._epoch, "wrapped": self._wrap(owner, self._epoch, key)}
            for owner, key in made.items()
        ]
        with store_errors(), self._engine.begin() as connection:
            connection.execute(insert(_wrapped_key), rows)
        return made

    def key(self, owner: str) -> bytes:
        """The owner's key. Raises KeyDestroyed where there is none (any more)."""
        with store_errors(), self._asking.connect() as connection:
            found = _FIND_FAST.first(connection, {"who": owner})
        if found is None:
            raise KeyDestroyed
        return self._unwrap(owner, found[0], found[1])

    def keys(self, owners: Iterable[str]) -> dict[str, bytes]:
        """The keys of all those owners who still have one."""
        wanted = sorted(set(owners))
        statement = select(_wrapped_key).where(_wrapped_key.c.owner.in_(wanted))
        with store_errors(), self._asking.connect() as connection:
            rows = connection.execute(statement).all()
        return {owner: self._unwrap(owner, epoch, wrapped) for owner, epoch, wrapped in rows}

    def desk_key(self, name: str) -> bytes:
        """One of the desk's own keys, made on first use and then held in memory."""
        if name not in self._desk_keys:
            try:
                self._desk_keys[name] = self.key(f"desk:{name}")
            except KeyDestroyed:  # its first use at all
                self._desk_keys[name] = self.create(f"desk:{name}")
        return self._desk_keys[name]

    def destroy(self, owner: str) -> None:
        """Forget the owner's key: what it sealed cannot be read again (policy I.(4)2).

        SQLite keeps the wrapped key in its journal until that is truncated, and backups of the keyring keep it too.
        """
        with store_errors(), self._engine.begin() as connection:
            connection.execute(delete(_wrapped_key).where(_wrapped_key.c.owner == owner))

    def drop_unused(self, owners: Iterable[str]) -> None:
        """Drop keys that were made ahead and have sealed nothing."""
        with store_errors(), self._engine.begin() as connection:
            connection.execute(delete(_wrapped_key).where(_wrapped_key.c.owner.in_(sorted(owners))))

    def epochs(self) -> dict[int, int]:
        """How many keys there are of each epoch."""
        statement = select(_wrapped_key.c.epoch, func.count()).group_by(_wrapped_key.c.epoch)
        with store_errors(), self._asking.connect() as connection:
            return {int(epoch): int(count) for epoch, count in connection.execute(statement)}

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    def _wrap(self, owner: str, epoch: int, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._wrapper.encrypt(nonce, key, _binding(owner, epoch))

    def _unwrap(self, owner: str, epoch: int, wrapped: bytes) -> bytes:
        try:
            return self._wrapper.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _binding(owner, epoch))
        except (InvalidTag, TypeError, ValueError):  # a hand edit may have cut it, or made it text
            raise KeyUnavailable(
                "The key-encryption key does not open this keyring.",
                "Point CS_CONSOLE_KEY_FILE or CS_CONSOLE_KEY_COMMAND at the key this desk was made with.",
            ) from None


def _binding(owner: str, epoch: int) -> bytes:
    return f"wrapped_key|{epoch}|{owner}".encode()


def make_wrapping_key(path: Path) -> None:
    """Write a new key-encryption key, readable by its owner alone. An existing file is left as it is."""
    write_key_file(path, secrets.token_bytes(KEY_BYTES))


def write_key_file(path: Path, key: bytes) -> None:
    """Write 32 bytes as base64 with mode 0600, never over an existing file. Raises KeyUnavailable."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as problem:
        if isinstance(problem, FileExistsError) and path.is_file():
            return
        raise _not_written(path, problem) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(key) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        path.unlink(missing_ok=True)  # half a key would be kept as if it were one
        raise _not_written(path, problem) from None


def _not_written(path: Path, problem: OSError) -> KeyUnavailable:
    return KeyUnavailable(
        f"The key file {path} cannot be written: {problem.strerror}.", "Check the folder's permissions and space."
    )


def read_key_file(path: Path) -> bytes:
    """The 32 bytes of a key file. Raises KeyUnavailable naming the file."""
    try:
        return _decode(path.read_bytes(), str(path))
    except OSError as problem:
        raise KeyUnavailable(
            f"The key file {path} cannot be read: {problem.strerror}.", "Restore it, or name another one."
        ) from None


def wrapping_key(settings: Settings) -> bytes:
    """The key-encryption key from the command or the file that the settings name."""
    if not settings.key_command:
        return read_key_file(settings.key_path)
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, no shell
            shlex.split(settings.key_command), capture_output=True, timeout=30, check=True
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        raise KeyUnavailable("CS_CONSOLE_KEY_COMMAND did not print a key.", "Run it by hand to see why.") from None
    return _decode(done.stdout, "CS_CONSOLE_KEY_COMMAND")


def _decode(text: bytes, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyUnavailable(f"{where} does not hold 32 bytes in base64.", "Restore the right key.")
    return key

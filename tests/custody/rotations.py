"""What the tests of rotation share: a crash at any durable step, and backups of a keyring."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from cs_console.custody.key_store import KeyStore, WrappedKey, add_keys, older_keys
from cs_console.custody.keyring import Keyring, open_keyring
from cs_console.custody.rotation import Rotated, rotate
from cs_console.desk import Desk, operator_session


class Crash(BaseException):
    """The process ends here: nothing in the program catches this."""


@contextmanager
def crash_at(desk: Desk, step: int) -> Iterator[None]:
    """Raise Crash instead of the `step`-th durable step: a commit of either store, a file's new name, its settling."""
    left = step

    def count(*_about: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Crash

    engines = (desk.keyring.store.engine, desk.database.engine)
    with pytest.MonkeyPatch.context() as patch:
        real_replace, real_fsync = Path.replace, os.fsync

        def replace(path: Path, target: Path) -> Path:
            count()
            return real_replace(path, target)

        def fsync(handle: int) -> None:
            count()
            real_fsync(handle)

        patch.setattr(Path, "replace", replace)
        patch.setattr(os, "fsync", fsync)
        for engine in engines:
            event.listen(engine, "commit", count)
        try:
            yield
        finally:
            for engine in engines:
                event.remove(engine, "commit", count)


def rotated(desk: Desk) -> Rotated:
    """One run of the rotation by the operator."""
    return rotate(operator_session(desk))


@contextmanager
def fresh_keyring(desk: Desk) -> Iterator[Keyring]:
    """The keyring as a console finds it that starts now."""
    opened = open_keyring(desk.settings, desk.clock)
    try:
        yield opened
    finally:
        opened.close()


def stored_keys(store: KeyStore) -> list[WrappedKey]:
    """Every wrapped key."""
    with store.transaction() as connection:
        return older_keys(connection, newest=-1, after="", most=1_000_000)


def backup_of(store: KeyStore, file: Path) -> str:
    """The URL of a copy of the keyring's keys, as a backup would hold them."""
    url = f"sqlite:///{file}"
    copy = KeyStore(url)
    copy.make()
    with copy.transaction() as connection:
        add_keys(connection, stored_keys(store))
    copy.engine.dispose()
    return url

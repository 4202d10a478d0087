"""The checks of `cs-console doctor`."""

import os
import platform
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url, text
from sqlalchemy.exc import ArgumentError

from cs_console.access_log.state import log_state
from cs_console.commands.keys import keyring_belongs
from cs_console.custody.keyring import read_key_file
from cs_console.database import Database
from cs_console.delivery.smtp import server_of
from cs_console.desk import Office, open_office
from cs_console.errors import BadPack, Refusal, StoreUnavailable
from cs_console.settings import Settings

PACKAGES = ("cs-console", "textual", "sqlalchemy", "sqlmodel", "cryptography", "argon2-cffi")
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Check:
    """One thing looked at. `unreachable`: a store cannot be reached, which is worse than a finding."""

    name: str
    ok: bool
    words: str
    unreachable: bool = False


def settings_in_force(settings: Settings) -> dict[str, str]:
    """Every setting in words, with passwords, tokens and commands left out."""
    return {
        "home": str(settings.home),
        "database": _without_password(settings.database),
        "keyring": _without_password(settings.keyring),
        "key": "from CS_CONSOLE_KEY_COMMAND" if settings.key_command else str(settings.key_path),
        "mail": _mail_way(settings),
        "text messages": _sms_way(settings),
        "checkpoints": str(settings.checkpoint_folder),
        "pack": settings.pack,
        "desk name": settings.desk_name,
        "mail from": settings.mail_from,
        "theme": settings.theme,
        "idle": f"hidden after {settings.idle_hide} s, signed out after {settings.idle_sign_out} s",
        "session": f"{settings.session_hours} h at most",
        "rebound keys": ", ".join(sorted(settings.keys)) or "none",
    }


def versions() -> dict[str, str]:
    """What is running."""
    found = {name: version(name) for name in PACKAGES}
    return {**found, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}


def examine(settings: Settings) -> tuple[Check, ...]:
    """Look at everything; a check that fails never keeps the others from being made."""
    return (
        *_office_checks(settings),
        *_file_checks(settings),
        *_delivery_checks(settings),
    )


def _office_checks(settings: Settings) -> Iterator[Check]:
    keyring = Database(settings.keyring)
    keyring.close()
    if keyring.file is not None and not keyring.file.is_file():
        # opening it would make an empty one
        yield _database_check(settings)
        yield Check("keyring", False, f"{keyring.file} is missing", unreachable=True)
        return
    try:
        office = open_office(settings)
    except Refusal as refusal:
        yield _refused("desk", refusal)
        return
    try:
        yield _database_check(settings)
        yield _keyring_check(office)
        yield _pack_check(office)
        yield _log_check(office)
    finally:
        office.close()


def _database_check(settings: Settings) -> Check:
    database = Database(settings.database)
    try:
        database.check()
        if database.is_sqlite:
            return Check("database", True, "reached, SQLite")
        with database.reading() as session:
            server = session.connection().execute(text("SHOW server_version")).scalar_one()
        return Check("database", True, f"reached, PostgreSQL {server}")
    except Refusal as refusal:
        return _refused("database", refusal)
    finally:
        database.close()


def _keyring_check(office: Office) -> Check:
    try:
        if not keyring_belongs(office):
            return Check("keyring", False, "belongs to another desk")
        return Check("keyring", True, f"reached, {sum(office.keyring.epochs().values())} keys")
    except Refusal as refusal:
        return _refused("keyring", refusal)


def _pack_check(office: Office) -> Check:
    try:
        return Check("policy pack", True, office.packs.current.meta.title)
    except BadPack as refusal:
        return Check("policy pack", False, f"{refusal.sentence} {len(refusal.problems)} problems.")
    except Refusal as refusal:
        return _refused("policy pack", refusal)


def _log_check(office: Office) -> Check:
    try:
        state = log_state(office)
    except Refusal as refusal:
        return _refused("access log", refusal)
    signed = f"signed at {state.last_checkpoint_size}" if state.last_checkpoint_at else "not signed yet"
    if state.ok is False:
        return Check("access log", False, "does not hold together; run `cs-console log verify`")
    return Check("access log", state.ok is True, f"{state.size} entries, {signed}", unreachable=state.ok is None)


def _file_checks(settings: Settings) -> Iterator[Check]:
    try:
        read_key_file(settings.log_key_path)
        yield Check("log key", True, str(settings.log_key_path))
    except Refusal as refusal:
        yield _refused("log key", refusal)
    if os.name != "posix":
        return
    open_ones = [f"{path} ({mode:o})" for path, mode in _modes(settings) if mode & OTHERS]
    words = "only their owner can read them" if not open_ones else "others can read " + ", ".join(open_ones)
    yield Check("files", not open_ones, words)


def _modes(settings: Settings) -> Iterator[tuple[Path, int]]:
    paths = [settings.home, settings.log_key_path.parent, settings.log_key_path]
    if not settings.key_command:
        paths.append(settings.key_path)
    if settings.outbox is not None:
        paths.append(settings.outbox)
    for url in (settings.database, settings.keyring):
        store = Database(url)
        store.close()
        if store.file is not None:
            paths += [store.file, *(store.file.with_name(store.file.name + end) for end in ("-wal", "-shm"))]
    for path in dict.fromkeys(paths):
        if path.exists():
            yield path, stat.S_IMODE(path.stat().st_mode)


def _delivery_checks(settings: Settings) -> Iterator[Check]:
    try:
        way = _mail_way(settings)
        yield Check("mail", way != "not set up", way)
    except Refusal as refusal:
        yield _refused("mail", refusal)
    # a desk without text messages is in order: codes can go by mail alone
    yield Check("text messages", True, _sms_way(settings))


def _mail_way(settings: Settings) -> str:
    if settings.outbox is not None:
        return f"into {settings.outbox}"
    if not settings.smtp_url:
        return "not set up"
    try:
        server = server_of(settings.smtp_url)
    except Refusal:
        return "CS_CONSOLE_SMTP_URL cannot be used"
    return f"through {server.host}:{server.port}"


def _sms_way(settings: Settings) -> str:
    if settings.outbox is not None:
        return f"into {settings.outbox}"
    return f"through {urlsplit(settings.sms_url).scheme}" if settings.sms_url else "not set up"


def _without_password(url: str) -> str:
    try:
        return make_url(url).set(query={}).render_as_string(hide_password=True)
    except ArgumentError:
        return "not a database URL"


def _refused(name: str, refusal: Refusal) -> Check:
    return Check(name, False, str(refusal), unreachable=isinstance(refusal, StoreUnavailable))

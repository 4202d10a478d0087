"""Making a desk: folders, keys, stores, the log and the first account."""

import os
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log.accounts_on_record import about_account
from cs_console.access_log.append import record, start_log
from cs_console.access_log.entry import Entry
from cs_console.clock import Clock, SystemClock
from cs_console.custody.desk_keys import list_desk_keys
from cs_console.custody.keyring import open_keyring
from cs_console.custody.sample_mark import sample_tag
from cs_console.database import Database
from cs_console.desk import Desk, operator_session
from cs_console.errors import BadSettings, DeskExists, StoreUnavailable
from cs_console.key_files import make_wrapping_key
from cs_console.opening import assemble
from cs_console.policy.loader import PackShelf
from cs_console.settings import Settings
from cs_console.staff import passwords
from cs_console.staff.accounts import insert_agent, new_name
from cs_console.staff.one_init import one_init_at_a_time
from models.columns import new_id
from models.counter import Counter
from models.desk_identity import DeskIdentity
from models.enums import Action
from models.roles import Role

FIRST_TICKET = 10_001
FOLDER_MODE = 0o700
FILE_MODE = 0o600


KEYRING_ADVICE = (
    "Set CS_CONSOLE_KEYRING_URL on every console to a PostgreSQL database of its own: consoles on other hosts need the "
    "same keys, and backups of the data must not hold them."
)


def keyring_flaw(settings: Settings) -> str:
    """What is wrong with where the keyring of data on a server is kept; empty where nothing is. Raises BadSettings."""
    data, keys = Database(settings.database).engine.url, Database(settings.keyring).engine.url
    if data.get_backend_name() != "postgresql":
        return ""
    if keys.get_backend_name() != "postgresql":
        return "in a file"
    same = (data.host, data.port, data.database, dict(data.query).get("host"))
    return "in the same database" if same == (keys.host, keys.port, keys.database, dict(keys.query).get("host")) else ""


def init_desk(
    settings: Settings, admin_name: str, password: str, clock: Clock | None = None, *, sample: bool = False
) -> Desk:
    """Make a desk with one account, an admin, and open it; with `sample` it carries the mark of a sample for good.

    The desk exists once its last step, one transaction, is committed: a crash before that leaves nothing that
    keeps it from being run again, and keys made before the crash are kept. Files are readable by their owner
    alone. Of several processes that make one at once the first one does, the others wait and raise DeskExists.
    Raises BadSettings where data on a server would have its keyring in a file or in the same database, DeskExists,
    BadAccount, BadPassword or StoreUnavailable; all but the last before anything is made.
    """
    name = new_name(admin_name)
    passwords.check_new(password, name, settings.desk_name)
    flaw = keyring_flaw(settings)
    if flaw:
        raise BadSettings(f"The data is on a PostgreSQL server, but the keyring is {flaw}.", KEYRING_ADVICE)
    _refuse_existing(settings)
    shelf = PackShelf(settings)
    shelf.current.meta  # noqa: B018 - a desk with an unusable pack is not made
    hashed = passwords.hash_password(password)
    with one_init_at_a_time(settings):
        _refuse_existing(settings)
        return _make(settings, shelf, clock or SystemClock(), name, hashed, sample)


def _make(settings: Settings, shelf: PackShelf, clock: Clock, name: str, hashed: str, sample: bool) -> Desk:
    _make_files(settings)
    desk_id = new_id()
    keyring = open_keyring(settings, clock)
    database = Database(settings.database)
    desk = assemble(settings, database, keyring, shelf, clock, sample)
    try:
        keyring.prepare(desk_id)
        database.migrate()
        with database.transaction() as db:
            _fill(db, desk, desk_id, name, hashed)
        list_desk_keys(desk)
    except BaseException:
        desk.close()
        raise
    return desk


def _fill(db: Session, desk: Desk, desk_id: str, name: str, hashed: str) -> None:
    if db.scalars(select(DeskIdentity)).first() is not None:
        raise _exists(desk.settings)
    tag = sample_tag(desk.keyring, desk_id) if desk.sample else None
    db.add(DeskIdentity(id=desk_id, created_at=desk.clock.now(), sample_tag=tag))
    db.add(Counter(name="ticket", value=FIRST_TICKET - 1))
    start_log(db, desk)
    db.flush()
    agent = insert_agent(db, desk, name, frozenset({Role.ADMIN}), hashed)
    session = operator_session(desk)
    record(db, session, Entry(Action.DESK_CREATED, reason=desk_id))
    about = about_account(desk, agent)
    record(db, session, Entry(Action.ACCOUNT_ADDED, reason=f"{name}: {agent.roles}", about=about))


def _refuse_existing(settings: Settings) -> None:
    database = Database(settings.database)
    try:
        if database.version() is None:
            return
        database.check()
        with database.reading() as db:
            found = db.connection().execute(select(col(DeskIdentity.id))).first()
        if found is not None:
            raise _exists(settings)
    finally:
        database.close()


def _exists(settings: Settings) -> DeskExists:
    where = "that database" if settings.database_url else str(settings.home)
    return DeskExists(
        f"There is already a desk in {where}.", "Nothing was changed. Open that desk, or name another home."
    )


def _make_files(settings: Settings) -> None:
    """Folders and keys for the owner alone, and empty store files: SQLite gives its journals the same mode."""
    from cs_console.access_log.checkpoint import make_log_key  # signing keys are made once in a desk's life

    folders = [settings.home, settings.checkpoint_folder]
    if settings.outbox is not None:
        folders.append(settings.outbox)
    try:
        for folder in folders:
            if not folder.is_dir():
                folder.mkdir(mode=FOLDER_MODE, parents=True)
        for url in (settings.database, settings.keyring):
            file = _sqlite_file(url)
            if file is not None:
                os.close(os.open(file, os.O_WRONLY | os.O_CREAT, FILE_MODE))
                file.chmod(FILE_MODE)
        for key in (settings.key_path, settings.log_key_path):
            if key.is_file() and not key.stat().st_size:
                key.unlink()  # a crash between making the file and writing the key
        if not settings.key_command:
            make_wrapping_key(settings.key_path)
        make_log_key(settings.log_key_path)
    except OSError as problem:
        raise StoreUnavailable(
            f"{problem.filename} cannot be made: {problem.strerror}.", "Check the folder's permissions and space."
        ) from None


def _sqlite_file(url: str) -> Path | None:
    database = Database(url)
    database.close()
    return database.file

"""Opening a desk: its stores, its keyring, its packs and its clock, put together."""

from sqlmodel import col, select

from cs_console.access_log.append import newest_entry_at
from cs_console.clock import Clock, DeskClock, SystemClock
from cs_console.custody.desk_keys import never_had
from cs_console.custody.erasure_proof import was_erased
from cs_console.custody.index_state import IndexStateReader
from cs_console.custody.keyring import Keyring, open_keyring
from cs_console.custody.sample_mark import is_sample
from cs_console.database import Database
from cs_console.desk import Desk
from cs_console.errors import ConsoleError, StoreUnavailable
from cs_console.policy.adopted import newest_adopted
from cs_console.policy.loader import PackShelf
from cs_console.settings import Settings
from models.enums import RequesterState
from models.requester import Requester


def open_desk(settings: Settings, clock: Clock | None = None) -> Desk:
    """Open an existing desk's stores; a database of an older version is brought to this program's.

    Raises StoreUnavailable or KeyUnavailable with nothing touched.
    """
    database = Database(settings.database)
    try:
        database.check()
        kept = Database(settings.keyring).file
        if kept is not None and not kept.is_file():  # opening it would make an empty one
            raise StoreUnavailable(f"The keyring {kept} is missing.", "Restore it: without it no data can be opened.")
        clock = clock or SystemClock()
        desk_clock = clock if isinstance(clock, DeskClock) else DeskClock(clock)
        keyring = open_keyring(settings, desk_clock)
        database.migrate()
        with database.reading() as db:
            sample = is_sample(db, keyring)
        desk = assemble(settings, database, keyring, PackShelf(settings), desk_clock, sample)
        desk.packs.adopted = _adopted_on_record(desk)
        desk_clock.begin(newest_entry_at(desk))
        return desk
    except ConsoleError:
        database.close()
        raise


def has_desk(settings: Settings) -> bool:
    """Whether there is a desk to open by these settings: a database somewhere else counts as one."""
    file = Database(settings.database).file
    return file is None or file.is_file()


def _adopted_on_record(desk: Desk) -> str:
    """The pack that was adopted last, "" if the log cannot tell now: the desk still opens, to verify the log."""
    try:
        with desk.database.reading() as db:
            return newest_adopted(db, desk)
    except StoreUnavailable:
        raise
    except ConsoleError:
        return ""


def assemble(
    settings: Settings, database: Database, keyring: Keyring, packs: PackShelf, clock: Clock, sample: bool = False
) -> Desk:
    """The desk over these stores: one clock for all that happens at it, and a keyring that can ask the data."""
    desk_clock = clock if isinstance(clock, DeskClock) else DeskClock(clock)
    keyring.clock = desk_clock
    desk = Desk(settings, database, keyring, packs, desk_clock, sample)

    def is_erased(requester_id: str) -> bool:
        """Whether the log proves that this requester was erased: only then is a missing key no loss."""
        with database.reading() as db:
            state = db.exec(select(col(Requester.state)).where(col(Requester.id) == requester_id)).first()
            return state == RequesterState.ERASED and was_erased(db, desk, requester_id)

    keyring.is_erased = is_erased
    keyring.index_state = IndexStateReader(database)
    keyring.may_introduce = lambda name: never_had(database, name)
    return desk

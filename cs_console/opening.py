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
from cs_console.desk import Office
from cs_console.errors import Refusal, StoreUnavailable
from cs_console.policy.adopted import newest_adopted
from cs_console.policy.loader import PackShelf
from cs_console.settings import Settings
from models.enums import RequesterState
from models.requester import Requester


def open_office(settings: Settings, clock: Clock | None = None) -> Office:
    """Open an existing desk's stores; a database of an older version is brought to this program's.

    Raises StoreUnavailable or KeyUnavailable with nothing touched.
    """
    database = Database(settings.database)
    try:
        database.check()
        kept = Database(settings.keyring).file
        if kept is not None and not kept.is_file():  # opening it would make an empty one
            raise StoreUnavailable(f"The keyring {kept} is missing.", "Restore it: without it nothing can be opened.")
        clock = clock or SystemClock()
        desk_clock = clock if isinstance(clock, DeskClock) else DeskClock(clock)
        keyring = open_keyring(settings, desk_clock)
        database.migrate()
        with database.reading() as session:
            sample = is_sample(session, keyring)
        office = assemble(settings, database, keyring, PackShelf(settings), desk_clock, sample)
        office.packs.adopted = _adopted_on_record(office)
        desk_clock.begin(newest_entry_at(office))
        return office
    except Refusal:
        database.close()
        raise


def _adopted_on_record(office: Office) -> str:
    """The pack that was adopted last, "" where the log cannot say so now: a desk opens all the same, to verify it."""
    try:
        with office.database.reading() as session:
            return newest_adopted(session, office)
    except StoreUnavailable:
        raise
    except Refusal:
        return ""


def assemble(
    settings: Settings, database: Database, keyring: Keyring, packs: PackShelf, clock: Clock, sample: bool = False
) -> Office:
    """The desk over these stores: one clock for all that happens at it, and a keyring that can ask the data."""
    desk_clock = clock if isinstance(clock, DeskClock) else DeskClock(clock)
    keyring.clock = desk_clock
    office = Office(settings, database, keyring, packs, desk_clock, sample)

    def is_erased(requester_id: str) -> bool:
        """Whether the log proves that this requester was erased: only then is a missing key no loss."""
        with database.reading() as session:
            state = session.exec(select(col(Requester.state)).where(col(Requester.id) == requester_id)).first()
            return state == RequesterState.ERASED and was_erased(session, office, requester_id)

    keyring.is_erased = is_erased
    keyring.index_state = IndexStateReader(database)
    keyring.may_introduce = lambda name: never_had(database, name)
    return office

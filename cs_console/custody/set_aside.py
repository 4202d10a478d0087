"""Mail that is kept apart, opened: for one privacy officer, on record first, or for the machine that files it.

It belongs to no requester, so it is sealed under a key of the desk's. Its redacted subject, and the masks and reasons
of blocked senders, may be shown without a record.
"""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log.append import PreparedEntry, lock_log
from cs_console.access_log.entry import Entry
from cs_console.access_log.stated_heads import state_head
from cs_console.custody.opening import open_sealed, open_text
from cs_console.custody.sealing import Place, seal
from cs_console.desk import Desk, DeskSession
from cs_console.errors import BadInput, NotAllowed, NothingThere, SealBroken
from models.enums import Action, SetAside, SetAsideState
from models.quarantined import Quarantined
from models.roles import READS_SET_ASIDE

OWNER = "desk:quarantine"
PURPOSES = {
    "sort": "to decide what becomes of it",
    "request": "to answer a person who asks about it",
    "incident": "to look into an attack or a fault",
}
"""Why a privacy officer may read one, by the word that the log holds."""
_SAFE = frozenset({("quarantined", "subject"), ("blocked_sender", "mask"), ("blocked_sender", "reason")})


@dataclass(frozen=True, slots=True)
class SetAsideContent:
    """One of them, opened; it never shows in a repr. `size` is that of the whole, which may be more than was kept."""

    number: int
    sort: SetAside
    reason: str
    is_mail: bool
    size: int
    content: bytes = field(repr=False)


def reveal_set_aside(session: DeskSession, number: int, purpose: str) -> SetAsideContent:
    """One of them for a privacy officer to read, for one of PURPOSES.

    The entry SET_ASIDE_READ is durable, and stated outside the database, before a byte is opened. Raises BadInput for
    another purpose, NotAllowed, NothingThere, SealBroken, SessionEnded, LogBroken, HeadNotStated, StoreUnavailable.
    """
    if purpose not in PURPOSES:
        raise BadInput(f"Unknown purpose. Known ones: {', '.join(PURPOSES)}.", "Choose the one that applies.")
    if not any(map(session.agent.has, READS_SET_ASIDE)):  # nor a command on the host, which may do the rest
        raise NotAllowed("Only a privacy officer reads mail that is set aside.", "Ask one, or release it.")
    desk = session.desk
    with session.work(*READS_SET_ASIDE) as db:
        row = _kept(db, number)
        entry = Entry(Action.SET_ASIDE_READ, purpose=purpose, reason=f"set aside {number}", about={"set aside": row.id})
        log = lock_log(db.connection(), desk)
        log.append_last(PreparedEntry(desk, session.actor, entry, desk.clock.now()))
    state_head(desk, log.tree)
    return _opened(desk, row)


def set_aside_for_filing(db: Session, desk: Desk, number: int) -> SetAsideContent:
    """The same for the machine that files it or tries to read it again; no person sees what this returns.

    Raises NothingThere, SealBroken.
    """
    return _opened(desk, _kept(db, number))


def destroy_content(db: Session, number: int, state: SetAsideState) -> None:
    """Empty what is sealed of one of them, inside the caller's transaction; what recognises it again stays.

    Raises NothingThere where another console was quicker.
    """
    row = _kept(db, number, lock=True)
    row.state, row.content, row.subject = state, b"", None
    db.add(row)
    db.flush()


def seal_desk_words(desk: Desk, table: str, column: str, row: str, words: str) -> bytes:
    """Seal redacted words or a mask that belong to no requester, for `open_desk_words`."""
    return seal(_key(desk), Place(OWNER, table, column, row), words)


def open_desk_words(desk: Desk, table: str, column: str, row: str, sealed: bytes) -> str:
    """What `seal_desk_words` sealed. Raises SealBroken, also for any column that holds an original."""
    if (table, column) not in _SAFE:
        raise SealBroken
    return open_text(_key(desk), Place(OWNER, table, column, row), sealed)


def _kept(db: Session, number: int, *, lock: bool = False) -> Quarantined:
    wanted = select(Quarantined).where(col(Quarantined.number) == number, col(Quarantined.state) == SetAsideState.KEPT)
    row = db.scalars(wanted.with_for_update() if lock else wanted).first()
    if row is None:
        raise NothingThere(f"No mail with the number {number} is set aside.", "List what is there and try again.")
    return row


def _opened(desk: Desk, row: Quarantined) -> SetAsideContent:
    content = open_sealed(_key(desk), Place(OWNER, "quarantined", "content", row.id), row.content)
    return SetAsideContent(row.number, SetAside(row.sort), row.reason, row.is_mail, row.size, content)


def _key(desk: Desk) -> bytes:
    return desk.keyring.desk_key(OWNER.removeprefix("desk:"))

"""Mail that is kept apart, opened: for one privacy officer, on record first, or for the machine that files it.

It belongs to no requester, so each is sealed under a key of its own, whose owner in the keyring is its row's id; how
that key ends: `set_aside_ends`. Its redacted subject may be shown without a record; so may the masks and reasons of
blocked senders, which are sealed under a key of the desk's, as mail was before it had keys of its own.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlmodel import Session, col

from cs_console.access_log.append import PreparedEntry, lock_log
from cs_console.access_log.entry import Entry
from cs_console.access_log.stated_heads import state_head
from cs_console.bulk_insert import insert_into
from cs_console.custody.blind_index import lookup_token, normalise, on_file_form
from cs_console.custody.opening import open_sealed, open_text
from cs_console.custody.sealing import Place, seal
from cs_console.desk import Desk, DeskSession
from cs_console.errors import BadInput, NotAllowed, NothingThere, SealBroken
from models.columns import new_id
from models.contact_fields import Field
from models.enums import Action, SetAside, SetAsideKey, SetAsideState
from models.quarantined import Quarantined, SetAsideContact
from models.roles import READS_SET_ASIDE

OWNER = "desk:quarantine"
PURPOSES = {
    "sort": "to decide what becomes of it",
    "request": "to answer a person who asks about it",
    "incident": "to look into an attack or a fault",
}
"""Why a privacy officer may read one, by the word that the log holds."""
MOST_CONTACTS = 20
"""A report can name a hundred recipients; so many of them are found again."""
_SAFE = frozenset({("blocked_sender", "mask"), ("blocked_sender", "reason")})
_add_contact = insert_into(SetAsideContact)


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
    another purpose, NotAllowed, NothingThere, SealBroken, KeyMissing, KeyDestroyed, SessionEnded, LogBroken,
    HeadNotStated, StoreUnavailable.
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

    Raises NothingThere, SealBroken, KeyMissing, KeyDestroyed.
    """
    return _opened(desk, _kept(db, number))


def destroy_content(db: Session, number: int, state: SetAsideState, ticket: int | None = None) -> None:
    """Empty what is sealed of one of them, inside the caller's transaction; what recognises it again stays.

    `ticket`: where it was filed; its key then ends with that ticket's requester, since old backups hold it under that
    key. Otherwise the caller calls `set_aside_ends.finish_destroying` once this is committed. The log is locked before
    this, as whatever destroys one does. Raises NothingThere where another console was quicker.
    """
    row = _kept(db, number, lock=True)
    row.state, row.content, row.subject, row.ticket_number = state, b"", None, ticket
    db.add(row)
    db.execute(delete(SetAsideContact).where(col(SetAsideContact.quarantined_id) == row.id))
    db.flush()


def seal_apart(row: str, key: bytes, column: str, value: str | bytes) -> bytes:
    """Seal a column of a mail set aside under the key of its own."""
    return seal(key, Place(row, "quarantined", column, row), value)


def add_contacts(db: Session, desk: Desk, row: str, key: bytes, contacts: Iterable[tuple[Field, str]]) -> None:
    """Let a mail set aside be found by these addresses, in the caller's transaction, which holds the ticket counter.

    One that cannot be normalised is left out.
    """
    region = desk.packs.current.meta.region
    found = {(kind, normal) for kind, value in contacts if (normal := normalise(kind, value, region)) is not None}
    for kind, value in sorted(found)[:MOST_CONTACTS]:
        for on_file, form in ((False, value), (True, on_file_form(kind, value))):
            one = new_id()
            _add_contact(
                db,
                {
                    "id": one,
                    "quarantined_id": row,
                    "field": kind,
                    "on_file": on_file,
                    "lookup": lookup_token(desk.keyring, kind, form),
                    "value": seal(key, Place(row, "set_aside_contact", "value", one), value),
                },
            )


def seal_under_own_key(db: Session, desk: Desk, number: int, contacts: Iterable[tuple[Field, str]]) -> None:
    """Give a mail from before the key of its own, in the caller's transaction, which holds the ticket counter.

    Raises NothingThere where another console was quicker, SealBroken with nothing changed.
    """
    row = _kept(db, number, lock=True)
    if row.key != SetAsideKey.OF_DESK:
        return
    opened = {"content": _open(desk, row, "content", row.content)}
    if row.subject:
        opened["subject"] = _open(desk, row, "subject", row.subject)
    key = desk.keyring.create(row.id)  # one that a crash left is taken
    for column, value in opened.items():
        setattr(row, column, seal_apart(row.id, key, column, value))
    row.key = SetAsideKey.OWN
    db.add(row)
    db.flush()
    add_contacts(db, desk, row.id, key, contacts)


def open_subjects(desk: Desk, rows: Iterable[tuple[str, SetAsideKey, bytes]]) -> dict[str, str]:
    """The redacted subjects of these rows (id, what it is sealed under, sealed subject) that open, by the id."""
    wanted = list(rows)
    keys = desk.keyring.keys(row for row, under, _ in wanted if under == SetAsideKey.OWN)
    found = {}
    for row, under, sealed in wanted:
        owner, key = (OWNER, _key(desk)) if under == SetAsideKey.OF_DESK else (row, keys.get(row))
        with suppress(SealBroken):  # the others can still be handled
            if key is not None:
                found[row] = open_text(key, Place(owner, "quarantined", "subject", row), sealed)
    return found


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
    content = _open(desk, row, "content", row.content)
    return SetAsideContent(row.number, SetAside(row.sort), row.reason, row.is_mail, row.size, content)


def _open(desk: Desk, row: Quarantined, column: str, sealed: bytes) -> bytes:
    of_desk = row.key == SetAsideKey.OF_DESK
    owner, key = (OWNER, _key(desk)) if of_desk else (row.id, desk.keyring.key(row.id))
    return open_sealed(key, Place(owner, "quarantined", column, row.id), sealed)


def _key(desk: Desk) -> bytes:
    return desk.keyring.desk_key(OWNER.removeprefix("desk:"))

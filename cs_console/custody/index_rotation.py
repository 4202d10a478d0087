"""Renewing the keys of the look-up indexes: else an old backup of the data would answer guesses for good.

A generation is begun; then its parts move, some hundred values in a transaction, each value opened and its token made
again under the new key, while consoles look each value up under the key that its part has now. At last the old keys
are destroyed. A renewal that was cut short anywhere is carried on by the upkeep, or by running it again.
"""

import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, update
from sqlmodel import Session, SQLModel, col

from cs_console.access_log.append import lock_log
from cs_console.custody.blind_index import keyed_hash
from cs_console.custody.desk_keys import list_desk_keys
from cs_console.custody.index_state import (
    ACCOUNT,
    FRESH_SECONDS,
    INDEXES,
    MOVING,
    PARTS,
    SEARCH,
    SETTLED,
    IndexState,
    first_of,
    generation_of,
    key_name,
    part_of,
    read_state,
    write_state,
)
from cs_console.custody.keyring import OF_DESK
from cs_console.custody.opening import open_text
from cs_console.custody.sealing import Place
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.desk import Desk
from cs_console.errors import KeyDestroyed, KeyMissing, NothingThere, SealBroken
from cs_console.progress import Progress
from models.contact import Contact
from models.contact_fields import Field
from models.counter import Counter
from models.quarantined import SetAsideContact
from models.requester import Requester
from models.search import SearchEntry

BATCH = 500
"""About so many values move in one transaction: some hundredths of a second in which others wait."""
UPKEEP_SECONDS = 2.0
SETTLE_SECONDS = FRESH_SECONDS + 0.6
_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


@dataclass(frozen=True, slots=True)
class _Found:
    """One value to move: where its token is, who owns it, where it is sealed (`number`: under that ticket's key), and
    whether it is found folded."""

    table: type[SQLModel]
    row: str
    token: bytes
    owner: str
    place: Place
    sealed: bytes
    folded: bool
    number: int | None = None


def renew(desk: Desk, progress: Progress | None = None, *, only_finish: bool = False) -> bool:
    """Renew the keys of every index, or finish a renewal (with `only_finish` nothing else); whether there was a need.

    Consoles work on meanwhile. Raises StoreUnavailable, KeyUnavailable: what is left is carried on later.
    """
    if (only_finish and _state(desk).settled) or not begin(desk):
        return False
    time.sleep(SETTLE_SECONDS)  # until every console knows that it has begun
    while not move_some(desk):
        if progress is not None:
            progress(_state(desk).position, SETTLED)
    return True


def carry_on(desk: Desk) -> None:
    """Move what can be moved in a moment of a renewal that was cut short. Raises StoreUnavailable, KeyUnavailable."""
    begun = time.monotonic()
    if _state(desk).settled:
        return
    while not move_some(desk) and time.monotonic() - begun < UPKEEP_SECONDS:
        continue


def rebuild(desk: Desk, progress: Progress | None = None) -> bool:
    """Make every token again where the data is older than the last renewal, whose old keys are gone; whether it was.

    For a restored desk, before anyone works with it. Raises StoreUnavailable, KeyUnavailable.
    """
    state, newest = _state(desk), _newest_generation(desk)
    lacks = {generation for generation in state.in_use if not _has_keys(desk, generation)}
    if not lacks or newest <= min(lacks):
        return False
    with desk.database.transaction() as db:
        write_state(db, IndexState(newest, 0))
    while not move_some(desk):
        if progress is not None:
            progress(_state(desk).position, SETTLED)
    return True


def begin(desk: Desk) -> bool:
    """Begin a generation where none is under way; False where no index was ever used."""
    state = _state(desk)
    if not state.settled:
        return True
    if not _has_keys(desk, state.generation):
        return False
    for index in INDEXES:
        desk.keyring.create(f"{OF_DESK}{key_name(index, state.generation + 1)}")
    list_desk_keys(desk)
    with desk.database.transaction() as db:
        if read_state(db, locked=True) == state:  # else another process was quicker
            write_state(db, IndexState(state.generation + 1, 0))
    return True


def move_some(desk: Desk) -> bool:
    """Move the next values, and destroy the old keys once all have moved; whether that is done."""
    with desk.database.transaction() as db:
        # no message is filed, and nothing that is recorded is done, between the look at a part and its move
        db.connection().execute(
            select(col(Counter.value)).where(col(Counter.name) == "ticket").with_for_update()
        ).first()
        lock_log(db.connection(), desk)
        state = read_state(db, locked=True)
        if not state.settled:
            state = _move(db, desk, state)
            write_state(db, state)
    if state.settled:
        _retire(desk, state.generation)
    return state.settled


def index_key(desk: Desk, index: str, generation: int) -> bytes | None:
    """The key of an index, None where it is gone or was never needed."""
    owner = f"{OF_DESK}{key_name(index, generation)}"
    return desk.keyring.keys([owner]).get(owner)


def _move(db: Session, desk: Desk, state: IndexState) -> IndexState:
    part = state.position % PARTS
    end = PARTS
    found: dict[tuple[str, type[SQLModel]], list[_Found]] = {}
    for index, table in _KEPT_IN:
        rows = _look(db, index, table, first_of(part), None, BATCH)
        if len(rows) == BATCH:
            end = min(end, max(part_of(rows[-1].token), part + 1))
        found[index, table] = rows
    for (index, table), rows in found.items():
        if len(rows) == BATCH and part_of(rows[-1].token) < end:  # more than a batch in one part
            rows = _look(db, index, table, first_of(part), first_of(end), None)
        here = [row for row in rows if part_of(row.token) < end]
        _move_rows(db, desk, index, state.generation, here)
    position = state.position - part + end
    return IndexState(state.generation, position)


def _move_rows(db: Session, desk: Desk, index: str, generation: int, rows: Sequence[_Found]) -> None:
    new, old = index_key(desk, index, generation), index_key(desk, index, generation - 1)
    if new is None or not rows:
        return
    owners = desk.keyring.keys({row.owner for row in rows})
    for row in rows:
        if row.owner not in owners:
            continue  # its key is missing, which doctor says; the next renewal finds it by its value
        try:
            if row.number is None:
                value = open_text(owners[row.owner], row.place, row.sealed)
            else:
                keys = ticket_keys(db, desk, row.number)
                value = open_text(keys.key, keys.place("contact", "value", row.row), row.sealed)
        except (KeyDestroyed, KeyMissing, SealBroken, NothingThere):
            continue
        forms = (value, value.translate(_ASCII_LOWER)) if index == Field.EMAIL.value else (value, value)
        if any(hmac.compare_digest(row.token, keyed_hash(new, form)) for form in forms):
            continue
        written = [form for form in forms if old is not None and hmac.compare_digest(row.token, keyed_hash(old, form))]
        form = written[0] if written else forms[row.folded]
        column = _TOKEN_OF[row.table]
        identity = row.table.__table__.primary_key.columns[0]  # type: ignore[attr-defined]  # SQLModel adds it
        statement = update(row.table).where(identity == row.row)
        db.connection().execute(statement.values({column: keyed_hash(new, form)}))


_TOKEN_OF: dict[type[SQLModel], str] = {Contact: "lookup", SetAsideContact: "lookup", Requester: "account"}
_KEPT_IN: tuple[tuple[str, type[SQLModel]], ...] = tuple(
    (index, table) for index in MOVING for table in ((Requester,) if index == ACCOUNT else (Contact, SetAsideContact))
)
"""Which tables hold tokens of which index; a part moves in all of them at once."""
_CONTACTS: Select[*tuple[Any, ...]] = select(
    col(Contact.id),
    col(Contact.lookup),
    col(Contact.requester_id),
    col(Contact.value),
    col(Contact.on_file),
    col(Contact.ticket_number),
)
_SET_ASIDE: Select[*tuple[Any, ...]] = select(
    col(SetAsideContact.id),
    col(SetAsideContact.lookup),
    col(SetAsideContact.quarantined_id),
    col(SetAsideContact.value),
    col(SetAsideContact.on_file),
)
_ACCOUNTS: Select[*tuple[Any, ...]] = select(col(Requester.id), col(Requester.account), col(Requester.account_id))


def _look(
    db: Session, index: str, table: type[SQLModel], low: bytes, high: bytes | None, most: int | None
) -> list[_Found]:
    if table is Requester:
        kept, statement = col(Requester.account), _ACCOUNTS
    elif table is SetAsideContact:
        kept, statement = col(SetAsideContact.lookup), _SET_ASIDE.where(col(SetAsideContact.field) == index)
    else:
        kept, statement = col(Contact.lookup), _CONTACTS.where(col(Contact.field) == index)
    statement = statement.where(kept >= low)
    if high is not None:
        statement = statement.where(kept < high)
    rows = db.connection().execute(statement.order_by(kept).limit(most))
    if table is SetAsideContact:
        return [
            _Found(SetAsideContact, row, kept, mail, Place(mail, "set_aside_contact", "value", row), sealed, on_file)
            for row, kept, mail, sealed, on_file in rows
        ]
    if table is Requester:
        return [
            _Found(Requester, row, kept, row, Place(row, "requester", "account_id", row), sealed or b"", False)
            for row, kept, sealed in rows
        ]
    return [
        _Found(Contact, row, kept, owner, Place(owner, "contact", "value", row), sealed, on_file, number)
        for row, kept, owner, sealed, on_file, number in rows
    ]


def retire_search_keys(desk: Desk) -> None:
    """Destroy the older keys of the search once no ticket's words are under them. Raises StoreUnavailable."""
    state = _state(desk)
    if state.settled:
        _retire(desk, state.generation)


def _retire(desk: Desk, generation: int) -> None:
    """Destroy the keys of every generation before this one; those of the search once no ticket's words need them."""
    for name in _names(desk):
        index, older = generation_of(name)
        if older < generation and not (index == SEARCH and _has_words_of(desk, older)):
            desk.keyring.retire(name)


def _has_words_of(desk: Desk, generation: int) -> bool:
    with desk.database.reading() as db:
        one = select(col(SearchEntry.ticket_number)).where(col(SearchEntry.generation) <= generation).limit(1)
        return db.connection().execute(one).first() is not None


def _has_keys(desk: Desk, generation: int) -> bool:
    return any(generation_of(name)[1] == generation for name in _names(desk))


def _newest_generation(desk: Desk) -> int:
    return max((generation_of(name)[1] for name in _names(desk)), default=0)


def _names(desk: Desk) -> list[str]:
    """The names of the look-up keys that the keyring holds, of whatever generation."""
    names = (owner.removeprefix(OF_DESK) for owner in desk.keyring.store.owners(f"{OF_DESK}index:"))
    return [name for name in names if generation_of(name)[0] in INDEXES]


def _state(desk: Desk) -> IndexState:
    with desk.database.reading() as db:
        return read_state(db)

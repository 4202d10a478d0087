"""Every column of bytes says what it holds, truly; what is sealed under a requester's key goes with them."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import LargeBinary, inspect, select
from sqlmodel import Session

from cs_console.custody.erasing import wipe
from cs_console.custody.opening import open_sealed
from cs_console.custody.sealing import Place
from cs_console.custody.ticket_keys import TicketKeys
from cs_console.errors import SealBroken
from models.sealed import Digest, Sealed, SealedApart, SealedByDesk, columns_of
from tests.custody.test_ticket_keys import full_ticket
from tests.support.desk import TestDesk
from tests.support.stored import keys_of

NAMED = (Sealed, SealedApart, SealedByDesk, Digest)


def values(db: Session, kind: type[LargeBinary]) -> Iterator[tuple[str, str, str, bytes]]:
    """What the store holds in columns of this kind: table, column, row, value."""
    for table, columns in columns_of(kind).items():
        for one in db.scalars(select(table)):
            row = str(inspect(one).identity[0])
            held = ((name, getattr(one, name)) for name in columns)
            yield from ((str(table.__tablename__), name, row, value) for name, value in held if value)


def opens(keys: TicketKeys, table: str, column: str, row: str, value: bytes) -> bool:
    for owner, key in ((keys.owner, keys.key), (keys.requester_id, keys.requester_key)):
        with suppress(SealBroken):
            return bool(open_sealed(key, Place(owner, table, column, row), value))
    return False


def test_every_column_of_bytes_says_what_it_holds() -> None:
    """One that does not would be left by an erasure."""
    unnamed = {
        f"{table.__tablename__}.{name}"
        for table, names in columns_of(LargeBinary).items()
        for name in names
        if not any(name in columns_of(kind).get(table, ()) for kind in NAMED)
    }
    assert unnamed == set()


@pytest.mark.parametrize("kind", [Digest, SealedApart, SealedByDesk])
def test_what_is_not_called_a_requesters_opens_with_no_key_of_theirs(
    sqlite_desk: TestDesk, kind: type[LargeBinary]
) -> None:
    _, _, made = full_ticket(sqlite_desk)
    keys = keys_of(sqlite_desk.desk, made.number)
    with sqlite_desk.desk.database.reading() as db:
        assert any(opens(keys, *held) for held in values(db, Sealed))  # so it would find one
        wrongly = [held[:2] for held in values(db, kind) if opens(keys, *held)]
    assert wrongly == []


def test_an_erasure_empties_every_sealed_column(test_desk: TestDesk) -> None:
    _, _, made = full_ticket(test_desk)
    with test_desk.desk.database.transaction() as db:
        held = {table for table, _, _, _ in values(db, Sealed)}
        wipe(db, made.requester_id, test_desk.clock.now())
        assert {"draft", "hold", "message", "approval"} <= held
        assert list(values(db, Sealed)) == []

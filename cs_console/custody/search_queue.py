"""Which tickets' words are to be indexed again, and taking what a ticket must not be found by any more out at once.

The words themselves are read and hashed by `tickets/search`, which the upkeep calls.
"""

import secrets
from collections.abc import Iterable

from sqlalchemy import ARRAY, BigInteger, Integer, bindparam, cast, column, delete, func, insert, select
from sqlmodel import Session, col

from cs_console.prepared import Prepared
from models.search import SearchDue, SearchEntry, SearchToken
from models.ticket import Ticket

TOKEN_BYTES = 8
BATCH = 500
ROWS_AT_ONCE = 20_000
_MARK = Prepared(insert(SearchDue).values(ticket_number=bindparam("number"), mark=bindparam("mark")))
_PUT_IN = Prepared(insert(SearchToken).values(token=bindparam("token"), ticket_number=bindparam("number")))
_TAKE_OUT = Prepared(
    delete(SearchToken).where(
        col(SearchToken.token) == bindparam("token"), col(SearchToken.ticket_number) == bindparam("number")
    )
)
_ROWS = (
    func.unnest(cast(bindparam("tokens"), ARRAY(BigInteger)), cast(bindparam("numbers"), ARRAY(Integer)))
    .table_valued(column("token", BigInteger), column("number", Integer))
    .render_derived()
)
_PUT_IN_ON_A_SERVER = Prepared(
    insert(SearchToken).from_select(["token", "ticket_number"], select(_ROWS.c.token, _ROWS.c.number))
)
_TAKE_OUT_ON_A_SERVER = Prepared(
    delete(SearchToken).where(col(SearchToken.token) == _ROWS.c.token, col(SearchToken.ticket_number) == _ROWS.c.number)
)


def index_later(db: Session, number: int) -> None:
    """Have the words of a ticket indexed again, in the caller's transaction: a text or a tag of it came or changed."""
    _MARK.run(db.connection(), {"number": number, "mark": secrets.randbits(63)})


def take_out(db: Session, numbers: Iterable[int]) -> None:
    """Take every word of these tickets out of the index, in the caller's transaction."""
    wanted = sorted(set(numbers))
    for start in range(0, len(wanted), BATCH):
        here = col(SearchEntry.ticket_number).in_(wanted[start : start + BATCH])
        entries = select(col(SearchEntry.ticket_number), col(SearchEntry.tokens)).where(here)
        kept = db.connection().execute(entries.order_by(col(SearchEntry.ticket_number)).with_for_update())
        take_out_tokens(db, [(token, number) for number, tokens in kept for token in unpacked(tokens)])
        db.connection().execute(delete(SearchEntry).where(here))


def take_out_of(db: Session, requester_id: str) -> None:
    """The same for all tickets of a requester."""
    numbers = select(col(Ticket.number)).where(col(Ticket.requester_id) == requester_id)
    take_out(db, db.connection().execute(numbers).scalars())


def put_in_tokens(db: Session, rows: Iterable[tuple[int, int]]) -> None:
    """Put these tokens of these tickets in, in the index's own order, which is quicker."""
    _each(db, _PUT_IN, _PUT_IN_ON_A_SERVER, rows)


def take_out_tokens(db: Session, rows: Iterable[tuple[int, int]]) -> None:
    """Take out these tokens of these tickets."""
    _each(db, _TAKE_OUT, _TAKE_OUT_ON_A_SERVER, rows)


def _each(db: Session, one_by_one: Prepared, all_at_once: Prepared, rows: Iterable[tuple[int, int]]) -> None:
    """Run a statement for each of these tokens: on a server one for all, in a third of the time."""
    pairs = sorted(rows)
    if db.connection().dialect.name != "postgresql":
        one_by_one.run_rows(db.connection(), pairs)
        return
    for start in range(0, len(pairs), ROWS_AT_ONCE):
        tokens, numbers = zip(*pairs[start : start + ROWS_AT_ONCE], strict=True)
        all_at_once.run(db.connection(), {"tokens": list(tokens), "numbers": list(numbers)})


def packed(tokens: Iterable[int]) -> bytes:
    """Tokens as an entry keeps them."""
    return b"".join(token.to_bytes(TOKEN_BYTES, signed=True) for token in sorted(tokens))


def unpacked(kept: bytes) -> frozenset[int]:
    """The tokens that an entry keeps."""
    return frozenset(
        int.from_bytes(kept[at : at + TOKEN_BYTES], signed=True) for at in range(0, len(kept), TOKEN_BYTES)
    )

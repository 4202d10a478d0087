"""The key of a ticket's contents: its own, sealed under its requester's, so that a ticket can change hands.

Erasing the requester destroys the key of every ticket of theirs with their own. A ticket from before tickets had keys
is sealed under the requester's key itself until the upkeep has given it one (`ticket_key_upgrade`).
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Select, String, bindparam, cast, literal, select
from sqlmodel import Session, col

from cs_console.access_log.standing import check_owner
from cs_console.access_log.vouched import NEWEST_OWNER
from cs_console.custody.opening import open_sealed
from cs_console.custody.requester_access import is_hidden_from
from cs_console.custody.sealing import Place, seal
from cs_console.database import only_reads
from cs_console.desk import Desk, DeskSession
from cs_console.errors import KeyDestroyed, NothingThere
from cs_console.key_files import KEY_BYTES
from cs_console.prepared import Prepared, first_rows
from models.ticket import Ticket

_LOOK = select(col(Ticket.requester_id), col(Ticket.sealed_key)).where(col(Ticket.number) == bindparam("number"))
KEY_AND_OWNER = (Prepared(_LOOK), NEWEST_OWNER)
"""What `ticket_keys` asks, to be asked ahead."""
_LOOK_AND_KEEP = Prepared(_LOOK.with_for_update(read=True, key_share=True))
_LOOK_AT_SOME = select(col(Ticket.number), col(Ticket.requester_id), col(Ticket.sealed_key)).where(
    col(Ticket.number).in_(bindparam("numbers", expanding=True))
)


@dataclass(frozen=True, slots=True)
class TicketKeys:
    """What seals a ticket's contents, beside its requester's own key (for contacts on file and the pseudonym).

    `owner` is the owner under which the contents were sealed: `ticket:10482`, whichever requester the ticket has now.
    """

    requester_id: str
    requester_key: bytes = field(repr=False)
    owner: str
    key: bytes = field(repr=False)
    number: int

    def place(self, table: str, column: str, row: str) -> Place:
        """Where a value of this ticket lives."""
        return Place(self.owner, table, column, row)

    def seal(self, table: str, column: str, row: str, value: str | bytes) -> bytes:
        """Seal a value of this ticket for its place."""
        return seal(self.key, self.place(table, column, row), value)


def contents_owner(number: int | str) -> str:
    """How the places of a ticket's contents name it."""
    return f"ticket:{number}"


def contents_owners(numbers: Select[int]) -> Select[str]:
    """The same for each of the tickets that a statement finds, in the store's own words."""
    found = numbers.subquery()
    return select(literal(contents_owner("")).concat(cast(found.c.number, String)))


def new_ticket_keys(requester_id: str, requester_key: bytes, number: int) -> tuple[TicketKeys, bytes]:
    """A new random key for a ticket, and its sealed form, which the caller stores with the ticket."""
    keys = TicketKeys(requester_id, requester_key, contents_owner(number), os.urandom(KEY_BYTES), number)
    return keys, sealed_for(requester_id, requester_key, number, keys.key)


def sealed_for(requester_id: str, requester_key: bytes, number: int, key: bytes) -> bytes:
    """A ticket's key, sealed under the key of the requester that it belongs to."""
    return seal(requester_key, _place_of_key(requester_id, number), key)


def opened_keys(requester_id: str, requester_key: bytes, number: int, sealed_key: bytes | None) -> TicketKeys:
    """The keys of a ticket from what is stored of it. Raises KeyDestroyed once it is erased, SealBroken."""
    if sealed_key is None:
        return TicketKeys(requester_id, requester_key, requester_id, requester_key, number)
    if not sealed_key:
        raise KeyDestroyed
    key = open_sealed(requester_key, _place_of_key(requester_id, number), sealed_key)
    return TicketKeys(requester_id, requester_key, contents_owner(number), key, number)


def ticket_keys(db: Session, desk: Desk, number: int) -> TicketKeys:
    """The keys of one ticket, for services and delivery: whether a viewer may see anything of it is asked elsewhere.

    Raises NothingThere, KeyDestroyed once the requester is erased, SealBroken, OwnerNotVouched.
    """
    connection, asked = db.connection(), {"number": number}
    found, owner = first_rows(connection, *((one, asked) for one in KEY_AND_OWNER))
    if found is not None and found[1] is None and not only_reads(db):
        # what is sealed now must not be missed by another console that gives this ticket its key
        found, owner = first_rows(connection, (_LOOK_AND_KEEP, asked), (NEWEST_OWNER, asked))
    if found is None:
        raise NothingThere(f"There is no ticket #{number}.")
    requester_id, sealed_key = found
    key = desk.keyring.key(requester_id)
    check_owner(desk, number, desk.pseudonym(requester_id, key), owner)
    return opened_keys(requester_id, key, number, sealed_key)


def keys_for_view(db: Session, session: DeskSession, number: int) -> TicketKeys:
    """The same for masks and redacted words. Raises KeyDestroyed where this desk is shown nothing of the requester."""
    keys = ticket_keys(db, session.desk, number)
    if is_hidden_from(db, session, keys.requester_id, keys.requester_key):
        raise KeyDestroyed
    return keys


def keys_of_tickets(db: Session, desk: Desk, numbers: Iterable[int]) -> Mapping[int, TicketKeys]:
    """The keys of those of these tickets that are not erased, their requesters' fetched at once."""
    rows = db.connection().execute(_LOOK_AT_SOME, {"numbers": sorted(set(numbers))}).all()
    owners = desk.keyring.keys(row.requester_id for row in rows)
    found = {}
    for number, requester_id, sealed_key in rows:
        if requester_id in owners and sealed_key != b"":
            found[number] = opened_keys(requester_id, owners[requester_id], number, sealed_key)
    return found


def tickets_without_key(db: Session, desk: Desk, numbers: Iterable[int]) -> set[int]:
    """Those of these tickets whose requester's key is missing, though no one erased them."""
    rows = db.connection().execute(_LOOK_AT_SOME, {"numbers": sorted(set(numbers))}).all()
    lost = desk.keyring.without_trace(row.requester_id for row in rows)
    return {row.number for row in rows if row.requester_id in lost}


def _place_of_key(requester_id: str, number: int) -> Place:
    return Place(requester_id, "ticket", "sealed_key", str(number))

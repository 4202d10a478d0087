"""Giving a key of its own to mail that was set aside before such mail had keys: some each minute, each for itself."""

import time

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.custody.set_aside import seal_under_own_key, set_aside_for_filing
from cs_console.desk import Desk
from cs_console.errors import ConsoleError, StoreUnavailable
from cs_console.intake.incoming import IncomingMessage
from cs_console.intake.set_aside import contacts_of
from cs_console.intake.set_aside_due import LACKS_A_KEY
from cs_console.intake.unread import contacts_of_unread, read_again
from cs_console.tickets.numbers import lock_counter
from models.contact_fields import Field
from models.quarantined import Quarantined

MOST = 500
SECONDS = 2.0


def give_keys_apart(desk: Desk) -> int:
    """Seal some of it under keys of their own, found by their senders; how many were looked at.

    What does not open stays as it is, and is tried again once the others are done. Raises StoreUnavailable.
    """
    begun, looked_at = time.monotonic(), 0
    with desk.database.reading() as db:
        wanted = select(col(Quarantined.number)).where(LACKS_A_KEY, col(Quarantined.number) > desk.keyed_apart_up_to)
        numbers = list(db.connection().execute(wanted.order_by(col(Quarantined.number)).limit(MOST)).scalars())
    if not numbers:
        desk.keyed_apart_up_to = 0
    for number in numbers:
        if time.monotonic() - begun > SECONDS:
            break
        desk.keyed_apart_up_to = number
        try:
            _give_key(desk, number)
        except StoreUnavailable:
            raise
        except ConsoleError:
            continue
        looked_at += 1
    return looked_at


def _give_key(desk: Desk, number: int) -> None:
    with desk.database.reading() as db:
        contacts = _contacts(db, desk, number)  # what cannot be read takes its time: nothing is locked meanwhile
    with desk.database.transaction() as db:
        lock_counter(db)
        seal_under_own_key(db, desk, number, contacts)


def _contacts(db: Session, desk: Desk, number: int) -> tuple[tuple[Field, str], ...]:
    found = set_aside_for_filing(db, desk, number)
    try:
        read = read_again(desk, found)
    except Exception:  # noqa: BLE001 - parsers' own errors on hostile input are of every kind
        read = None
    if isinstance(read, IncomingMessage):
        return contacts_of(read)
    return contacts_of_unread(desk, found.content, is_mail=found.is_mail)

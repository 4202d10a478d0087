"""Giving a key of their own to tickets from before tickets had keys: some each minute, each in one transaction.

Afterwards a requester's own key seals nothing but what belongs to the requester alone: contacts on file, the age band.
"""

import base64
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, false, select, text, update
from sqlmodel import Session, SQLModel, col

from cs_console.custody.desk_keys import PRIVACY_OFFICE
from cs_console.custody.erasing import SEALED
from cs_console.custody.opening import open_sealed
from cs_console.custody.sealing import Place, seal
from cs_console.custody.ticket_keys import TicketKeys, new_ticket_keys, opened_keys
from cs_console.desk import Desk
from cs_console.errors import ConsoleError, KeyMissing, SealBroken, StoreUnavailable
from models.attachment import Attachment, DraftFile
from models.authority import Authority
from models.clock_event import ClockEvent
from models.contact import Contact
from models.decision import Approval, Decision
from models.draft import Draft
from models.enums import RequesterState
from models.erasure import Hold
from models.marked_term import MarkedTerm
from models.message import Message
from models.requester import Requester
from models.settlement import Settlement
from models.ticket import Ticket
from models.verification import Verification

MOST = 500
SECONDS = 2.0
"""How many tickets get their key in one minute, and how long that may take."""
LOCK_WAIT = "200ms"
"""Shorter than a server's look for deadlocks, so that this step gives way and no agent's work does."""

_Seal = Callable[[Place, bytes], bytes]


def give_keys(desk: Desk) -> int:
    """Give some tickets that have none a key of their own; how many were looked at.

    One whose requester's key cannot be had is left as it is. Raises StoreUnavailable.
    """
    begun, looked_at = time.monotonic(), 0
    with desk.database.reading() as db:
        wanted = select(col(Ticket.number)).where(
            col(Ticket.sealed_key).is_(None), col(Ticket.number) > desk.keyed_up_to
        )
        numbers = list(db.connection().execute(wanted.order_by(col(Ticket.number)).limit(MOST)).scalars())
    if not numbers:
        desk.keyed_up_to = 0
    for number in numbers:
        if time.monotonic() - begun > SECONDS:
            break
        desk.keyed_up_to = number
        try:
            with desk.database.transaction() as db:
                if not desk.database.is_sqlite:
                    db.connection().execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'"))
                give_key(db, desk, number)
        except KeyMissing:
            continue
        except StoreUnavailable:
            raise
        except ConsoleError:
            continue
        looked_at += 1
    return looked_at


def give_key(db: Session, desk: Desk, number: int) -> None:
    """Seal a ticket's contents under a key of its own, in the caller's transaction, unless they are already.

    A ticket that another console is working on is passed over. A value that does not open stays as it is. Raises
    KeyDestroyed where the requester's key is gone.
    """
    found = db.connection().execute(
        select(col(Ticket.requester_id), col(Ticket.sealed_key), col(Requester.state))
        .join(Requester, col(Requester.id) == col(Ticket.requester_id))
        .where(col(Ticket.number) == number)
        .with_for_update(skip_locked=True, of=Ticket)
    )
    row = found.first()
    if row is None or row.sealed_key is not None:
        return
    if row.state == RequesterState.ERASED:
        _set(db, number, b"")  # as an erasure leaves it
        return
    key = desk.keyring.key(row.requester_id)
    keys, sealed_key = new_ticket_keys(row.requester_id, key, number)
    seal_again(db, desk, number, opened_keys(row.requester_id, key, number, None), keys)
    _set(db, number, sealed_key)


def _set(db: Session, number: int, sealed_key: bytes) -> None:
    db.connection().execute(update(Ticket).where(col(Ticket.number) == number).values(sealed_key=sealed_key))


def seal_again(db: Session, desk: Desk, number: int, old: TicketKeys, new: TicketKeys) -> None:
    """Every sealed value of the ticket, opened by the old keys and sealed by the new ones."""

    def once(place: Place, sealed: bytes) -> bytes:
        value = open_sealed(old.key, replace(place, owner=old.owner), sealed)
        return seal(new.key, replace(place, owner=new.owner), value)

    def twice(place: Place, sealed: bytes) -> bytes:
        outer, key = replace(place, owner=f"desk:{PRIVACY_OFFICE}"), desk.keyring.desk_key(PRIVACY_OFFICE)
        inner = once(place, base64.b64decode(open_sealed(key, outer, sealed)))
        return seal(key, outer, base64.b64encode(inner))

    for table, rows in _rows_of(number).items():
        identity = table.__table__.primary_key.columns[0]  # type: ignore[attr-defined]  # SQLModel adds it
        columns = [name for name in SEALED[table] if name != "sealed_key"]
        for row, hidden in db.connection().execute(rows).all():
            stored = db.connection().execute(select(*(getattr(table, name) for name in columns)).where(identity == row))
            kept = stored.one()._asdict()
            sealed = {}
            for name, value in kept.items():
                again = twice if hidden and name in {"answers", "reason"} else once
                with suppress(SealBroken):
                    if value:
                        sealed[name] = again(Place("", str(table.__tablename__), name, str(row)), value)
            if sealed:
                db.connection().execute(update(table).where(identity == row).values(sealed))
    _drafts_again(db, number, old, new, once)


def _rows_of(number: int) -> dict[type[SQLModel], Select[*tuple[Any, ...]]]:
    """By table: the ids of the ticket's versions, and whether what they hold is sealed twice."""
    by_number = (Contact, Message, Verification, Authority, ClockEvent, Settlement, Hold, DraftFile, MarkedTerm)
    return {
        Ticket: select(col(Ticket.number), false()).where(col(Ticket.number) == number),
        **{table: select(col(table.id), false()).where(col(table.ticket_number) == number) for table in by_number},
        Attachment: select(col(Attachment.id), false())
        .join(Message, col(Message.id) == col(Attachment.message_id))
        .where(col(Message.ticket_number) == number),
        Decision: select(col(Decision.id), col(Decision.legal_review)).where(col(Decision.ticket_number) == number),
        Approval: select(col(Approval.id), col(Decision.legal_review))
        .join(Decision, col(Decision.id) == col(Approval.decision_id))
        .where(col(Decision.ticket_number) == number),
    }


def _drafts_again(db: Session, number: int, old: TicketKeys, new: TicketKeys, again: _Seal) -> None:
    """What agents have typed and not sent: a draft's place ends in the ticket's number, or names a decision on it."""
    decisions = db.connection().execute(select(col(Decision.id)).where(col(Decision.ticket_number) == number))
    returns = {f"return:{decision}" for decision in decisions.scalars()}
    drafts = db.scalars(select(Draft).where(col(Draft.key_owner) == old.owner)).all()
    for draft in drafts:
        if draft.place in returns or draft.place.endswith(f":{number}"):
            place = Place(old.owner, "draft", "text", f"{draft.agent_id}|{draft.place}")
            with suppress(SealBroken):
                draft.text = again(place, draft.text)
            draft.key_owner = new.owner
            db.add(draft)
    db.flush()

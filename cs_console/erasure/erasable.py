"""Whether a requester's data may be erased: a granted request or an ended term, nothing open, nothing on its way.

What speaks for it is read from the access log; what speaks against it, from the log and from the rows.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, or_, select
from sqlmodel import Session, col

from cs_console.access_log import legacy
from cs_console.access_log.standing import kind_on_record
from cs_console.access_log.tickets_on_record import closed_since, tickets_of
from cs_console.custody.contacts import held_fields
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.decisions.approvers import final_decision
from cs_console.decisions.decided_on_record import last_decided
from cs_console.decisions.proposal import open_answers
from cs_console.desk import Desk
from cs_console.errors import KeyDestroyed, NotErasable, NotVouched, SealBroken
from cs_console.tickets.ticket_record import pseudonym
from models.columns import from_microseconds
from models.decision import Decision
from models.enums import DeliveryState, ErasureCause, Outcome, RequesterState, TicketKind, TicketState
from models.message import Message
from models.requester import Requester
from models.ticket import Ticket

_Ticket = Row[*tuple[Any, ...]]


def require_erasable(db: Session, desk: Desk, owner: str) -> ErasureCause:
    """Why this requester's data may be erased. Raises NotErasable, NotVouched, LogBroken."""
    if db.get_one(Requester, owner).state == RequesterState.ERASED:
        raise NotErasable("This requester's data has been erased.")
    name = pseudonym(desk, owner)
    theirs = _tickets(db, desk, owner, name)
    still_open = sorted(one.number for one in theirs if one.state != TicketState.CLOSED)
    if still_open:
        raise NotErasable(f"The requester has open tickets: {_named(still_open)}.", "Close them first.")
    numbers = [one.number for one in theirs]
    waiting = {one.number for one in theirs if desk.packs.get(one.pack).fee.keeps_open}
    closed = closed_since(db, desk, numbers, waiting)
    unsaid = sorted(set(numbers) - closed.keys())
    if unsaid:
        raise NotVouched(f"According to the access log, these tickets are not closed: {_named(unsaid)}.")
    if _on_its_way(db, numbers):
        raise NotErasable(
            "A message to this requester has not been sent yet.",
            "It could not be sent without their data. Wait until it is.",
        )
    mine = [one for one in theirs if one.requester_id == owner]
    if any(_granted(db, desk, one) for one in mine):
        return ErasureCause.REQUEST
    ends = max(from_microseconds(closed[one.number]) + _term(db, desk, one) for one in theirs)
    if ends <= desk.clock.now():
        return ErasureCause.TERM
    raise NotErasable(
        f"This data is not due for erasure: no request for all of it was granted, "
        f"and it is to be kept until {ends.date()}.",
        "Decide a deletion request first (d).",
    )


def _tickets(db: Session, desk: Desk, owner: str, name: str | None) -> list[_Ticket]:
    """Every ticket that a row or the log calls theirs: neither one alone can hide an open one."""
    on_record = set() if name is None else tickets_of(db, desk, name)
    whose = or_(col(Ticket.requester_id) == owner, col(Ticket.number).in_(on_record))
    columns = (Ticket.number, Ticket.kind, Ticket.state, Ticket.pack, Ticket.requester_id)
    rows = list(db.connection().execute(select(*(col(one) for one in columns)).where(whose)))
    lost = sorted(on_record - {one.number for one in rows})
    if lost:
        raise NotVouched(
            f"The access log has tickets of this requester that are missing from the data: {_named(lost)}."
        )
    return rows


def _term(db: Session, desk: Desk, ticket: _Ticket) -> timedelta:
    """How long a closed ticket is kept, by the kind that the log says it is of."""
    kind = kind_on_record(db, desk, ticket.number, TicketKind(ticket.kind))
    return timedelta(days=desk.packs.get(ticket.pack).retention.days[kind])


def _named(numbers: list[int]) -> str:
    return ", ".join(f"#{number}" for number in numbers[:5])


def _on_its_way(db: Session, numbers: list[int]) -> bool:
    waits = col(Message.delivery).in_((DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.HELD)) | (
        (col(Message.delivery) == DeliveryState.FAILED) & col(Message.next_delivery_at).is_not(None)
    )
    found = select(col(Message.id)).where(col(Message.ticket_number).in_(numbers), waits).limit(1)
    return db.connection().execute(found).first() is not None


def _granted(db: Session, desk: Desk, ticket: _Ticket) -> bool:
    """Whether the last final decision on this ticket grants that all be erased that is held of the requester here.

    One key seals everything, so a part cannot be erased. What is held elsewhere (tape copies, an order) may stay under
    a ground, but not under legal review: that would tell what was granted. A right for the whole account needs no list.
    """
    decision = _last_decision(db, desk, ticket.number)
    if decision is None or decision.outcome not in {Outcome.GRANT, Outcome.PARTIAL}:
        return False
    if decision.outcome == Outcome.PARTIAL and decision.legal_review:
        return False
    with suppress(KeyDestroyed, SealBroken):
        keys = ticket_keys(db, desk, ticket.number)
        given = open_answers(desk.keyring, keys, decision.id, decision.answers, decision.legal_review)
        pack = desk.packs.get(ticket.pack)
        right = pack.rights.get(given.request)
        if right is None or not right.erases:
            return False
        held = {field.value for field in held_fields(db, ticket.requester_id) & set(pack.fields)}
        return (right.whole_account and decision.outcome == Outcome.GRANT) or held <= set(given.granted)
    return False


def _last_decision(db: Session, desk: Desk, number: int) -> Decision | None:
    """The decision that the log's last word on this ticket made; None where its row is gone or says something else, for
    an older decision does not count again. Whose it is, its answers say: they open with no one else's key.
    """
    decided, decision = last_decided(db, desk, number), final_decision(db, desk, number)
    if decided is None or decision is None:
        return None
    last = decided.said
    if last.about is not None:
        return decision if last.names(decision=decision.id, made=Outcome(decision.outcome).value) else None
    return decision if legacy.is_made(last, decision.outcome, decision.decided_at) else None

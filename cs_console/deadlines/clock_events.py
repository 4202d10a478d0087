"""What moved a ticket's clock, as it is stored, and the due dates that follow from it."""

from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, exists, select, update
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from cs_console.deadlines.clock import Clock, Happened, Step, StopCause, clock_of
from cs_console.policy.schema import Pack
from cs_console.prepared import Prepared, all_rows
from cs_console.tickets.ticket_record import TicketFacts, facts
from models.clock_event import ClockEvent
from models.columns import from_microseconds, moment, new_id
from models.decision import Decision
from models.enums import ClockMove, DecisionState
from models.ticket import Ticket

_DECIDED = Prepared(
    select(col(Decision.decided_at), col(Decision.review_at)).where(
        col(Decision.ticket_number) == bindparam("number"), col(Decision.state) == DecisionState.FINAL.value
    )
)
_MOVED = Prepared(
    select(col(ClockEvent.move), col(ClockEvent.at)).where(col(ClockEvent.ticket_number) == bindparam("number"))
)
CLOCK_STEPS = (_DECIDED, _MOVED)
"""What `happened` asks, to be asked ahead."""


def clock_now(db: Session, pack: Pack, ticket: TicketFacts) -> Clock:
    """The ticket's clock, computed from all that happened. Raises BadPack."""
    return clock_of(pack, ticket.kind, happened(db, ticket))


def recompute(db: Session, pack: Pack, number: int) -> Clock:
    """Write the due dates that follow from what happened, in the caller's transaction: the one place that does.

    To be called, with the ticket's pack, by whatever changed a step, the kind or the pack. The ticket's row stays as
    it is: a date that moves by itself makes no proposal stale. Raises NothingThere, BadPack.
    """
    ticket = facts(db, number)
    clock = clock_now(db, pack, ticket)
    dates = {"due_at": clock.due, "first_response_due_at": clock.first_response_due}
    if dates != {"due_at": ticket.due_at, "first_response_due_at": ticket.first_response_due_at}:
        db.connection().execute(update(Ticket).where(col(Ticket.number) == number).values(dates))
    return clock


def happened(db: Session, ticket: TicketFacts) -> tuple[Happened, ...]:
    """Every step of the ticket's clock, in no order."""
    found = [Happened(Step.RECEIVED, ticket.received_at)]
    if ticket.verified_at is not None:
        found.append(Happened(Step.VERIFIED, ticket.verified_at))
    if ticket.first_response_at is not None:
        found.append(Happened(Step.RESPONDED, ticket.first_response_at))
    asked = {"number": ticket.number}
    decided, moved = all_rows(db.connection(), *((one, asked) for one in CLOCK_STEPS))
    found += [Happened(Step.DECIDED, from_microseconds(at), moment(review)) for at, review in decided if at]
    found += [Happened(Step(move), from_microseconds(at)) for move, at in moved]
    return tuple(found)


def add_event(
    db: Session,
    number: int,
    move: ClockMove,
    at: datetime,
    *,
    agent_id: str | None = None,
    event_id: str | None = None,
    reason: bytes | None = None,
) -> None:
    """Write down that the clock was moved; `recompute` then says what follows. A sealed `reason` names its row."""
    db.add(
        ClockEvent(id=event_id or new_id(), ticket_number=number, move=move, agent_id=agent_id, reason=reason, at=at)
    )
    db.flush()


def go_on(db: Session, pack: Pack, ticket: Ticket | TicketFacts, now: datetime, agent_id: str | None = None) -> None:
    """Let a clock go on that a fee stopped, because work on the ticket does (policy V.4); else nothing.

    Only the wait is left out: as many days are left as were when the fee was asked for, late or not.
    """
    if ticket.due_at is not None or ticket.verified_at is None or not pack.kinds[ticket.kind].needs_decision:
        return  # it runs, or has not begun
    stop = recompute(db, pack, ticket.number).stopped
    if stop is not None and stop.cause is StopCause.FEE:
        add_event(db, ticket.number, ClockMove.WENT_ON, now, agent_id=agent_id)
        recompute(db, pack, ticket.number)


def reviewed_since(number: int | Mapped[int], since: datetime | Mapped[datetime | None]) -> ColumnElement[bool]:
    """A review of that ticket's decision has begun since then."""
    return exists().where(
        col(ClockEvent.ticket_number) == number,
        col(ClockEvent.move) == ClockMove.REVIEWED,
        col(ClockEvent.at) >= since,
    )


def review_began(db: Session, number: int, since: datetime) -> bool:
    """Whether a decision of that moment must be made again: its review date came, or an appeal set it aside."""
    return bool(db.connection().execute(select(reviewed_since(number, since))).scalar())

"""A due date that passed unanswered: told to supervisors once for each date, by an event, an entry and the priority."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, literal, select, tuple_
from sqlmodel import Session, col

from cs_console.access_log.append import append
from cs_console.access_log.entry import Entry
from cs_console.deadlines.clock import is_escalated
from cs_console.deadlines.clock_events import add_event, clock_now
from cs_console.desk import Desk
from cs_console.tickets.ticket_record import facts, pseudonym
from models.clock_event import ClockEvent
from models.columns import UtcMoment
from models.enums import Action, ClockMove, Priority
from models.ticket import Ticket

PAGE = 200
"""How many overdue tickets a look reads, at the newest end and where the sweep has come."""


def escalate_overdue(desk: Desk) -> tuple[int, ...]:
    """Escalate open tickets whose due date has passed, once a date, and return their numbers.

    Each call looks at the dates that passed last, and goes on from where the call before it came through the rest, so
    its work is bounded however much is overdue. Two consoles may call this at once: each date is escalated once.
    Raises TimeNotConfirmed.
    """
    desk.require_believed_time()
    now = desk.clock.now()
    with desk.database.reading() as db:
        newest, _ = _page(db, now, None)
        swept, desk.swept_overdue = _page(db, now, desk.swept_overdue)
    return tuple(number for number in sorted({*newest, *swept}) if _escalate(desk, number, now))


def overdue_page(now: datetime, before: tuple[datetime, int] | None) -> Select[*tuple[Any, ...]]:
    """One page of overdue open tickets, the latest dates first, behind `before`: a walk along the due dates' index."""
    due, number = col(Ticket.next_due_at), col(Ticket.number)
    page: Select[*tuple[Any, ...]] = select(due.label("due"), number.label("number"))
    page = page.where(col(Ticket.is_open) == 1, due < now)
    if before is not None:
        page = page.where(tuple_(due, number) < tuple_(literal(before[0], UtcMoment()), literal(before[1])))
    return page.order_by(due.desc(), number.desc()).limit(PAGE)


def _page(
    db: Session, now: datetime, before: tuple[datetime, int] | None
) -> tuple[list[int], tuple[datetime, int] | None]:
    """What a page leaves to escalate, and where the next one begins; None where this was the last."""
    rows = overdue_page(now, before).subquery()
    told = exists().where(
        col(ClockEvent.ticket_number) == rows.c.number,
        col(ClockEvent.move) == ClockMove.ESCALATED,
        col(ClockEvent.at) >= rows.c.due,
    )
    found = db.connection().execute(select(rows.c.due, rows.c.number, told))
    seen = sorted((at, int(number), bool(is_told)) for at, number, is_told in found)
    return [number for _, number, is_told in seen if not is_told], seen[0][:2] if len(seen) == PAGE else None


def _what_is_due(ticket: Ticket, due: datetime) -> str:
    if due == ticket.due_at:
        return "the answer"
    return "the answer to a follow-up" if due == ticket.follow_up_due_at else "the first response"


def _escalate(desk: Desk, number: int, now: datetime) -> bool:
    with desk.database.transaction() as db:
        ticket = db.get_one(Ticket, number, with_for_update=True)
        due = ticket.next_due_at
        if ticket.closed_at is not None or due is None or due >= now:
            return False
        now_known = facts(db, number)
        clock = clock_now(db, desk.packs.get(ticket.pack), now_known)
        if is_escalated(clock, due):
            return False
        add_event(db, number, ClockMove.ESCALATED, now)
        what = _what_is_due(ticket, due)
        moved = ""
        if ticket.priority < Priority.HIGH:
            moved = f", priority {Priority(ticket.priority).name.lower()} -> high"
            ticket.priority = Priority.HIGH
            db.add(ticket)
            db.flush()
        entry = Entry(
            Action.CLOCK_ESCALATED,
            ticket=number,
            requester=pseudonym(desk, ticket.requester_id),
            reason=f"{what} is overdue{moved}",
        )
        append(db, desk, desk.own_actor, entry, now)
    return True

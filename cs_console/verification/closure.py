"""Requests whose requester is never verified: reminded once, then closed with a letter, by the pack's rule alone.

The letters say nothing about whether any data is held. A new message on the thread reopens the ticket.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, literal, or_, select, tuple_
from sqlmodel import Session, col

from cs_console.access_log.append import append
from cs_console.access_log.entry import Entry
from cs_console.access_log.vouched import CHANGING, HANDING, latest
from cs_console.delivery.outgoing import queue_message
from cs_console.delivery.where_to_write import where_to_write
from cs_console.desk import Desk
from cs_console.errors import ConsoleError, StoreUnavailable
from cs_console.policy.languages import in_language
from cs_console.policy.parts import Letter
from cs_console.policy.templates import render
from cs_console.policy.verification_rules import ClosureRules
from cs_console.tickets.ticket_record import TicketFacts, change, facts_on_record, pseudonym
from models.columns import UtcMoment, from_microseconds
from models.enums import Action, MessageSort, TicketState
from models.log import LogEntry
from models.message import Message
from models.ticket import Ticket

PAGE = 200
MOST = 200
"""Tickets that one call acts on at most; the rest waits for the next minute."""

_ACTS = (
    Action.TICKET_CREATED,
    *CHANGING,
    Action.TICKET_FOLLOW_UP,
    Action.TICKET_ASSIGNED,
    Action.TICKET_RELEASED,
    Action.CODE_SENT,
    Action.CODE_CHECKED,
    Action.AUTHORITY_SEEN,
    Action.AUTHORITY_ENDED,
    Action.AGE_RECORDED,
    Action.CALLER_CHECKED,
    Action.CONTACT_CHANGED,
    Action.NOTE_ADDED,
)
"""The entries that show work on the ticket: neither opening it, nor a letter of this module."""


@dataclass(frozen=True)
class _Step:
    """What a ticket's time has come for."""

    closes: bool
    letter: Letter
    days: int
    quiet_days: int

    @property
    def action(self) -> Action:
        return Action.TICKET_LAPSED if self.closes else Action.REQUESTER_REMINDED


def close_unverified(desk: Desk) -> tuple[int, ...]:
    """Remind of, or close, what has waited too long to be verified; returns the tickets' numbers, 200 a call at most.

    A ticket's time counts from when anything last happened on it: a message in or out, a code, a change by an agent.
    One reminder is sent until the requester writes again. Two consoles may call this at once. A ticket that cannot be
    worked with does not hold up the others. Raises StoreUnavailable, TimeNotConfirmed.
    """
    desk.require_believed_time()
    acted: list[int] = []
    for number in _waiting(desk):
        if len(acted) == MOST:
            break
        try:
            if _act(desk, number):
                acted.append(number)
        except StoreUnavailable:
            raise
        except ConsoleError:  # erased, unreadable, changed this very moment
            continue
    return tuple(acted)


def _waiting(desk: Desk) -> Iterator[int]:
    """Tickets whose time may have come, those that came in first before the others, page by page."""
    rules = list(_every_rule(desk))
    if not rules:
        return
    now = desk.clock.now()
    to_remind = now - timedelta(days=min(one.remind_after_days for one in rules))
    to_close = now - timedelta(days=min(one.close_after_days for one in rules))
    order = (col(Ticket.received_at), col(Ticket.number))
    after: tuple[datetime, int] | None = None
    while True:
        some = (
            select(*order)
            .where(
                col(Ticket.state) == TicketState.TO_VERIFY,
                col(Ticket.received_at) <= to_remind,
                col(Ticket.verified_at).is_(None),
                col(Ticket.created_at) <= to_remind,
                col(Ticket.last_message_at) <= to_remind,
                or_(col(Ticket.last_message_at) <= to_close, ~_was_reminded()),
            )
            .order_by(*order)
            .limit(PAGE)
        )
        if after is not None:
            there = tuple_(literal(after[0], UtcMoment()), literal(after[1]))
            some = some.where(tuple_(*order) > there)
        with desk.database.reading() as db:
            found = [(row[0], int(row[1])) for row in db.connection().execute(some)]
        yield from (number for _, number in found)
        if len(found) < PAGE:
            return
        after = found[-1]


def _was_reminded() -> ColumnElement[bool]:
    """Whether one of this module's letters went out since anybody last wrote."""
    return exists().where(
        col(Message.ticket_number) == col(Ticket.number),
        col(Message.sort) == MessageSort.REMINDER,
        col(Message.at) >= col(Ticket.last_message_at),
    )


def _every_rule(desk: Desk) -> Iterator[ClosureRules]:
    for name in desk.packs.names():
        with suppress(ConsoleError):  # a pack of the desk's own that is broken has no tickets
            rules = desk.packs.get(name).verification.closure
            if rules is not None:
                yield rules


def _act(desk: Desk, number: int) -> bool:
    """Remind of or close one ticket if its time has come; whether anything was done."""
    with desk.database.reading() as db:
        if _step(db, desk, facts_on_record(db, desk, number)) is None:
            return False
    with desk.database.transaction() as db:
        db.get_one(Ticket, number, with_for_update=True)
        ticket = facts_on_record(db, desk, number)
        step = _step(db, desk, ticket)
        if step is None:
            return False
        if step.closes:
            change(db, ticket, ticket.version, state=TicketState.CLOSED.value, closed_at=desk.clock.now())
        _write(db, desk, ticket, step)
        entry = Entry(
            step.action,
            ticket=number,
            requester=pseudonym(desk, ticket.requester_id),
            reason=f"not verified, nothing heard for {step.quiet_days} days",
        )
        append(db, desk, desk.own_actor, entry, desk.clock.now())
    return True


def _step(db: Session, desk: Desk, ticket: TicketFacts) -> _Step | None:
    rules = in_language(desk.packs.get(ticket.pack), ticket.language).verification.closure
    if rules is None or ticket.state is not TicketState.TO_VERIFY or ticket.verified_at is not None:
        return None
    last = latest(db, desk, ticket.number, (Action.VERIFIED, *HANDING))
    if last is not None and last.action is Action.VERIFIED:
        return None  # whatever its row says: a requester who was verified is never told that they were not
    quiet = (desk.clock.now() - _last_act(db, ticket.number)).days
    if quiet >= rules.close_after_days:
        return _Step(True, rules.closed, rules.close_after_days, quiet)
    if quiet < rules.remind_after_days or where_to_write(db, desk, ticket, claimed=True) is None:
        return None
    reminded = select(col(Ticket.number)).where(col(Ticket.number) == ticket.number, _was_reminded())
    if db.connection().execute(reminded).first() is not None:
        return None
    left = rules.close_after_days - quiet
    return _Step(False, rules.reminder, left, quiet)


def _last_act(db: Session, number: int) -> datetime:
    """When anything last happened; what a mail claims of its date says nothing of when it reached us, the log does."""
    created, written = (
        db.connection()
        .execute(select(col(Ticket.created_at), col(Ticket.last_message_at)).where(col(Ticket.number) == number))
        .one()
    )
    acted = (
        db.connection()
        .execute(
            select(func.max(col(LogEntry.at))).where(
                col(LogEntry.ticket) == number, col(LogEntry.action).in_([action.value for action in _ACTS])
            )
        )
        .scalar()
    )
    return max(created, written, from_microseconds(acted or 0))


def _write(db: Session, desk: Desk, ticket: TicketFacts, step: _Step) -> None:
    contact_id = where_to_write(db, desk, ticket, claimed=True)
    if contact_id is None:
        return
    parts = {"ticket": str(ticket.number), "days": str(step.days)}
    queue_message(
        db,
        desk,
        ticket_number=ticket.number,
        requester_id=ticket.requester_id,
        contact_id=contact_id,
        sort=MessageSort.REMINDER,
        text=render(step.letter.text, parts).strip(),
        subject=render(step.letter.subject, parts).strip(),
        agent_id=None,
    )

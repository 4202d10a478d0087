"""What becomes of a fee that was asked for: it is paid and work goes on, or its time is over and the request ends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from sqlmodel import Session

from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.deadlines.clock import Clock
from cs_console.deadlines.clock_events import add_event, clock_now, recompute
from cs_console.decisions.approvers import roles_now
from cs_console.decisions.clock_letters import queue_letter, unpaid_letter
from cs_console.decisions.decided_on_record import fee_asked
from cs_console.decisions.notice import pay_by
from cs_console.delivery.outgoing import deliver_one
from cs_console.desk import Desk, DeskSession
from cs_console.errors import BadInput, ChangedElsewhere, ConsoleError, NotAllowed, NotVouched, WrongState
from cs_console.independence.separation import require_not_own
from cs_console.local_time import short_date
from cs_console.policy.clock_rules import ClockRules
from cs_console.policy.schema import Pack
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import (
    NOTHING_TO_ANSWER,
    TicketFacts,
    change,
    facts_on_record,
    not_own,
    record_about,
)
from cs_console.verification.windows import close_window
from models.columns import from_microseconds
from models.enums import Action, ActKind, ClockMove, DeliveryState, TicketState
from models.roles import RECORDS_FEES, Role
from models.ticket import Ticket


def fee_paid(session: DeskSession, number: int, version: int, day: date, *, act: ActId | None = None) -> None:
    """Put on record that the fee was paid on that day, in the pack's time zone: the ticket goes back to work.

    An agent on a ticket of their own, or a supervisor. The clock continues from that day, not from when it was written
    down: only the wait is left out (policy V.4). Raises WrongState where no fee is waited for, BadInput for a day
    before it was asked for or to come, NotAllowed, NotAssigned, ChangedElsewhere, NoUndertaking, and what `acts.once`
    raises.
    """
    with session.work(*RECORDS_FEES) as db:
        intent = Intent(act, ActKind.FEE_PAID, number, (day.isoformat(),))
        once(db, session, intent, partial(_fee_paid, db, session, number, version, day))


def _fee_paid(db: Session, session: DeskSession, number: int, version: int, day: date) -> ActOutcome:
    ticket, pack, clock, now = _read(db, session, number)
    refusal = why_not_paid(session, roles_now(db, session), ticket, clock)
    if refusal is not None:
        raise refusal
    if ticket.version != version:
        raise ChangedElsewhere(number)
    if day not in payment_days(pack.clock, clock, now):
        raise BadInput(
            "It cannot have been paid on that day.", "Choose a day between the request for the fee and today."
        )
    if ticket.state is TicketState.WAITING:  # else the ticket's version stays, and no proposal goes stale
        change(db, ticket, version, state=TicketState.VERIFIED.value)
    paid_at = min(now, _end_of(pack.clock, day))
    add_event(db, number, ClockMove.FEE_PAID, paid_at, agent_id=session.agent.id)
    recompute(db, pack, number)
    record_about(db, session, ticket, Action.FEE_PAID, f"on {day.isoformat()}")
    return {}


def fee_unpaid(session: DeskSession, number: int, version: int, *, act: ActId | None = None) -> DeliveryState:
    """Close a request whose fee was not paid in the pack's time, with its letter; what became of that is returned.

    An agent on a ticket of their own, or a supervisor. Letter, event, entry and the closed ticket are one transaction.
    Raises WrongState where no fee is waited for or its time is not over, NotAllowed, NotAssigned, OwnDecision,
    NotIndependent, ContactNotOnFile, ChangedElsewhere, NoUndertaking, and what `acts.once` raises; then
    nothing was sent.
    """
    with session.work(*RECORDS_FEES) as db:
        intent = Intent(act, ActKind.FEE_UNPAID, number)
        done = once(db, session, intent, partial(_fee_unpaid, db, session, number, version))
    return deliver_one(session.desk, done["message"])


def _fee_unpaid(db: Session, session: DeskSession, number: int, version: int) -> ActOutcome:
    desk = session.desk
    ticket, pack, clock, now = _read(db, session, number)
    refusal = why_not_unpaid(session, roles_now(db, session), pack, ticket, clock, now)
    if refusal is not None:
        raise refusal
    require_not_own(db, session, number)
    subject, text = unpaid_letter(pack, ticket)
    closed = {"state": TicketState.CLOSED.value, "closed_at": now, "last_message_at": now, **NOTHING_TO_ANSWER}
    change(db, ticket, version, **closed)
    message_id = queue_letter(db, session, ticket, text, subject=subject)
    add_event(db, number, ClockMove.FEE_UNPAID, now, agent_id=session.agent.id)
    recompute(db, pack, number)
    close_window(db, desk, number, session=session, reason="the ticket was closed")
    record_about(db, session, ticket, Action.FEE_UNPAID, f"not paid in {pack.fee.wait_days} days: closed")
    return {"message": message_id}


def why_not_paid(
    session: DeskSession, roles: frozenset[Role], ticket: TicketFacts, clock: Clock
) -> ConsoleError | None:
    """Why an agent with these roles cannot record now that the fee was paid; None if they can."""
    if clock.fee_asked is None:
        return WrongState(f"#{ticket.number} is not waiting for a fee.", "There is nothing to record.")
    if ticket.state is TicketState.CLOSED:
        return WrongState(f"#{ticket.number} is closed.", "Reopen it first (s).")
    if roles.isdisjoint(RECORDS_FEES):
        return NotAllowed("Only an agent or a supervisor can record that.", "Ask one of them.")
    return None if Role.SUPERVISOR in roles else not_own(ticket, session)


def why_not_unpaid(
    session: DeskSession, roles: frozenset[Role], pack: Pack, ticket: TicketFacts, clock: Clock, now: datetime
) -> ConsoleError | None:
    """Why an agent with these roles cannot close it as unpaid now; None if they can."""
    refusal = why_not_paid(session, roles, ticket, clock)
    if refusal is not None:
        return refusal
    if not pack.fee.keeps_open:
        return WrongState(f"{pack.meta.title} does not wait for fees.", "Decide the request (d).")
    if ticket.state is TicketState.IN_APPROVAL:
        return WrongState(f"#{ticket.number} is in approval.", "Approve, return or withdraw the proposal.")
    assert clock.fee_asked is not None  # why_not_paid came first
    last = _day(pack.clock, pay_by(pack, clock.fee_asked))
    if _day(pack.clock, now) <= last:
        first = last + timedelta(days=1)
        words = f"It can be paid until {short_date(last)}."
        return WrongState(words, f"Close it as unpaid from {short_date(first)} on.")
    return None


def payment_days(rules: ClockRules, clock: Clock, now: datetime) -> tuple[date, ...]:
    """The days on which the fee can have been paid, the newest first; none where none is waited for."""
    if clock.fee_asked is None:
        return ()
    return tuple(_back_to(_day(rules, now), _day(rules, clock.fee_asked)))


def _back_to(newest: date, oldest: date) -> Iterator[date]:
    for back in range((newest - oldest).days + 1):
        yield newest - timedelta(days=back)


def _read(db: Session, session: DeskSession, number: int) -> tuple[TicketFacts, Pack, Clock, datetime]:
    """The ticket, locked until the transaction ends, its pack and its clock. Raises NotVouched."""
    require_current(db, session)
    db.get(Ticket, number, with_for_update=True)
    ticket = facts_on_record(db, session.desk, number)
    pack = session.desk.packs.get(ticket.pack)
    clock = _as_asked_on_record(db, session.desk, number, clock_now(db, pack, ticket))
    return ticket, pack, clock, session.desk.clock.now()


def _as_asked_on_record(db: Session, desk: Desk, number: int, clock: Clock) -> Clock:
    """The clock, of whose fee the log has the decision: neither a fee nor an earlier day comes from a row alone.

    Raises NotVouched, LogBroken.
    """
    if clock.fee_asked is None:
        return clock
    said = fee_asked(db, desk, number)
    if said is None:
        raise NotVouched(f"According to the access log, no fee was asked for on #{number}.")
    return replace(clock, fee_asked=max(clock.fee_asked, from_microseconds(said.at)))


def _day(rules: ClockRules, moment: datetime) -> date:
    return moment.astimezone(rules.zone).date()


def _end_of(rules: ClockRules, day: date) -> datetime:
    midnight = datetime.combine(day + timedelta(days=1), time(), rules.zone)
    return midnight.astimezone(UTC) - timedelta(microseconds=1)

"""The key o: what the due date is made of, and what can be done about it now."""

from datetime import date
from functools import partial

from cs_console.decisions.clock_steps import ask_identity, extend
from cs_console.decisions.clock_view import ClockView, clock_view
from cs_console.decisions.fee_steps import fee_paid, fee_unpaid
from screens.frame.text_dialog import forgetting_draft
from screens.ticket.clock_dialogs import (
    ASK,
    EXTEND,
    PAID,
    SEND,
    UNPAID,
    ClockDialog,
    ask_dialog,
    paid_dialog,
    reason_dialog,
    sent_words,
    unpaid_dialog,
)
from screens.ticket.open_ticket import OpenTicket


async def work_on_clock(ticket: OpenTicket) -> None:
    """Show the clock, then take the chosen step."""
    clock = await ticket.call(partial(clock_view, ticket.session, ticket.number), group="clock")
    step = await ticket.ask(ClockDialog(clock))
    if step == ASK:
        await _ask_identity(ticket, clock)
    elif step == UNPAID:
        await _fee_not_paid(ticket, clock)
    elif step == PAID:
        await _fee_paid(ticket, clock)
    elif step == EXTEND:
        await _extend(ticket, clock)


async def _ask_identity(ticket: OpenTicket, clock: ClockView) -> None:
    if await ticket.ask(ask_dialog(clock)) == SEND:
        work = partial(ask_identity, ticket.session, ticket.number, clock.version, act=ticket.act_for(ASK))
        await ticket.change(work, sent_words)


async def _fee_not_paid(ticket: OpenTicket, clock: ClockView) -> None:
    if await ticket.ask(unpaid_dialog(clock)) == SEND:
        work = partial(fee_unpaid, ticket.session, ticket.number, clock.version, act=ticket.act_for(UNPAID))
        await ticket.change(work, sent_words)


async def _fee_paid(ticket: OpenTicket, clock: ClockView) -> None:
    day = await ticket.ask(paid_dialog(ticket.number, clock.fee)) if clock.fee is not None else None
    if day is not None:
        act = ticket.act_for(PAID, day)
        work = partial(fee_paid, ticket.session, ticket.number, clock.version, date.fromisoformat(day), act=act)
        await ticket.change(work, "The fee is recorded as paid. You can now decide the request (d).")


async def _extend(ticket: OpenTicket, clock: ClockView) -> None:
    reason = await ticket.ask(reason_dialog(clock))
    if reason is not None:
        work = partial(extend, ticket.session, ticket.number, clock.version, reason.words, act=reason.act)
        await ticket.change(partial(forgetting_draft, ticket.session, reason, work), sent_words)

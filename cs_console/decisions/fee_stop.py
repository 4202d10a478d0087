"""The clock stands still while a fee is waited for, and goes on when work does (policy V.4)."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from cs_console.decisions.clock import due_at
from cs_console.policy.schema import Pack
from cs_console.tickets.ticket_facts import TicketFacts
from models.decision import Decision
from models.enums import DecisionState
from models.ticket import Ticket


def due_going_on(session: Session, pack: Pack, ticket: Ticket | TicketFacts, now: datetime) -> datetime | None:
    """When the answer is due, now that work on the ticket goes on; None before its requester is verified.

    A clock that runs is left alone. One that a fee stopped has as much time left as it had when the fee was asked
    for, late or not: the policy knows no extension, so only the wait is left out (the last one, if there were two).
    """
    decides = pack.kinds[ticket.kind].needs_decision
    if ticket.due_at is not None or ticket.verified_at is None or not decides:
        return ticket.due_at
    final = (col(Decision.ticket_number) == ticket.number, col(Decision.state) == DecisionState.FINAL)
    stopped = session.scalar(select(func.max(col(Decision.decided_at))).where(*final))
    if stopped is None:
        return due_at(pack, ticket.received_at, ticket.verified_at)
    # a review that had come before started the clock anew
    reviewed = session.scalar(
        select(func.max(col(Decision.review_at))).where(*final, col(Decision.review_at) <= stopped)
    )
    due = due_at(pack, max(ticket.received_at, reviewed or ticket.received_at), ticket.verified_at)
    return None if due is None else due + (now - stopped)

"""Review dates: a statutory ground does not hold for ever; when its date passes, the ticket opens again (V.4)."""

from sqlalchemy import select
from sqlmodel import col

from cs_console.decisions.clock import due_at
from cs_console.decisions.making import record_step
from cs_console.desk import Office, operator_desk
from cs_console.errors import ChangedElsewhere
from cs_console.tickets.ticket_facts import facts, move
from models.decision import Decision
from models.enums import Action, DecisionState, TicketState
from models.ticket import Ticket

BATCH = 200


def reopen_due(office: Office) -> tuple[int, ...]:
    """Open the tickets again whose decision has passed its review date, at most 200 a call, and return their numbers.

    The clock of the pack counts anew from now. A ticket that was closed again after its review stays closed. Two
    consoles may call this at once.
    """
    now, desk = office.clock.now(), operator_desk(office)
    with desk.reading() as session:
        due = (
            select(col(Decision.ticket_number))
            .join(Ticket, col(Ticket.number) == col(Decision.ticket_number))
            .where(col(Decision.state) == DecisionState.FINAL, col(Decision.review_at) <= now)
            .where(col(Ticket.state) == TicketState.CLOSED, col(Ticket.closed_at) < col(Decision.review_at))
            .order_by(col(Decision.review_at))
            .limit(BATCH)
        )
        numbers = sorted(set(session.connection().execute(due).scalars()))
    return tuple(number for number in numbers if _reopen(office, number))


def _reopen(office: Office, number: int) -> bool:
    now, desk = office.clock.now(), operator_desk(office)
    try:
        with desk.work() as session:
            ticket = facts(session, number)
            if ticket.state is not TicketState.CLOSED:
                return False
            due = due_at(office.packs.get(ticket.pack), now, ticket.verified_at)
            move(session, ticket, ticket.row, state=TicketState.OPEN.value, closed_at=None, due_at=due)
            record_step(session, desk, ticket, Action.TICKET_CHANGED, "the decision's review date has come")
    except ChangedElsewhere:
        return False
    return True

"""Review dates: a statutory ground does not hold for ever; when its date passes, the ticket opens again (V.4)."""

from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from cs_console.access_log.append import Actor, Entry, append
from cs_console.decisions.clock import due_at
from cs_console.desk import Office
from cs_console.errors import ChangedElsewhere
from cs_console.tickets.ticket_facts import TicketFacts, change, facts, pseudonym
from models.decision import Decision
from models.enums import Action, DecisionState, TicketState
from models.ticket import Ticket

BATCH = 200


def reopen_due(office: Office) -> tuple[int, ...]:
    """Open the tickets again whose decision has passed its review date, at most 200 a call, and return their numbers.

    Only a ticket's newest decision counts, and only while the ticket is closed because of it: one that was closed
    again after the review stays closed. The clock of the pack counts anew from now. Two consoles may call this at once.
    """
    now = office.clock.now()
    with office.database.reading() as session:
        due = (
            select(col(Decision.ticket_number))
            .join(Ticket, col(Ticket.number) == col(Decision.ticket_number))
            .where(col(Decision.state) == DecisionState.FINAL, col(Decision.review_at) <= now, _newest())
            .where(col(Ticket.state) == TicketState.CLOSED, col(Ticket.closed_at) < col(Decision.review_at))
            .order_by(col(Decision.review_at))
            .limit(BATCH)
        )
        numbers = sorted(session.connection().execute(due).scalars())
    return tuple(number for number in numbers if _reopen(office, number))


def stands(session: Session, number: int, now: datetime) -> bool:
    """Whether the ticket has been decided and that decision is not past its review date."""
    found = session.connection().execute(
        select(col(Decision.id)).where(
            col(Decision.ticket_number) == number,
            col(Decision.state) == DecisionState.FINAL,
            or_(col(Decision.review_at).is_(None), col(Decision.review_at) > now),
            _newest(),
        )
    )
    return found.first() is not None


def _newest() -> ColumnElement[bool]:
    """No later decision on the same ticket is final."""
    later = aliased(Decision)
    return ~exists().where(
        col(later.ticket_number) == col(Decision.ticket_number),
        col(later.state) == DecisionState.FINAL,
        col(later.decided_at) > col(Decision.decided_at),
    )


def _reopen(office: Office, number: int) -> bool:
    try:
        with office.database.transaction() as session:
            ticket = facts(session, number)
            if ticket.state is not TicketState.CLOSED:
                return False
            actor = Actor("console", "", "", office.host)
            open_for_review(session, office, ticket, actor, "the decision's review date has come")
    except ChangedElsewhere:
        return False
    return True


def open_for_review(
    session: Session, office: Office, ticket: TicketFacts, actor: Actor, why: str, *, by_others: bool = False
) -> None:
    """Open a closed ticket again to be decided anew, in the caller's transaction; its clock counts from now.

    `by_others`: whoever had it has it no more. Raises ChangedElsewhere.
    """
    now, pack = office.clock.now(), office.packs.get(ticket.pack)
    decides = pack.kinds[ticket.kind].needs_decision
    state = TicketState.TO_VERIFY if decides and ticket.verified_at is None else TicketState.OPEN
    due = due_at(pack, now, ticket.verified_at) if decides else None
    values: dict[str, object] = {"assignee_id": None} if by_others else {}
    change(session, ticket, ticket.row, state=state.value, closed_at=None, due_at=due, **values)
    requester = pseudonym(office, ticket.requester_id)
    entry = Entry(Action.TICKET_CHANGED, ticket=ticket.number, requester=requester, reason=why)
    append(session, office, actor, entry, now)

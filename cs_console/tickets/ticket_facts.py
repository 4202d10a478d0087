"""What every service about a ticket needs first: its open columns, who may work with it, and one way to change it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.desk import Desk, Office
from cs_console.errors import ChangedElsewhere, KeyDestroyed, NotAssigned, NothingThere, WrongState
from models.agent import Agent
from models.enums import Channel, Priority, Role, TicketKind, TicketState
from models.ticket import Ticket

READERS = (Role.AGENT, Role.VERIFIER, Role.SUPERVISOR, Role.PRIVACY_OFFICER)
"""Who may list, open and work tickets. An admin sees no personal data, not even redacted (DESIGN.md)."""
ERASED = "erased"
"""What stands for the words of a requester whose key is destroyed."""
UNREADABLE = "does not open: tell a supervisor"
"""What stands for a sealed value that does not fit its place."""

_COLUMNS = (
    col(Ticket.number),
    col(Ticket.row),
    col(Ticket.requester_id),
    col(Ticket.kind),
    col(Ticket.state),
    col(Ticket.priority),
    col(Ticket.assignee_id),
    col(Agent.name),
    col(Ticket.channel),
    col(Ticket.language),
    col(Ticket.pack),
    col(Ticket.no_contact),
    col(Ticket.received_at),
    col(Ticket.first_response_due_at),
    col(Ticket.first_response_at),
    col(Ticket.verified_at),
    col(Ticket.due_at),
    col(Ticket.next_due_at),
    col(Ticket.closed_at),
)


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """A ticket's columns without anything sealed. Times are UTC."""

    number: int
    row: int
    requester_id: str
    kind: TicketKind
    state: TicketState
    priority: Priority
    assignee_id: str | None
    assignee: str | None
    channel: Channel
    language: str
    pack: str
    no_contact: bool
    received_at: datetime
    first_response_due_at: datetime | None
    first_response_at: datetime | None
    verified_at: datetime | None
    due_at: datetime | None
    next_due_at: datetime | None
    closed_at: datetime | None


def facts(session: Session, number: int) -> TicketFacts:
    """The ticket as it is now. Raises NothingThere."""
    statement = (
        select(*_COLUMNS).outerjoin(Agent, col(Agent.id) == col(Ticket.assignee_id)).where(col(Ticket.number) == number)
    )
    row = session.connection().execute(statement).first()
    if row is None:
        raise NothingThere(f"There is no ticket #{number}.")
    number, version, requester, kind, state, priority, *rest = row
    return TicketFacts(
        number, version, requester, TicketKind(kind), TicketState(state), Priority(priority), *_typed(rest)
    )


def _typed(rest: list[Any]) -> tuple[Any, ...]:
    assignee_id, name, channel, *others = rest
    return assignee_id, name, Channel(channel), *others


def move(session: Session, ticket: TicketFacts, row: int, **values: object) -> int:
    """Change a ticket's columns and return its new row number, if it is still at `row`.

    Raises ChangedElsewhere when somebody else was faster, with nothing changed.
    """
    done = session.connection().execute(
        update(Ticket)
        .where(col(Ticket.number) == ticket.number, col(Ticket.row) == row)
        .values(row=row + 1, **values)
        .returning(col(Ticket.row))
    )
    found = done.first()
    if found is None:
        raise ChangedElsewhere(ticket.number)
    return int(found[0])


def pseudonym(office: Office, requester_id: str) -> str | None:
    """How the log names this requester; None once their key is gone."""
    try:
        return office.pseudonym(requester_id, office.keyring.key(requester_id))
    except KeyDestroyed:
        return None


def require_own(ticket: TicketFacts, desk: Desk) -> None:
    """Refuse unless the ticket is assigned to the desk's agent. Raises NotAssigned."""
    if ticket.assignee_id != desk.agent.id:
        raise NotAssigned


def require_open(ticket: TicketFacts) -> None:
    """Refuse a closed ticket. Raises WrongState."""
    if ticket.state is TicketState.CLOSED:
        raise WrongState(f"#{ticket.number} is closed.", "Open it again with s first.")

"""Which tickets wait to be redacted again, because more is known of their requester: until then they show no text."""

from sqlalchemy import ColumnElement, func, update
from sqlmodel import Session, col

from models.ticket import Ticket

WAITING = "[hidden while it is redacted again]"
"""What is shown instead of a ticket's subject and lines in the meantime."""


def redact_later(db: Session, requester_id: str) -> None:
    """Have the earlier texts of all of this requester's tickets redacted again, because a value of theirs was added.

    Part of the caller's transaction: from its commit on those texts are hidden until `late_redaction` has done them.
    """
    _mark(db, col(Ticket.requester_id) == requester_id)


def redact_ticket_later(db: Session, number: int) -> None:
    """The same for one ticket: it belongs to another requester now."""
    _mark(db, col(Ticket.number) == number)


def _mark(db: Session, which: ColumnElement[bool]) -> None:
    again = func.coalesce(col(Ticket.redaction_due), 0) + 1  # a redaction running now sees that it is not enough
    db.connection().execute(update(Ticket).where(which).values(redaction_due=again))

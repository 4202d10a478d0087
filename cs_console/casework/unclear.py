"""Tickets from before accounts were kept that more than one account may own: a person has to say whose they are."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from cs_console.desk import Desk
from cs_console.tickets.ticket_record import pseudonym
from models.contact import Contact
from models.enums import RequesterState
from models.requester import Requester
from models.ticket import Ticket

MOST_NAMED = 20


@dataclass(frozen=True)
class Unclear:
    """Numbers and pseudonyms of the first such tickets, how many there are, and how many people have no account yet."""

    tickets: tuple[tuple[int, str], ...]
    count: int
    without_account: int


def unclear_tickets(db: Session, desk: Desk) -> Unclear:
    """What the migration could not tell apart. No contact and no word of a ticket is opened for it."""
    theirs = (col(Requester.unclear).is_(True), col(Requester.state) == RequesterState.ACTIVE)
    of_them = (
        select(col(Ticket.number), col(Ticket.requester_id))
        .join(Requester, col(Requester.id) == col(Ticket.requester_id))
        .where(*theirs)
    )
    run = db.connection().execute
    count = run(select(func.count()).select_from(of_them.subquery())).scalar_one()
    first = run(of_them.order_by(col(Ticket.number)).limit(MOST_NAMED)).all()
    on_file = select(col(Contact.requester_id)).where(col(Contact.on_file).is_(True))
    waiting = select(func.count()).where(
        col(Requester.account).is_(None),
        col(Requester.unclear).is_(False),
        col(Requester.state) == RequesterState.ACTIVE,
        col(Requester.id).in_(on_file),
    )
    named = tuple((int(number), pseudonym(desk, owner) or "") for number, owner in first)
    return Unclear(named, int(count), int(run(waiting).scalar_one()))

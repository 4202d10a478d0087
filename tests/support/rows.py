"""What the stores hold just now, as tests look at it: rows, and the log's words."""

from sqlalchemy import select
from sqlmodel import col

from benchmarks.scratch import BENCH
from cs_console.custody.holds_on_record import held_until
from models.decision import Decision
from models.enums import MessageSort
from models.log import LogEntry
from models.message import Message
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.tickets import HAND


def ticket_of(test_desk: TestDesk, number: int) -> Ticket:
    """The ticket."""
    with test_desk.desk.database.reading() as db:
        return db.get_one(Ticket, number)


def row_of(test_desk: TestDesk, number: int) -> int:
    """Which version of itself the ticket is at: what a change has to name."""
    return ticket_of(test_desk, number).version


def decision_of(test_desk: TestDesk, decision_id: str) -> Decision:
    """The decision."""
    with test_desk.desk.database.reading() as db:
        return db.get_one(Decision, decision_id)


def held(test_desk: TestDesk, owner: str) -> bool:
    """Whether a hold keeps the data of this requester."""
    now = test_desk.clock.now()
    with test_desk.desk.database.reading() as db:
        return owner in held_until(db, test_desk.desk, [owner], now)


def actions(test_desk: TestDesk) -> list[tuple[str, str, str]]:
    """What the log holds, oldest first: action, outcome and reason."""
    with test_desk.desk.database.reading() as db:
        rows = db.execute(
            select(col(LogEntry.action), col(LogEntry.outcome), col(LogEntry.reason))
            .where(col(LogEntry.actor).not_in((HAND.name, BENCH.name)))  # how all was made is no part of the story
            .order_by(col(LogEntry.seq))
        )
        return [(action, outcome, reason) for action, outcome, reason in rows]


def notices(test_desk: TestDesk, number: int) -> list[Message]:
    """The notices on a ticket."""
    with test_desk.desk.database.reading() as db:
        found = db.execute(
            select(Message).where(col(Message.ticket_number) == number, col(Message.sort) == MessageSort.NOTICE)
        )
        return list(found.scalars())

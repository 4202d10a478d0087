"""Tickets that are in the index, for tests of search, and what the index holds."""

from sqlalchemy import func, select

from cs_console.custody.search_queue import index_later
from cs_console.desk import Desk, DeskSession
from cs_console.tickets.filters import parse
from cs_console.tickets.queue import Sort, page
from cs_console.tickets.search.index import index_waiting
from models.search import SearchDue, SearchEntry, SearchToken
from tests.support.desk import TestDesk
from tests.support.tickets import MadeTicket, make_ticket


def index(test_desk: TestDesk, *made: MadeTicket) -> None:
    """Index tickets that were made past the services, and whatever else waits."""
    with test_desk.desk.database.transaction() as db:
        for one in made:
            index_later(db, one.number)
    index_waiting(test_desk.desk)


def indexed_ticket(test_desk: TestDesk, text: str, subject: str = "A question") -> MadeTicket:
    """A ticket with that text, in the index."""
    made = make_ticket(test_desk, subject=subject, text=text)
    index(test_desk, made)
    return made


def found(session: DeskSession, expression: str, view: str = "all") -> list[int]:
    """The numbers of the tickets that a search finds, what was received last first."""
    return [row.number for row in page(session, view, parse(expression), sort=Sort.RECEIVED).rows]


def rows_in_index(desk: Desk) -> tuple[int, int, int]:
    """How many tokens, entries and marks the index holds."""
    with desk.database.reading() as db:
        run = db.connection().execute
        tokens, entries, marks = (
            int(run(select(func.count()).select_from(table)).scalar_one())
            for table in (SearchToken, SearchEntry, SearchDue)
        )
        return tokens, entries, marks

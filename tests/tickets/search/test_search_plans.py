"""How the store walks to what a search found: by the numbers of the tickets, or down an index with a test for each."""

import itertools

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from cs_console.tickets.filters import parse
from cs_console.tickets.queue_query import VIEWS, Cursor, lane
from cs_console.tickets.search.searching import Matching, matching, narrowed
from models.search import SearchToken
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.tickets.search.indexed import indexed_ticket
from tests.tickets.test_queue_plans import COLUMNS, asker, explained


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("after", [None, 10_500], ids=["first page", "next page"])
def test_the_few_that_have_the_words_are_looked_at_by_their_numbers(test_desk: TestDesk, after: int | None) -> None:
    cursor = None if after is None else Cursor(7, after)
    with test_desk.desk.database.reading() as db:
        for (view, _), expression in itertools.product(VIEWS, ("", "kind:appeal", "due:<3d assignee:me", "lang:zh")):
            wanted = narrowed(lane(db, view, parse(expression), asker(test_desk)), Matching((10_401, 10_402), ()))
            plan = explained(db, wanted.page(COLUMNS, cursor, 100))
            assert plan[0].startswith("SEARCH ticket USING INTEGER PRIMARY KEY"), (view, expression, plan)
            assert not any("SCAN" in step for step in plan), (view, expression, plan)


@pytest.mark.engines("sqlite")
def test_where_many_have_them_the_views_index_is_walked_and_nothing_is_sorted(test_desk: TestDesk) -> None:
    token = col(SearchToken.token)
    has = select(token).where(token.in_([1, 2]), col(SearchToken.ticket_number) == col(Ticket.number)).exists()
    with test_desk.desk.database.reading() as db:
        for view, _ in VIEWS:
            wanted = narrowed(lane(db, view, parse(""), asker(test_desk)), Matching(None, (has,)))
            plan = explained(db, wanted.page(COLUMNS, None, 100))
            assert plan[0].startswith("SEARCH ticket USING INDEX ticket_"), (view, plan)
            assert any("search_token USING PRIMARY KEY (token=? AND ticket_number=?)" in step for step in plan), plan
            assert not any("SCAN" in step or "B-TREE" in step for step in plan), (view, plan)


def test_words_are_looked_up_in_their_index(test_desk: TestDesk) -> None:
    session = test_desk.session("mei")
    made = indexed_ticket(test_desk, "walrus ocelot")
    with test_desk.desk.database.reading() as db:
        if not test_desk.desk.database.is_sqlite:
            db.connection().execute(text("SET LOCAL enable_seqscan = off"))  # a small table is scanned otherwise
        found = matching(db, session, frozenset({"walru", "ocelot"}))
        assert found.few == (made.number,)
        plan = "\n".join(
            explained(db, select(col(SearchToken.ticket_number)).where(col(SearchToken.token).in_([1, 2])))
        )
        assert "SCAN" not in plan and "Seq Scan" not in plan, plan

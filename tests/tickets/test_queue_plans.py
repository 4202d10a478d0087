"""How the store walks to a page: through one index, in the page's own order, at any size (DESIGN.md, Speed)."""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql
from sqlmodel import Session, col

from cs_console.tickets import queue_query
from cs_console.tickets.filters import parse
from cs_console.tickets.queue_query import VIEWS, Asker, Cursor, Sort, lane
from models.columns import microseconds
from models.enums import Channel
from models.ticket import Ticket
from tests.support.desk import TestDesk, make_desk
from tests.support.postgres import fresh_database
from tests.support.tickets import make_requester, make_ticket

FILTERS = (
    "",
    "kind:appeal",
    "state:waiting",
    "assignee:me",
    "assignee:none",
    "assignee:sam",
    "priority:high",
    "channel:mail",
    "lang:zh",
    "received:>2026-11-01",
    "older:3d",
    "due:<3d",
    "due:late",
    "due:none",
    "-kind:report",
    "kind:appeal,report",
    "kind:appeal due:<3d assignee:me",
    "kind:appeal lang:zh channel:sms priority:low state:open",
    "due:>1d received:<2026-11-01 assignee:none",
    "updated:<3d",
    "unread:yes",
    "answered:yes -snoozed:yes verified:no",
    "tag:press kind:appeal",
    "-tag:press",
    "snoozed:yes due:<3d",
)
COLUMNS = select(col(Ticket.number), col(Ticket.state), col(Ticket.next_due_at), col(Ticket.received_at))


def asker(test_desk: TestDesk) -> Asker:
    return Asker("me-id", test_desk.clock.now(), timedelta(days=7), {"sam": "sam-id"}, frozenset({"press"}))


def explained(db: Session, statement: Any) -> list[str]:
    """The store's plan, a line a step."""
    dialect = db.connection().dialect
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    values = {
        key: microseconds(value) if isinstance(value, datetime) else value for key, value in compiled.params.items()
    }
    if dialect.name == postgresql.dialect.name:
        return [row[0] for row in db.connection().exec_driver_sql(f"EXPLAIN {compiled}", values)]
    ordered = tuple(values[name] for name in compiled.positiontup)
    return [row[-1] for row in db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", ordered)]


ASKED = tuple(itertools.product((view for view, _ in VIEWS), FILTERS, (None, *Sort)))


@pytest.mark.parametrize("continued", [False, True], ids=["first page", "next page"])
def test_no_view_and_no_filter_scans_the_table_or_sorts(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch, continued: bool
) -> None:
    monkeypatch.setattr(queue_query, "PROBE_LIMIT", 0)  # as if nothing were so rare that it may be sorted
    after = Cursor(microseconds(sqlite_desk.clock.now()), 10_500) if continued else None
    with sqlite_desk.desk.database.reading() as db:
        for view, expression, sort in ASKED:
            wanted = lane(db, view, parse(expression), asker(sqlite_desk), sort)
            asked = (wanted.page(COLUMNS, after, 100), wanted.edge(after, 5_000), wanted.up_to(Cursor(9, 9)).counted(9))
            for plan in (explained(db, one) for one in asked):
                tickets = [step for step in plan if "ticket_tag" not in step and "SUBQUERY" not in step]
                walks = [step for step in tickets if step.startswith("SEARCH ticket USING ")]
                assert walks, (view, expression, sort, plan)
                assert not any("B-TREE" in step or "SCAN ticket" in step for step in plan), (view, expression, plan)


def test_only_what_is_rare_is_sorted(sqlite_desk: TestDesk) -> None:
    with sqlite_desk.desk.database.reading() as db:
        for view, expression, sort in ASKED:
            wanted = lane(db, view, parse(expression), asker(sqlite_desk), sort)
            plan = explained(db, wanted.page(COLUMNS, None, 100))
            assert not any("SCAN ticket" in step for step in plan), (view, expression, plan)
            assert wanted.few == any("B-TREE" in step for step in plan), (view, expression, sort, plan)


def test_counts_walk_an_index_too(sqlite_desk: TestDesk) -> None:
    with sqlite_desk.desk.database.reading() as db:
        for view, _ in VIEWS:
            plan = explained(db, lane(db, view, parse(""), asker(sqlite_desk)).counted(1001))
            assert any(step.startswith("SEARCH ticket USING ") for step in plan), (view, plan)
            assert not any("SCAN ticket" in step or "B-TREE" in step for step in plan), (view, plan)


def test_a_number_is_found_by_its_key(sqlite_desk: TestDesk) -> None:
    with sqlite_desk.desk.database.reading() as db:
        plan = explained(db, lane(db, "all", parse("#10482"), asker(sqlite_desk)).page(COLUMNS, None, 100))
    assert plan[0].startswith("SEARCH ticket USING INTEGER PRIMARY KEY")


@pytest.fixture
def postgresql_desk(tmp_path: Path) -> Iterator[TestDesk]:
    made = make_desk(tmp_path / "home", fresh_database())
    yield made
    made.desk.close()


def test_postgresql_walks_the_same_indexes_without_sorting(
    postgresql_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_query, "PROBE_LIMIT", 0)
    after = Cursor(microseconds(postgresql_desk.clock.now()), 10_500)
    with postgresql_desk.desk.database.reading() as db:
        for setting in ("enable_seqscan", "enable_bitmapscan"):  # an empty table is always scanned otherwise
            db.connection().execute(text(f"SET LOCAL {setting} = off"))
        for view, expression, sort in ASKED:
            wanted = lane(db, view, parse(expression), asker(postgresql_desk), sort)
            plan = "\n".join(explained(db, wanted.page(COLUMNS, after, 100)))
            if "One-Time Filter: false" in plan:  # two states at once: nothing is looked at
                continue
            assert "Sort" not in plan, (view, expression, sort, plan)
            assert "Seq Scan on ticket " not in plan, (view, expression, sort, plan)


def test_the_rarest_condition_drives(sqlite_desk: TestDesk) -> None:
    requester = make_requester(sqlite_desk)
    for _ in range(5):
        make_ticket(sqlite_desk, requester=requester)
    make_ticket(sqlite_desk, requester=requester, channel=Channel.LETTER)
    with sqlite_desk.desk.database.reading() as db:
        for expression in ("kind:inquiry channel:letter", "channel:letter kind:inquiry"):
            wanted = lane(db, "all", parse(expression), asker(sqlite_desk))
            plan = explained(db, wanted.page(COLUMNS, None, 100))
            assert "ticket_channel" in plan[0]

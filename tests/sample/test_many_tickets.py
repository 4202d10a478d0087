"""A sample desk of many tickets: built in batches, found by their words, and gone on with after a kill."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from cs_console.casework.conversation import open_ticket
from cs_console.casework.workflow import claim
from cs_console.custody.opening import open_text
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.desk import Desk
from cs_console.opening import open_desk
from cs_console.sample import many_tickets
from cs_console.sample.many_tickets import build, built
from cs_console.settings import Settings
from cs_console.tickets.filters import parse
from cs_console.tickets.queue import page
from models.counter import Counter
from models.enums import TicketState
from models.message import Message
from models.requester import Requester
from models.roles import Role
from models.search import SearchEntry
from models.ticket import Ticket
from tests.support.desk import TestDesk, make_desk

STORY = timedelta(days=34)
BATCH = 10
WANTED = 45

KILLED = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
from cs_console.opening import open_desk
from cs_console.sample import many_tickets
from cs_console.settings import Settings
home, batch, wanted, where = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
many_tickets.BATCH, many_tickets.LEFT_OPEN = batch, 0.5
real = getattr(many_tickets, where)
def dying(*given):
    answer = real(*given)
    if many_tickets.built(given[0]) >= 2 * batch:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
setattr(many_tickets, where, dying)
many_tickets.build(open_desk(Settings(home=home)), wanted, timedelta(days=34))
"""


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_tickets, "BATCH", BATCH)
    monkeypatch.setattr(many_tickets, "LEFT_OPEN", 0.5)  # else hardly one of so few is open


def facts(desk: Desk) -> list[tuple[Any, ...]]:
    """Every ticket as people would tell it: all but its random keys and ids."""
    found = []
    with desk.database.reading() as db:
        for ticket in db.exec(select(Ticket).order_by(col(Ticket.number))).scalars():  # type: ignore[call-overload]  # a whole row
            keys = ticket_keys(db, desk, ticket.number)
            subject = open_text(keys.key, keys.place("ticket", "subject", str(ticket.number)), ticket.subject)
            (line,) = db.exec(select(Message).where(col(Message.ticket_number) == ticket.number)).scalars()  # type: ignore[call-overload]
            text = open_text(keys.key, keys.place("message", "text", line.id), line.text)
            times = (ticket.received_at, ticket.closed_at, ticket.due_at)
            found.append((ticket.number, ticket.kind, ticket.state, ticket.priority, *times, subject, text))
    return found


def count_of(desk: Desk, column: Any) -> int:
    with desk.database.reading() as db:
        return int(db.connection().execute(select(func.count(func.distinct(column)))).scalar_one())


def test_built_tickets_are_worked_like_any_other(test_desk: TestDesk) -> None:
    told: list[tuple[int, int]] = []
    test_desk.clock.forward(days=34)
    build(test_desk.desk, WANTED, STORY, lambda done, of: told.append((done, of)))
    mei = test_desk.session("mei", Role.AGENT)
    assert told == [(done, WANTED) for done in (0, 10, 20, 30, 40, 45)]
    listed = (*page(mei, "all").rows, *page(mei, "closed").rows)
    assert len(listed) == WANTED == count_of(test_desk.desk, col(Message.id))
    assert {row.state for row in listed} <= {TicketState.OPEN, TicketState.TO_VERIFY, TicketState.CLOSED}
    assert count_of(test_desk.desk, col(Requester.id)) == 4 * 3 + 2
    row = page(mei, "all").rows[0]
    opened = open_ticket(mei, row.number)
    assert opened.subject == row.subject
    assert claim(mei, row.number)


def test_a_word_finds_a_built_ticket_and_no_other(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    build(test_desk.desk, WANTED, STORY)
    for place in (0, 17, 44):
        found = [page(mei, view, parse(f"7741-{place:07}")) for view in ("all", "closed")]
        assert [row.number for one in found for row in one.rows] == [10_401 + place]
        assert found[0].still_indexing == 0
    assert count_of(test_desk.desk, col(SearchEntry.ticket_number)) == WANTED


def test_what_was_built_is_not_built_again_and_more_can_be_added(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    build(desk, 25, STORY)
    before = facts(desk)
    build(desk, 25, STORY)
    build(desk, 5, STORY)
    assert facts(desk) == before
    build(desk, 32, STORY)
    assert facts(desk)[:25] == before
    with desk.database.reading() as db:
        assert built(db) == count_of(desk, col(Ticket.number)) == 32
        assert db.get_one(Counter, "ticket").value == 10_432


@pytest.mark.parametrize("where", ["store", "_keep_built"])
def test_a_killed_build_goes_on_with_the_same_tickets(sqlite_desk: TestDesk, tmp_path: Path, where: str) -> None:
    """The first builds in one go, the second is killed inside a batch's transaction."""
    build(sqlite_desk.desk, WANTED, STORY)
    other = make_desk(tmp_path / "other")
    other.desk.close()
    command = [sys.executable, "-c", KILLED, str(tmp_path / "other"), str(BATCH), str(WANTED), where]
    died = subprocess.run(command, env={**os.environ, "PYTHONPATH": os.getcwd()}, capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    desk = open_desk(Settings(home=tmp_path / "other"))
    try:
        with desk.database.reading() as db:
            done = built(db)
        assert done == {"store": 20, "_keep_built": 10}[where]
        assert count_of(desk, col(Ticket.number)) == done
        build(desk, WANTED, STORY)
        assert facts(desk) == facts(sqlite_desk.desk)
        assert count_of(desk, col(SearchEntry.ticket_number)) == WANTED
    finally:
        desk.close()

"""The counts of the views are kept while tickets change: at every moment they are what a recount gives."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import delete, insert, inspect, select, text, update
from sqlmodel import Session, col

from cs_console import database as database_module
from cs_console.desk import DeskSession
from cs_console.tickets import view_counts
from cs_console.tickets.filters import Filter
from cs_console.tickets.queue import counts
from cs_console.tickets.queue_query import VIEWS, Asker, lane
from cs_console.tickets.view_counts import add_up
from models.enums import Priority, TicketState
from models.roles import Role
from models.ticket import Ticket
from models.ticket_count import TicketCount
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket

BEFORE = "0032"
SOON = timedelta(days=7)
DERIVED = {"is_open", "next_due_at", "queue_order", "urgency_order"}
OPEN_STATES = [state.value for state in TicketState if state is not TicketState.CLOSED]


def recounted(db: Session, test_desk: TestDesk, agent_id: str) -> dict[str, int]:
    """Every ticket that a page of each view would list, counted one by one."""
    asker = Asker(agent_id, test_desk.clock.now(), SOON, {})
    return {
        view: db.connection().execute(lane(db, view, Filter(), asker).counted(10**9)).scalar_one() for view, _ in VIEWS
    }


def kept(db: Session, test_desk: TestDesk, agent_id: str) -> dict[str, int]:
    return dict(view_counts.view_counts(db, agent_id, test_desk.clock.now(), SOON))


def assert_exact(test_desk: TestDesk, *agents: DeskSession) -> None:
    with test_desk.desk.database.reading() as db:
        for agent in agents:
            assert kept(db, test_desk, agent.agent.id) == recounted(db, test_desk, agent.agent.id)


def template(test_desk: TestDesk) -> dict[str, Any]:
    """A stored ticket's columns, to store more like it."""
    number = make_ticket(test_desk).number
    with test_desk.desk.database.reading() as db:
        table = inspect(Ticket).local_table
        row = db.connection().execute(select(table).where(col(Ticket.number) == number)).mappings().one()
        return {name: value for name, value in row.items() if name not in DERIVED}


class Changes:
    """Random changes of tickets, as any service or any SQL may make them."""

    def __init__(self, test_desk: TestDesk, like: dict[str, Any], agents: list[DeskSession], seed: int) -> None:
        self.dice, self.like = random.Random(seed), like
        self.ids = [None, *(agent.agent.id for agent in agents)]
        self.now = test_desk.clock.now()
        self.next = 50_000 + seed * 1_000

    def moment(self) -> Any:
        near = self.dice.choice((timedelta(), SOON, timedelta(hours=6), -timedelta(days=40), timedelta(days=200)))
        return self.now + near + timedelta(seconds=self.dice.randint(-90_000, 90_000))

    def make(self, db: Session) -> None:
        self.next += 1
        row = {**self.like, "number": self.next, "assignee_id": self.dice.choice(self.ids), "due_at": self.moment()}
        db.connection().execute(insert(Ticket), [row])

    def change(self, db: Session, some: list[int]) -> None:
        closed = self.dice.random() < 0.3
        values = self.dice.choice(
            (
                {"assignee_id": self.dice.choice(self.ids)},
                {"due_at": self.dice.choice((None, self.moment()))},
                {"snoozed_until": self.dice.choice((None, self.moment()))},
                {"answered_at": self.dice.choice((None, self.moment()))},
                {"first_response_at": self.dice.choice((None, self.now))},
                {"version": 7, "priority": self.dice.choice(tuple(Priority))},
                {
                    "state": TicketState.CLOSED.value if closed else self.dice.choice(OPEN_STATES),
                    "closed_at": self.now if closed else None,
                },
            )
        )
        db.connection().execute(update(Ticket).where(col(Ticket.number).in_(some)).values(values))

    def act(self, db: Session) -> None:
        what = self.dice.random()
        numbers = list(db.connection().execute(select(col(Ticket.number)).where(col(Ticket.number) > 50_000)).scalars())
        some = sorted(self.dice.sample(numbers, min(len(numbers), self.dice.randint(1, 4))))
        if what < 0.3 or not some:
            self.make(db)
        elif what < 0.36:
            db.connection().execute(delete(Ticket).where(col(Ticket.number) == some[0]))
        else:
            self.change(db, some)


@pytest.mark.parametrize("seed", range(3))
def test_after_any_changes_the_counts_are_what_a_recount_gives(test_desk: TestDesk, seed: int) -> None:
    agents = [test_desk.session(name, Role.AGENT) for name in ("mei", "sam")]
    changes = Changes(test_desk, template(test_desk), agents, seed)
    for step in range(60):
        try:
            with test_desk.desk.database.transaction() as db:
                for _ in range(changes.dice.randint(1, 4)):
                    changes.act(db)
                if step % 7 == 6:
                    raise KeyboardInterrupt  # what was counted goes back with the tickets
        except KeyboardInterrupt:
            pass
        if step % 10 == 9:
            test_desk.clock.forward(hours=3)
            assert_exact(test_desk, *agents)
    with test_desk.desk.database.reading() as db:
        assert kept(db, test_desk, agents[0].agent.id)["all"] > 10


def test_a_reader_sees_counts_and_tickets_of_one_moment_while_others_change_them(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four writers on the same tickets, two that add up all the time, and a reader who recounts in its own snapshot."""
    monkeypatch.setattr(view_counts, "SURPLUS", 1)
    agents = [test_desk.session(name, Role.AGENT) for name in ("mei", "sam")]
    like = template(test_desk)
    ended = threading.Event()
    checked = 0

    def write(seed: int) -> None:
        changes = Changes(test_desk, like, agents, seed)
        for _ in range(25):
            with test_desk.desk.database.transaction() as db:
                changes.make(db)
                db.connection().execute(
                    update(Ticket)
                    .where(col(Ticket.number) == like["number"])
                    .values(assignee_id=changes.dice.choice(changes.ids), due_at=changes.moment())
                )
                changes.change(db, [changes.next])

    def keep_adding_up() -> None:
        while not ended.is_set():
            add_up(test_desk.desk)

    with ThreadPoolExecutor(6) as pool:
        adding = [pool.submit(keep_adding_up) for _ in range(2)]
        writing = [pool.submit(write, seed) for seed in range(1, 5)]
        try:
            while not all(one.done() for one in writing):
                assert_exact(test_desk, *agents)
                checked += 1
        finally:
            ended.set()
        for one in (*writing, *adding):
            one.result()
    assert checked > 3
    add_up(test_desk.desk)
    assert_exact(test_desk, *agents)
    with test_desk.desk.database.reading() as db:
        assert kept(db, test_desk, agents[0].agent.id)["all"] > 10


@pytest.mark.engines("postgresql")
def test_no_change_of_a_ticket_waits_for_the_count_of_another(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    first, second = make_ticket(test_desk).number, make_ticket(test_desk).number

    def claim(db: Session, number: int) -> None:
        db.connection().execute(text("SET LOCAL lock_timeout = '200ms'"))
        db.connection().execute(update(Ticket).where(col(Ticket.number) == number).values(assignee_id=mei.agent.id))

    database = test_desk.desk.database
    with database.transaction() as one:
        claim(one, first)
        with database.transaction() as two:
            claim(two, second)
        assert_exact(test_desk, mei)
    assert_exact(test_desk, mei)
    with database.reading() as db:
        assert kept(db, test_desk, mei.agent.id)["mine"] == 2


def test_adding_up_leaves_one_row_for_each_name_and_changes_no_count(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    numbers = [make_ticket(test_desk).number for _ in range(5)]
    for agent in (mei.agent.id, None, mei.agent.id):
        for number in numbers:
            with test_desk.desk.database.transaction() as db:
                db.connection().execute(update(Ticket).where(col(Ticket.number) == number).values(assignee_id=agent))
    before = counts(mei)
    assert add_up(test_desk.desk) == 0, "it is not worth it yet"
    monkeypatch.setattr(view_counts, "SURPLUS", 1)
    assert add_up(test_desk.desk) > 0
    assert counts(mei) == before
    with test_desk.desk.database.reading() as db:
        wanted = select(col(TicketCount.name), col(TicketCount.span), col(TicketCount.tickets))
        rows = db.connection().execute(wanted).all()
    assert len({(name, span) for name, span, _ in rows}) == len(rows)
    assert all(tickets > 0 for _, _, tickets in rows)
    assert add_up(test_desk.desk) == 0


def without_counts(test_desk: TestDesk) -> None:
    """Put the desk back to the version before the counts."""
    config = Config()
    config.set_main_option("script_location", str(database_module.MIGRATIONS))
    with test_desk.desk.database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, BEFORE)
    assert test_desk.desk.database.version() == BEFORE


def test_an_update_counts_what_is_there(test_desk: TestDesk) -> None:
    agents = [test_desk.session(name, Role.AGENT) for name in ("mei", "sam")]
    changes = Changes(test_desk, template(test_desk), agents, 9)
    database = test_desk.desk.database
    with database.transaction() as db:
        for _ in range(60):
            changes.act(db)
    without_counts(test_desk)
    database.migrate()
    assert_exact(test_desk, *agents)
    with database.transaction() as db:
        changes.act(db)
    assert_exact(test_desk, *agents)


@pytest.mark.engines("postgresql")
def test_an_update_counts_what_another_is_storing_meanwhile(test_desk: TestDesk) -> None:
    """A console of the version before goes on working while the store is brought to this one."""
    mei = test_desk.session("mei", Role.AGENT)
    like = template(test_desk)
    database = test_desk.desk.database
    without_counts(test_desk)
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'ticket'::regclass")
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as db:
            Changes(test_desk, like, [mei], 1).make(db)
            migrating = pool.submit(database.migrate)
            until = time.monotonic() + 20
            while not db.connection().execute(waiting).scalar_one():
                assert time.monotonic() < until
        migrating.result()
    assert_exact(test_desk, mei)

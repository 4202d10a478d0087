"""The desk that the queue is measured on: its tickets are the console's own in every column."""

from benchmarks.many_tickets import fill
from cs_console.tickets.queue import page
from models.enums import Role
from tests.support.desk import TestDesk


def test_a_desk_filled_for_a_measurement_is_read_like_any_other(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    fill(sqlite_desk.desk, 60, [mei.agent.id])
    shown = page(mei, "all")
    assert len(shown.rows) > 10
    assert all(row.subject for row in shown.rows)

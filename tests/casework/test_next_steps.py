"""What the reading pane advises: at most three steps, which this agent can take with this ticket now."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cs_console.casework.next_steps import MOST, next_steps
from cs_console.desk import AgentCard
from cs_console.tickets.queue import QueueRow
from models.enums import Priority, TicketKind, TicketState
from models.roles import CLAIMS, STARTS_VERIFICATION, WORKS_ON_TICKETS, Role
from screens.registry import command

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROW = QueueRow(10, TicketKind.RIGHTS, "A subject", TicketState.OPEN, Priority.NORMAL, None, None, NOW, 1)
AGENT = AgentCard("1", "mei", frozenset({Role.AGENT}))
VERIFIER = AgentCard("2", "vera", frozenset({Role.VERIFIER}))
SUPERVISOR = AgentCard("3", "sue", frozenset({Role.SUPERVISOR}))
MINE = replace(ROW, assignee="mei")


@pytest.mark.parametrize(
    ("row", "agent", "advised"),
    [
        (ROW, AGENT, ["claim"]),
        (ROW, SUPERVISOR, ["assign"]),
        (ROW, VERIFIER, []),
        (replace(ROW, state=TicketState.TO_VERIFY), VERIFIER, ["verify"]),
        (replace(MINE, state=TicketState.TO_VERIFY), AGENT, ["verify"]),
        (replace(MINE, state=TicketState.TO_VERIFY, answered_at=NOW), AGENT, ["verify", "open"]),
        (replace(MINE, state=TicketState.WAITING), AGENT, ["snooze"]),
        (replace(MINE, state=TicketState.WAITING, due_at=NOW - timedelta(days=1)), AGENT, []),
        (replace(MINE, state=TicketState.WAITING, snoozed_until=NOW + timedelta(days=1)), AGENT, []),
        (replace(MINE, due_at=NOW - timedelta(days=1)), SUPERVISOR, ["assign"]),
        (replace(MINE, due_at=NOW + timedelta(days=1)), SUPERVISOR, []),
        (replace(MINE, state=TicketState.CLOSED), AGENT, []),
        (replace(ROW, assignee="omar"), AGENT, []),
    ],
)
def test_what_is_advised(row: QueueRow, agent: AgentCard, advised: list[str]) -> None:
    assert [one.command for one in next_steps(row, agent, NOW)] == advised


def test_every_step_is_one_of_the_queues_commands_that_the_role_has() -> None:
    """A step that the agent has no key for would be a promise that is not kept."""
    for state in TicketState:
        for assignee in (None, "mei", "vera", "sue", "omar"):
            for agent in (AGENT, VERIFIER, SUPERVISOR, AgentCard("4", "ines", frozenset({Role.ADMIN}))):
                steps = next_steps(replace(ROW, state=state, assignee=assignee, due_at=NOW), agent, NOW)
                assert len(steps) <= MOST
                for one in steps:
                    assert "queue" in command(one.command).where
                    assert command(one.command).open_to(agent.roles) or agent.name == assignee
    assert set(CLAIMS) <= set(STARTS_VERIFICATION) <= set(WORKS_ON_TICKETS)

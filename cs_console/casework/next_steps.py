"""What helps a ticket on next, said from what its line in the queue shows: nothing is read for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cs_console.desk import AgentCard
from cs_console.local_time import hour_or_moment
from cs_console.tickets.queue import QueueRow
from models.enums import TicketState
from models.roles import CLAIMS, STARTS_VERIFICATION, Role

MOST = 3


@dataclass(frozen=True, slots=True)
class NextStep:
    """One of the queue's commands, what it is for here, and why now."""

    command: str
    title: str
    why: str


def next_steps(row: QueueRow, agent: AgentCard, now: datetime) -> tuple[NextStep, ...]:
    """At most MOST steps for this agent, the first one first. They are advice: the services decide what may be done."""
    return () if row.state is TicketState.CLOSED else tuple(_steps(row, agent, now))[:MOST]


def _steps(row: QueueRow, agent: AgentCard, now: datetime) -> Iterator[NextStep]:
    mine = row.assignee == agent.name
    if row.assignee is None:
        if not agent.roles.isdisjoint(CLAIMS):
            yield NextStep("claim", "Claim", "no one has it")
        elif agent.has(Role.SUPERVISOR):
            yield NextStep("assign", "Assign", "no one has it")
    elif not mine and agent.has(Role.SUPERVISOR) and row.due_at is not None and row.due_at <= now:
        yield NextStep("assign", "Reassign", f"{row.assignee} is late with it")
    starts = mine and not agent.roles.isdisjoint(STARTS_VERIFICATION)
    if row.state is TicketState.TO_VERIFY and (starts or agent.has(Role.VERIFIER)):
        yield NextStep("verify", "Verify", "the requester is not verified")
    if mine:
        yield from _own(row, now)


def _own(row: QueueRow, now: datetime) -> Iterator[NextStep]:
    if row.answered_at is not None:
        yield NextStep("open", "Reply", f"the requester wrote {hour_or_moment(row.answered_at, now)}")
    elif row.state is TicketState.VERIFIED:
        yield NextStep("open", "Decide", "the requester is verified")
    elif row.state is TicketState.OPEN:
        yield NextStep("open", "Answer", "it is open")
    elif row.state is TicketState.IN_APPROVAL:
        yield NextStep("open", "Follow", "your proposal waits for approval")
    elif row.state is TicketState.WAITING and row.snoozed_until is None and (row.due_at is None or row.due_at > now):
        yield NextStep("snooze", "Snooze", "it waits for the requester")

"""What the access log holds, for tests that ask whether something was recorded."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from benchmarks.scratch import BENCH
from cs_console.desk import Desk
from models.enums import Action, Result
from models.log import LogEntry


@dataclass(frozen=True)
class Recorded:
    """One entry of the log, without what tests do not ask for."""

    seq: int
    actor: str
    roles: str
    session: str
    action: Action
    ticket: int | None
    requester: str | None
    fields: str
    purpose: str
    verification: str
    outcome: Result
    reason: str


def recorded(desk: Desk, *actions: Action) -> list[Recorded]:
    """The entries with one of these actions (all, if none are named), oldest first.

    That the accounts of a test were made is no part of what it asks.
    """
    with desk.database.reading() as db:
        wanted = select(LogEntry).where(col(LogEntry.actor) != BENCH.name).order_by(col(LogEntry.seq))
        if actions:
            wanted = wanted.where(col(LogEntry.action).in_([action.value for action in actions]))
        return [
            Recorded(
                row.seq,
                row.actor,
                row.roles,
                row.session,
                Action(row.action),
                row.ticket,
                row.requester,
                row.fields,
                row.purpose,
                row.verification,
                Result(row.outcome),
                row.reason,
            )
            for row in db.scalars(wanted)
        ]

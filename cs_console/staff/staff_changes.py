"""What others did to accounts: roles given and confirmed, passwords reset. Supervisors are told of it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from cs_console.desk import DeskSession
from models.columns import from_microseconds, microseconds
from models.enums import Action, Result
from models.log import LogEntry
from models.roles import REVIEWS_STAFF

MOST = 20
_TOLD = (Action.ACCOUNT_ADDED.value, Action.ACCOUNT_CHANGED.value, Action.FACTOR_RESET.value)
FIRST_LOOK = timedelta(days=30)
"""How far back the report goes at a first sign-in."""


@dataclass(frozen=True)
class StaffChange:
    """One act on an account, from the access log. `what`: "roles given", "roles to be confirmed", "roles confirmed",
    "password reset", "second factor reset"; `roles` as words joined by commas; `at` is UTC."""

    at: datetime
    by: str
    account: str
    what: str
    roles: str


def staff_changes(session: DeskSession, since: datetime | None) -> tuple[StaffChange, ...]:
    """What others did to others' accounts since that moment, newest first, MOST at most.

    Raises NotAllowed, SessionEnded.
    """
    began = since or session.desk.clock.now() - FIRST_LOOK
    with session.reading(*REVIEWS_STAFF) as db:
        rows = db.connection().execute(
            select(col(LogEntry.at), col(LogEntry.actor), col(LogEntry.about))
            .where(
                col(LogEntry.action).in_(_TOLD),
                col(LogEntry.at) > microseconds(began),
                col(LogEntry.about).is_not(None),
                col(LogEntry.outcome) == Result.DONE.value,
                col(LogEntry.actor) != session.agent.name,
            )
            .order_by(col(LogEntry.at).desc(), col(LogEntry.seq).desc())
            .limit(MOST)
        )
        found = [(row.at, row.actor, json.loads(row.about)) for row in rows]
    return tuple(
        StaffChange(from_microseconds(at), by, about["name"], about["change"], about.get("roles", ""))
        for at, by, about in found
        if "change" in about and about["account"] != session.agent.id
    )


def in_words(changes: tuple[StaffChange, ...]) -> str:
    """The changes in one line, "" for none."""
    if not changes:
        return ""
    told = [f"{one.by}: {one.account}, {one.what}{f' ({one.roles})' if one.roles else ''}" for one in changes[:3]]
    more = f"; and {len(changes) - 3} more" if len(changes) > 3 else ""
    return f"Accounts changed since your last sign-in. {'; '.join(told)}{more}. See the access log (g l)."

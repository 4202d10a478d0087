"""Accounts changed as the console changes them, for tests that need no sign-in: row and entry together."""

from collections.abc import Mapping

from sqlalchemy import update
from sqlmodel import Session, col

from benchmarks.scratch import BENCH
from cs_console.access_log.accounts_on_record import about_account
from cs_console.access_log.append import append
from cs_console.access_log.entry import Entry
from cs_console.desk import Desk
from models.agent import Agent
from models.enums import Action


def put_on_record(db: Session, desk: Desk, agent_id: str, **values: object) -> None:
    """Change an account's row, and record that."""
    db.connection().execute(update(Agent).where(col(Agent.id) == agent_id).values(**values))
    agent = db.get_one(Agent, agent_id, populate_existing=True)
    append(db, desk, BENCH, Entry(Action.ACCOUNT_CHANGED, about=about_account(desk, agent)), desk.clock.now())


def identify(db: Session, desk: Desk, identities: Mapping[str, bytes | None]) -> None:
    """Record whose these accounts are; None, as nothing was ever recorded."""
    for agent_id, identity in identities.items():
        put_on_record(db, desk, agent_id, identity=identity)

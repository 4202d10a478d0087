"""Reveal (check, durable entry, open) beside one durable insert of a same-sized row by the plain driver."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
from sqlmodel import Session

from benchmarks.result import Result, compare, interleaved
from benchmarks.scratch import scratch_desk, scratch_postgres, scratch_session
from cs_console.access_log.append import append
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.vouched import assigned, opened_as
from cs_console.custody.contacts import NewContact, add_contact
from cs_console.custody.disclosure import Target, reveal
from cs_console.custody.ticket_keys import new_ticket_keys
from cs_console.desk import Desk
from models.columns import microseconds, new_id
from models.contact_fields import Field
from models.enums import Action, Channel, TicketKind, VerificationMethod
from models.log import LogEntry
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from models.verification import Verification

ROUNDS = 1_000
COLUMNS = tuple(column.name for column in LogEntry.__table__.columns)  # type: ignore[attr-defined]  # SQLModel adds it
ROW = (
    1_795_166_400_000_000, "mei", "agent", "0123456789abcdef", "a-host.example", "field.revealed", 10_482,
    "fedcba9876543210", "mobile", "reply", "00112233445566aa", "done", None, "", None, "0123" * 16, b"0123456789abcdef",
)  # fmt: skip
"""An entry's columns after its number, as wide as the one that a reveal writes."""


def run(rounds: int = ROUNDS) -> Iterator[Result]:
    """`size` is the number of reveals timed. SQLite against sqlite3, then PostgreSQL against psycopg."""
    with scratch_desk() as desk, sqlite_insert() as baseline:
        yield compare("reveal", rounds, *interleaved(_reveal(desk), baseline, rounds), engine="sqlite")
    with scratch_postgres() as url, scratch_desk(url) as desk, postgres_insert(url) as baseline:
        yield compare("reveal", rounds, *interleaved(_reveal(desk), baseline, rounds), engine="postgresql")


def _reveal(desk: Desk) -> Callable[[], object]:
    session, number = scratch_session(desk, "mei", Role.AGENT), 10_482
    with desk.database.transaction() as db:
        contact = verified_ticket(db, desk, number, session.agent.id, taken=True)
    return partial(reveal, session, number, Target(Field.MOBILE, contact), "reply")


def verified_ticket(db: Session, desk: Desk, number: int, agent_id: str, *, taken: bool) -> str:
    """A ticket with its requester's mobile, of which the id comes back, and a window that outlasts the measurement.

    The agent verified the requester, and has taken the ticket or left it in the queue.
    """
    assignee = agent_id if taken else None
    requester, now = new_id(), desk.clock.now()
    key = desk.keyring.create(requester)
    keys, sealed_key = new_ticket_keys(requester, key, number)
    db.add(Requester(id=requester, created_at=now))
    db.flush()
    contact = add_contact(db, desk, requester, key, NewContact(Field.MOBILE, f"138{number:08}", True, now))
    db.add(
        Ticket(
            number=number,
            requester_id=requester,
            kind=TicketKind.INQUIRY,
            assignee_id=assignee,
            channel=Channel.MAIL,
            pack=desk.packs.current.meta.name,
            sealed_key=sealed_key,
            subject=keys.seal("ticket", "subject", str(number), "A question"),
            subject_redacted=keys.seal("ticket", "subject_redacted", str(number), "A question"),
            received_at=now,
            created_at=now,
            last_message_at=now,
        )
    )
    db.flush()
    hand, window, until = Actor("benchmark", "", "", desk.host), new_id(), now + timedelta(hours=1)
    named = desk.pseudonym(requester, key)
    about = assigned(None, assignee) | opened_as(TicketKind.INQUIRY, Channel.MAIL)
    append(db, desk, hand, Entry(Action.TICKET_CREATED, ticket=number, requester=named, about=about), now)
    about = {"window": window, "until": str(microseconds(until))}
    append(db, desk, hand, Entry(Action.VERIFIED, ticket=number, requester=named, about=about), now)
    db.add(
        Verification(
            id=window,
            ticket_number=number,
            requester_id=requester,
            method=VerificationMethod.CODE,
            contact_id=contact,
            contact_field=Field.MOBILE.value,
            agent_id=agent_id,
            verified_at=now,
            window_until=until,
        )
    )
    return contact


@contextmanager
def sqlite_insert() -> Iterator[Callable[[], object]]:
    """One committed row a call, as durable as ours: WAL, synchronous=FULL."""
    marks = ",".join("?" * len(COLUMNS))
    with tempfile.TemporaryDirectory(prefix="cs-console-bench-") as folder:
        connection = sqlite3.connect(Path(folder) / "plain.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"CREATE TABLE entry ({COLUMNS[0]} INTEGER PRIMARY KEY, {','.join(COLUMNS[1:])})")

        def insert() -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"INSERT INTO entry VALUES ({marks})", (None, *ROW))
            connection.execute("COMMIT")

        yield insert
        connection.close()


@contextmanager
def postgres_insert(url: str) -> Iterator[Callable[[], object]]:
    """The same on PostgreSQL with psycopg."""
    marks = ",".join(["%s"] * len(ROW))
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        kinds = {"at": "bigint", "ticket": "bigint", "seconds": "bigint", "tag": "bytea"}
        columns = ",".join(f"{name} {kinds.get(name, 'text')}" for name in COLUMNS[1:])
        connection.execute(f"CREATE TABLE IF NOT EXISTS plain_entry (seq bigserial PRIMARY KEY, {columns})")
        connection.commit()

        def insert() -> None:
            connection.execute(f"INSERT INTO plain_entry ({','.join(COLUMNS[1:])}) VALUES ({marks})", ROW)
            connection.commit()

        yield insert

"""Confidentiality undertakings: signed, versioned and unexpired before any personal data (policy IV.(1)2)."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, bindparam, select
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.access_log.undertakings_on_record import NEWEST_UNDERTAKING, about_undertaking, has_undertaken
from cs_console.desk import DeskSession
from cs_console.errors import NoUndertaking
from cs_console.prepared import Prepared, Row, Step, first_rows
from models.columns import microseconds
from models.enums import Action
from models.undertaking import Undertaking

_SIGNED = Prepared(
    select(NEWEST_UNDERTAKING)
    .where(
        col(Undertaking.agent_id) == bindparam("agent"),
        col(Undertaking.version) == bindparam("version"),
        col(Undertaking.expires_at) > bindparam("now"),
    )
    .limit(1)
)


@dataclass(frozen=True)
class UndertakingText:
    """What is asked of everybody who works here, and the clause it comes from, in words."""

    version: str
    text: str
    clause: str
    valid_days: int


def current_text(session: DeskSession) -> UndertakingText:
    """The text in force: the one of the pack that new tickets are opened under."""
    pack = session.desk.packs.current
    rules = pack.undertaking
    return UndertakingText(rules.version, rules.text, pack.cited(rules.clause), rules.valid_days)


def accept(session: DeskSession) -> None:
    """Sign the text in force, from now for as long as the pack says; recorded with its version."""
    shown = current_text(session)
    with session.work() as db:
        now = session.desk.clock.now()
        until = now + timedelta(days=shown.valid_days)
        db.add(
            Undertaking(
                agent_id=session.agent.id,
                version=shown.version,
                text_sha256=hashlib.sha256(shown.text.encode()).hexdigest(),
                accepted_at=now,
                expires_at=until,
            )
        )
        about = about_undertaking(session.agent.id, shown.version, until)
        record(db, session, Entry(Action.UNDERTAKING_ACCEPTED, reason=f"version {shown.version}", about=about))


def is_current(db: Session, session: DeskSession) -> bool:
    """Whether the desk's agent has signed the version in force and it has not expired, by its row and by the
    access log. Raises LogBroken.
    """
    return _is_signed(db.connection(), session, first_rows(db.connection(), signed_step(session))[0])


def signed_step(session: DeskSession) -> Step:
    """What `check_signed` judges, to be asked together with more."""
    asked = {
        "agent": session.agent.id,
        "version": session.desk.packs.current.undertaking.version,
        "now": microseconds(session.desk.clock.now()),
    }
    return _SIGNED, asked


def check_signed(connection: Connection, session: DeskSession, row: Row | None) -> None:
    """Refuse without a current undertaking, by the answer to `signed_step`. Raises NoUndertaking, LogBroken."""
    if not _is_signed(connection, session, row):
        raise NoUndertaking


def _is_signed(connection: Connection, session: DeskSession, row: Row | None) -> bool:
    return row is not None and has_undertaken(connection, session, row[0])


def require_current(db: Session, session: DeskSession) -> None:
    """Refuse without a current undertaking. Raises NoUndertaking."""
    if not is_current(db, session):
        raise NoUndertaking

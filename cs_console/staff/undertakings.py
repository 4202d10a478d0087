"""Confidentiality undertakings: signed, versioned and unexpired before any personal data (policy IV.(1)2)."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.access_log.undertakings_on_record import NEWEST_UNDERTAKING, about_undertaking, has_undertaken
from cs_console.desk import Desk
from cs_console.errors import NoUndertaking
from models.enums import Action
from models.undertaking import Undertaking


@dataclass(frozen=True)
class UndertakingText:
    """What is asked of everybody who works here, and the clause it comes from."""

    version: str
    text: str
    clause: str
    valid_days: int


def current_text(desk: Desk) -> UndertakingText:
    """The text in force: the one of the pack that new tickets are opened under."""
    rules = desk.office.packs.current.undertaking
    return UndertakingText(rules.version, rules.text, rules.clause, rules.valid_days)


def accept(desk: Desk) -> None:
    """Sign the text in force, from now for as long as the pack says; recorded with its version."""
    shown = current_text(desk)
    with desk.work() as session:
        now = desk.office.clock.now()
        until = now + timedelta(days=shown.valid_days)
        session.add(
            Undertaking(
                agent_id=desk.agent.id,
                version=shown.version,
                text_sha256=hashlib.sha256(shown.text.encode()).hexdigest(),
                accepted_at=now,
                expires_at=until,
            )
        )
        about = about_undertaking(desk.agent.id, shown.version, until)
        record(session, desk, Entry(Action.UNDERTAKING_ACCEPTED, reason=f"version {shown.version}", about=about))


def is_current(session: Session, desk: Desk) -> bool:
    """Whether the desk's agent has signed the version in force and it has not expired, by its row and by the
    access log. Raises LogBroken.
    """
    found = session.connection().execute(
        select(NEWEST_UNDERTAKING)
        .where(
            col(Undertaking.agent_id) == desk.agent.id,
            col(Undertaking.version) == desk.office.packs.current.undertaking.version,
            col(Undertaking.expires_at) > desk.office.clock.now(),
        )
        .limit(1)
    )
    row = found.first()
    return row is not None and has_undertaken(session.connection(), desk, row[0])


def require_current(session: Session, desk: Desk) -> None:
    """Refuse without a current undertaking. Raises NoUndertaking."""
    if not is_current(session, desk):
        raise NoUndertaking

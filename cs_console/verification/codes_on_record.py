"""What the access log says of codes: which one counts, how many wrong ones came, and until when that locks.

A row of `verification_code` or `requester` can be written by anyone who reaches the database. It can take a code or a
try away, never give one (DESIGN.md, invariant 12).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_
from sqlmodel import Session, col

from cs_console.access_log.vouched import digest, last_entry, oldest_first
from cs_console.desk import Desk
from cs_console.policy.verification_rules import CodeRules
from models.columns import from_microseconds, microseconds
from models.enums import Action, Result
from models.log import LogEntry
from models.verification import VerificationCode

_DONE = col(LogEntry.outcome) == Result.DONE.value
_VOUCHES = col(LogEntry.about).is_not(None)
_OF_A_CODE = or_(
    col(LogEntry.action) == Action.CODE_SENT.value,  # one that could not be sent voids the one before as well
    *(
        (col(LogEntry.action) == action.value) & _DONE
        for action in (
            Action.CODE_CHECKED,
            Action.VERIFICATION_LOCKED,
            Action.TICKET_LINKED,
            Action.TICKET_UNLINKED,
        )
    ),
)
_OF_TRIES = or_(
    (col(LogEntry.action) == Action.CODE_CHECKED.value) & _VOUCHES,
    (col(LogEntry.action) == Action.VERIFICATION_LOCKED.value) & _VOUCHES & _DONE,
    (col(LogEntry.action) == Action.VERIFICATION_UNLOCKED.value) & _DONE,
)


@dataclass(frozen=True, slots=True)
class Tried:
    """How many wrong codes came since the budget was whole, and until when that locks (UTC), None where it does not."""

    wrong: int
    locked_until: datetime | None


def about_sent(desk: Desk, code: VerificationCode) -> Mapping[str, str]:
    """What the entry of a sent code vouches for: its row, its contact, its hash and its end."""
    return {
        "code": code.id,
        "contact": code.contact_id,
        "until": str(microseconds(code.expires_at)),
        "check": _check(desk, code),
    }


def about_wrong(code_id: str) -> Mapping[str, str]:
    """What the entry of a wrong code vouches for."""
    return {"code": code_id, "wrong": "yes"}


def about_lock(until: datetime) -> Mapping[str, str]:
    """What the entry of a lock vouches for."""
    return {"until": str(microseconds(until))}


def counts_still(db: Session, desk: Desk, code: VerificationCode, now: datetime) -> bool:
    """Whether the log's last word on this ticket's codes is that exactly this one was sent, and its time is not over.

    Raises LogBroken.
    """
    last = last_entry(db, desk, col(LogEntry.ticket) == code.ticket_number, _VOUCHES, _OF_A_CODE)
    if last is None or last.action is not Action.CODE_SENT or last.outcome is not Result.DONE or last.about is None:
        return False
    expected = {"code": code.id, "contact": code.contact_id, "check": _check(desk, code)}
    return last.names(**expected) and int(last.about["until"]) > microseconds(now)


def tried(db: Session, desk: Desk, pseudonym: str, rules: CodeRules, now: datetime) -> Tried:
    """The wrong codes of a requester over all tickets, as the log has them. Raises LogBroken."""
    wrong, until = 0, None
    for word in oldest_first(db, desk, col(LogEntry.requester) == pseudonym, _OF_TRIES):
        at = from_microseconds(word.at)
        if word.action is Action.VERIFICATION_LOCKED:
            until = from_microseconds(int((word.about or {})["until"]))
        elif word.names(wrong="yes"):
            wrong, until = (1, None) if until is not None and until <= at else (wrong + 1, until)
            if wrong >= rules.tries and until is None:
                until = at + timedelta(hours=rules.lock_hours)
        elif word.outcome is Result.DONE:  # the right code, or a supervisor
            wrong, until = 0, None
    return Tried(0, None) if until is not None and until <= now else Tried(wrong, until)


def _check(desk: Desk, code: VerificationCode) -> str:
    return digest(desk, "code", code.id, code.ticket_number, code.contact_id, code.code_hash.hex())

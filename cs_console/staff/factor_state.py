"""Whether an account has a second factor, as the access log says it, and whether the settings ask for one.

A row that is removed lets no one in without the factor, and a secret that is put back does not count: the newest entry
says that one was enrolled, and which, or that it was reset.
"""

from typing import Protocol

from sqlalchemy import or_
from sqlmodel import Session, col

from cs_console.access_log.vouched import Word, digest, oldest_first
from cs_console.desk import Desk
from cs_console.settings import Settings
from models.enums import Action, Result
from models.log import LogEntry


class Account(Protocol):
    """An account by its id and name."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


def has_factor(db: Session, desk: Desk, account: Account) -> bool:
    """Whether the log says that the account has a second factor in force. Raises LogBroken."""
    last = _last(db, desk, account)
    return last is not None and last.action is Action.FACTOR_ENROLLED


def is_in_force(db: Session, desk: Desk, account: Account, secret: bytes) -> bool:
    """Whether this sealed secret is the one that was enrolled last. Raises LogBroken."""
    last = _last(db, desk, account)
    if last is None or last.action is not Action.FACTOR_ENROLLED:
        return False
    return last.about is None or last.names(factor=factor_digest(desk, account.id, secret))


def about_factor(desk: Desk, account_id: str, secret: bytes) -> dict[str, str]:
    """What the entry of an enrolment vouches for: whose it is, and which secret."""
    return {"account": account_id, "factor": factor_digest(desk, account_id, secret)}


def factor_digest(desk: Desk, account_id: str, secret: bytes) -> str:
    """How the log knows a sealed secret again."""
    return digest(desk, "second factor", account_id, bytes(secret).hex())


def _last(db: Session, desk: Desk, account: Account) -> Word | None:
    """The newest entry about the account's second factor; those of older desks name it by their actor alone."""
    enrolled = (col(LogEntry.action) == Action.FACTOR_ENROLLED.value) & or_(
        col(LogEntry.about).contains(f'"account":"{account.id}"'),
        col(LogEntry.about).is_(None) & (col(LogEntry.actor) == account.name),
    )
    reset = (col(LogEntry.action) == Action.FACTOR_RESET.value) & col(LogEntry.about).contains(
        f'"account":"{account.id}"'
    )
    # named apart from `or_`, so that the index by action is used
    either = col(LogEntry.action).in_((Action.FACTOR_ENROLLED.value, Action.FACTOR_RESET.value))
    done = col(LogEntry.outcome) == Result.DONE.value
    said = oldest_first(db, desk, either, done, or_(enrolled, reset))
    return said[-1] if said else None


def is_demanded(settings: Settings, roles: str) -> bool:
    """Whether the settings ask an account with these roles (joined by commas) for a second factor."""
    held = roles.split(",")
    return any(role.value in held for role in settings.second_factor)

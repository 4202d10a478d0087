"""The limits of verification: sends an hour and a day, tries over all tickets, the lock that follows.

Every count is changed by one atomic statement in a step of its own, so that two consoles racing each other win
neither sends nor tries (ASVS 2.3.4, 15.4.2).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select, update
from sqlmodel import Session, col

from cs_console.errors import SendLimit, VerificationLocked
from cs_console.policy.verification_rules import CodeRules
from cs_console.verification.cases import local_moment
from models.agent import Agent
from models.columns import UtcMoment
from models.requester import Requester
from models.verification import VerificationCode

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Try:
    """One try that was taken from the requester's budget. `left` are what remains after it."""

    left: int


def take_try(session: Session, requester_id: str, rules: CodeRules, now: datetime) -> Try | None:
    """Take one try from the requester's budget over all tickets; None when there is none left.

    The last try sets the lock with it, so that a killed console leaves no budget behind; success lifts it. A lock
    whose time is over gives a fresh budget. It counts when the caller's transaction commits: commit before comparing.
    """
    fresh = and_(col(Requester.locked_until).is_not(None), col(Requester.locked_until) <= now)
    taken = case((fresh, 1), else_=col(Requester.tries) + 1)
    until = now + timedelta(hours=rules.lock_hours)
    tries = (
        session.connection()
        .execute(
            update(Requester)
            .where(
                col(Requester.id) == requester_id,
                or_(fresh, and_(col(Requester.locked_until).is_(None), col(Requester.tries) < rules.tries)),
            )
            .values(tries=taken, locked_until=case((taken >= rules.tries, literal(until, UtcMoment())), else_=None))
            .returning(col(Requester.tries))
        )
        .scalar()
    )
    if tries is not None:
        return Try(rules.tries - tries)
    # a budget used up under another pack's higher number has no lock yet
    session.connection().execute(
        update(Requester)
        .where(col(Requester.id) == requester_id, col(Requester.locked_until).is_(None))
        .values(locked_until=until)
    )
    return None


def restore_tries(session: Session, requester_id: str) -> None:
    """Give the whole budget back: the right code came, or a supervisor lifts the lock."""
    session.connection().execute(
        update(Requester).where(col(Requester.id) == requester_id).values(tries=0, locked_until=None)
    )


def locked_until(session: Session, requester_id: str, now: datetime) -> datetime | None:
    """Until when verification by code is locked, None when it is not."""
    found = session.connection().execute(
        select(col(Requester.locked_until)).where(col(Requester.id) == requester_id, col(Requester.locked_until) > now)
    )
    return found.scalar()


def tries_left(requester: Requester, rules: CodeRules, now: datetime) -> int:
    """How many tries the requester has now."""
    if requester.locked_until is not None:
        return 0 if requester.locked_until > now else rules.tries
    return max(0, rules.tries - requester.tries)


def lock_refusal(until: datetime) -> VerificationLocked:
    """The refusal of a locked requester."""
    return VerificationLocked(until, local_moment(until))


def sends_left(session: Session, requester_id: str, agent_id: str, rules: CodeRules, now: datetime) -> int | SendLimit:
    """How many codes may still be sent now (at least 1), or the refusal that names the limit reached.

    Locks the agent's row, as the caller has locked the requester's, so that racing sends count one after another.
    """
    session.connection().execute(select(col(Agent.id)).where(col(Agent.id) == agent_id).with_for_update())
    this_requester = col(VerificationCode.requester_id) == requester_id
    hour = rules.sends_per_hour - _sent(session, this_requester, now - HOUR)
    day = rules.sends_per_day - _sent(session, this_requester, now - DAY)
    agent = rules.agent_sends_per_hour - _sent(session, col(VerificationCode.agent_id) == agent_id, now - HOUR)
    if day <= 0:
        return SendLimit(f"{rules.sends_per_day} codes went to this requester in the last 24 hours.", _LATER)
    if hour <= 0:
        return SendLimit(f"{rules.sends_per_hour} codes went to this requester within the hour.", _LATER)
    if agent <= 0:
        return SendLimit(f"You sent {rules.agent_sends_per_hour} codes within the hour.", "Let a colleague send it.")
    return min(hour, day, agent)


_LATER = "Wait, or take the written route."


def _sent(session: Session, whose: ColumnElement[bool], since: datetime) -> int:
    return (
        session.connection()
        .execute(select(func.count()).select_from(VerificationCode).where(whose, col(VerificationCode.sent_at) > since))
        .scalar_one()
    )

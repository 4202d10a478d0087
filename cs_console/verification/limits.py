"""The limits of verification: sends an hour and a day, tries over all tickets, the lock that follows.

Every count is changed by one atomic statement in a step of its own, so that two consoles racing each other win
neither sends nor tries (ASVS 2.3.4, 15.4.2).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, literal, or_, select, update
from sqlmodel import Session, col

from cs_console.desk import Desk
from cs_console.errors import SendLimit, VerificationLocked
from cs_console.local_time import moment
from cs_console.policy.verification_rules import CodeRules
from cs_console.verification.cases import Case
from cs_console.verification.codes_on_record import tried
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


def take_try(db: Session, requester_id: str, rules: CodeRules, now: datetime) -> Try | None:
    """Take one attempt from the requester's budget over all tickets; None if none is left.

    The last try sets the lock with it, so that a killed console leaves no budget behind; success lifts it. A lock
    whose time is over gives a fresh budget. It counts when the caller's transaction commits: commit before comparing.
    """
    fresh = and_(col(Requester.locked_until).is_not(None), col(Requester.locked_until) <= now)
    taken = case((fresh, 1), else_=col(Requester.tries) + 1)
    until = now + timedelta(hours=rules.lock_hours)
    tries = (
        db.connection()
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
    db.connection().execute(
        update(Requester)
        .where(col(Requester.id) == requester_id, col(Requester.locked_until).is_(None))
        .values(locked_until=until)
    )
    return None


def restore_tries(db: Session, requester_id: str) -> None:
    """Give the whole budget back: the right code came, or a supervisor lifts the lock."""
    db.connection().execute(
        update(Requester).where(col(Requester.id) == requester_id).values(tries=0, locked_until=None)
    )


def locked_until(db: Session, requester_id: str, now: datetime) -> datetime | None:
    """Until when verification by code is locked, None when it is not."""
    found = db.connection().execute(
        select(col(Requester.locked_until)).where(col(Requester.id) == requester_id, col(Requester.locked_until) > now)
    )
    return found.scalar()


def tries_left(requester: Requester, rules: CodeRules, now: datetime) -> int:
    """How many tries the requester has now."""
    if requester.locked_until is not None:
        return 0 if requester.locked_until > now else rules.tries
    return max(0, rules.tries - requester.tries)


def locked(db: Session, desk: Desk, case: Case, now: datetime) -> datetime | None:
    """Until when verification by code is locked for a requester, by their row or by the log: whichever is later."""
    said = tried(db, desk, case.pseudonym, case.codes, now).locked_until
    return max(filter(None, (said, locked_until(db, case.requester_id, now))), default=None)


def left_of(db: Session, desk: Desk, case: Case, now: datetime) -> int:
    """How many tries a requester has now, by their row and by the log: whichever leaves fewer."""
    said = tried(db, desk, case.pseudonym, case.codes, now)
    left = 0 if said.locked_until else max(0, case.codes.tries - said.wrong)
    return min(left, tries_left(case.requester, case.codes, now))


def lock_refusal(until: datetime) -> VerificationLocked:
    """The refusal of a locked requester."""
    return VerificationLocked(until, moment(until))


@dataclass(frozen=True, slots=True)
class Sends:
    """How many codes may still be sent: to the requester within the hour and the day, from the agent within the hour.

    `again_at`: when the requester's next one may, where none may now.
    """

    hour: int
    day: int
    agent: int
    again_at: datetime | None

    @property
    def left(self) -> int:
        return min(self.hour, self.day, self.agent)


def sends_of(db: Session, requester_id: str, agent_id: str, rules: CodeRules, now: datetime) -> Sends:
    """What is left of every budget of sends now."""
    newest = db.connection().execute(
        select(col(VerificationCode.sent_at))
        .where(col(VerificationCode.requester_id) == requester_id, col(VerificationCode.sent_at) > now - DAY)
        .order_by(col(VerificationCode.sent_at).desc())
    )
    sent = list(newest.scalars())
    within_hour = sum(at > now - HOUR for at in sent)
    by_agent = db.connection().execute(
        select(func.count())
        .select_from(VerificationCode)
        .where(col(VerificationCode.agent_id) == agent_id, col(VerificationCode.sent_at) > now - HOUR)
    )
    free_again = []
    if within_hour >= rules.sends_per_hour:
        free_again.append(sent[rules.sends_per_hour - 1] + HOUR)
    if len(sent) >= rules.sends_per_day:
        free_again.append(sent[rules.sends_per_day - 1] + DAY)
    return Sends(
        max(0, rules.sends_per_hour - within_hour),
        max(0, rules.sends_per_day - len(sent)),
        max(0, rules.agent_sends_per_hour - by_agent.scalar_one()),
        max(free_again, default=None),
    )


def sends_left(db: Session, requester_id: str, agent_id: str, rules: CodeRules, now: datetime) -> int | SendLimit:
    """How many codes may still be sent now (at least 1), or the refusal that names the limit reached.

    Locks the agent's row, as the caller has locked the requester's, so that racing sends count one after another.
    """
    db.connection().execute(select(col(Agent.id)).where(col(Agent.id) == agent_id).with_for_update())
    sends = sends_of(db, requester_id, agent_id, rules, now)
    return send_refusal(sends, rules) or sends.left


def send_refusal(sends: Sends, rules: CodeRules) -> SendLimit | None:
    """The limit that was reached, if one was."""
    again = f"Wait until {moment(sends.again_at)}, or verify by a written request." if sends.again_at else ""
    if not sends.day:
        return SendLimit(f"{rules.sends_per_day} codes were sent to this requester in the last 24 hours.", again)
    if not sends.hour:
        return SendLimit(f"{rules.sends_per_hour} codes were sent to this requester within the hour.", again)
    if not sends.agent:
        return SendLimit(f"You sent {rules.agent_sends_per_hour} codes within the hour.", "Ask a colleague to send it.")
    return None

"""Counting tries at a password: after five failures in a row each next one waits twice as long.

A try is counted as a failure, durably, before the password is looked at, and given back when it was right:
parallel tries and killed processes win nothing (ASVS 6.3.1, 15.4.2).
"""

import hashlib
import hmac
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from cs_console.desk import Desk
from cs_console.errors import SignInMustWait
from models.agent import Agent
from models.agent_session import AgentSession
from models.unknown_sign_in import UnknownSignIn

FREE_FAILURES = 5
LONGEST_WAIT = timedelta(minutes=15)
BUCKETS = 4096


@dataclass(frozen=True, slots=True)
class Counted:
    """A try that was counted. `earlier` failures stood before it."""

    earlier: int


def wait_after(failures: int) -> timedelta:
    """How long the next try has to wait after that many failures in a row."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    doublings = min(failures - FREE_FAILURES, 20)
    return min(timedelta(seconds=2**doublings), LONGEST_WAIT)


def count_try(db: Session, agent_id: str, now: datetime) -> Counted | SignInMustWait:
    """Count one try at an account, or say how long it has to wait. Counts when the transaction commits."""
    return _count(db, Agent, agent_id, now)


def count_session_try(db: Session, session_id: str, now: datetime) -> Counted | SignInMustWait:
    """Count one try of a signed-in person, apart from the account: what strangers try at the door delays no one inside.

    Guessing at a console that was left open has to wait too, by this counter.
    """
    return _count(db, AgentSession, session_id, now)


def _count(
    db: Session, counter: type[Agent] | type[AgentSession], counter_id: str, now: datetime
) -> Counted | SignInMustWait:
    counted = db.connection().execute(
        update(counter)
        .where(col(counter.id) == counter_id, or_(col(counter.next_try_at).is_(None), col(counter.next_try_at) <= now))
        .values(failures=col(counter.failures) + 1)
        .returning(col(counter.failures))
    )
    failures = counted.scalar()
    if failures is None:
        asked = select(col(counter.next_try_at)).where(col(counter.id) == counter_id)
        return _must_wait(db.connection().execute(asked).scalar(), now)
    wait = wait_after(failures)
    if wait:
        db.connection().execute(update(counter).where(col(counter.id) == counter_id).values(next_try_at=now + wait))
    return Counted(failures - 1)


def count_unknown_try(db: Session, desk: Desk, name: str, now: datetime) -> Counted | SignInMustWait:
    """The same for a name that no account has, so that the wait does not tell the two apart (ASVS 6.3.8)."""
    digest = hmac.digest(desk.keyring.desk_key("sign-in"), name.encode("utf-8", "surrogatepass"), hashlib.sha256)
    bucket = int.from_bytes(digest[:4]) % BUCKETS
    row = db.get(UnknownSignIn, bucket, with_for_update=True)
    if row is None:
        with suppress(IntegrityError), db.begin_nested():
            db.add(UnknownSignIn(bucket=bucket))
        row = db.get_one(UnknownSignIn, bucket, with_for_update=True)
    if row.next_try_at is not None and row.next_try_at > now:
        return _must_wait(row.next_try_at, now)
    row.failures += 1
    wait = wait_after(row.failures)
    row.next_try_at = now + wait if wait else None
    db.add(row)
    db.flush()
    return Counted(row.failures - 1)


def give_back(db: Session, agent_id: str) -> None:
    """Forget an account's failures: the password was right, or an admin lifts the wait."""
    db.connection().execute(update(Agent).where(col(Agent.id) == agent_id).values(failures=0, next_try_at=None))


def take_back_one(db: Session, agent_id: str) -> None:
    """Count one failure less: the password was right, and the second factor is still to come."""
    db.connection().execute(
        update(Agent)
        .where(col(Agent.id) == agent_id, col(Agent.failures) > 0)
        .values(failures=col(Agent.failures) - 1, next_try_at=None)
    )


def give_back_to_session(db: Session, session_id: str) -> None:
    """Forget a session's failures: the password was right. The account's own stay as they are."""
    db.connection().execute(
        update(AgentSession).where(col(AgentSession.id) == session_id).values(failures=0, next_try_at=None)
    )


def _must_wait(until: datetime | None, now: datetime) -> SignInMustWait:
    left = (until or now) - now
    return SignInMustWait(max(1, -(-left // timedelta(seconds=1))))

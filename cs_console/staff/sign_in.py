"""Signing in and out, the lock, and keeping a session awake."""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from cs_console.access_log.accounts_on_record import about_password, account_on_record
from cs_console.access_log.append import append, record
from cs_console.access_log.entry import Actor, Entry
from cs_console.custody.desk_keys import list_desk_keys
from cs_console.custody.erasing import apply_again
from cs_console.desk import AgentCard, Desk, DeskSession
from cs_console.errors import (
    AccountSuspended,
    ConsoleError,
    LogPutBack,
    SignInMustWait,
    SignInRefused,
    WrongFactor,
    WrongPassword,
)
from cs_console.live_session import require_session
from cs_console.staff import passwords, undertakings
from cs_console.staff.accounts import (
    about_now,
    account_actor,
    card_of,
    confirm_password,
    find_agent,
    is_password_of,
    normal_name,
    owes_password,
    record_failure,
)
from cs_console.staff.factor_state import has_factor, is_demanded
from cs_console.staff.second_factor import take_code
from cs_console.staff.sessions import end_and_record, no_longer_here
from cs_console.staff.tries import Counted, count_try, count_unknown_try, give_back, take_back_one
from models.agent import Agent
from models.agent_session import AgentSession
from models.enums import AccountState, Action
from models.roles import REVIEWS_LOG

TOUCH_EVERY = timedelta(seconds=15)
CODE_WITHIN = timedelta(minutes=5)
"""How long after the password the code may come."""
UNKNOWN = "unknown"


@dataclass(frozen=True)
class SignedIn:
    """A new session. What is due has to be done first: the services refuse until then.

    `last_signed_in`: when the account's session before this one began, None for the first.
    `failures_before`: wrong passwords since the last right one, for the owner to notice.
    """

    session: DeskSession
    undertaking_due: bool
    must_change_password: bool
    last_signed_in: datetime | None
    failures_before: int
    second_factor_due: bool = False


@dataclass(frozen=True)
class FirstStep:
    """Name and password were right. It is good for CODE_WITHIN in this process, and opens nothing by itself."""

    asks_for_code: bool
    agent: Agent = field(repr=False)
    hashed: str = field(repr=False)
    failures_before: int
    at: datetime


def sign_in(desk: Desk, name: str, password: str, code: str = "") -> SignedIn:
    """Both steps at once; see `first_step` and `second_step`."""
    return second_step(desk, first_step(desk, name, password), code)


def first_step(desk: Desk, name: str, password: str) -> FirstStep:
    """Check name and password. The same time and words for an unknown name; no session begins yet.

    Raises SignInRefused or SignInMustWait. Every failure is recorded; an unknown name is recorded as
    "unknown", never as it was typed (ASVS 6.3.8, 16.3.1).
    """
    agent, counted = _count(desk, normal_name(name))
    if isinstance(counted, SignInMustWait):
        raise counted
    right = is_password_of(desk, agent, password)
    if agent is None or not right:
        with desk.database.transaction() as db:
            record_failure(db, desk, _actor(desk, agent), SignInRefused.code)
        raise SignInRefused
    with desk.database.transaction() as db:
        asks_for_code = has_factor(db, desk, agent)
        if asks_for_code:
            take_back_one(db, agent.id)
    hashed = _up_to_date(agent.password_hash, password)
    return FirstStep(asks_for_code, agent, hashed, counted.earlier, desk.clock.now())


def second_step(desk: Desk, first: FirstStep, code: str = "") -> SignedIn:
    """Begin the session, with a code of the second factor where the account has one (ASVS 6.3.3); an older one ends.

    A wrong code is counted like a wrong password. A reviewer of the log is let in only to the log they saw last,
    grown; and no one before requesters that a backup brought back are erased again. Raises WrongFactor,
    SignInMustWait, AccountSuspended, LogPutBack, SignInRefused where the account changed meanwhile, or what keeps them
    from being erased.
    """
    agent = first.agent
    if first.asks_for_code:
        _require_code(desk, first, code)
    if _reviews(agent):
        _require_the_same_log(desk, agent)
    apply_again(desk)
    list_desk_keys(desk)
    begun = _begin(desk, first)
    if isinstance(begun, ConsoleError):
        raise begun
    _remember_the_log(begun.session)
    return begun


def _require_code(desk: Desk, first: FirstStep, typed: str) -> None:
    """Count a try before the code is looked at, then use the code. Raises WrongFactor, SignInMustWait."""
    agent = first.agent
    if desk.clock.now() - first.at > CODE_WITHIN:
        raise WrongFactor("It took too long. Enter your name and password again.")
    with desk.database.transaction() as db:
        counted = count_try(db, agent.id, desk.clock.now())
        if isinstance(counted, SignInMustWait):
            record_failure(db, desk, account_actor(desk, agent), counted.code)
    if isinstance(counted, SignInMustWait):
        raise counted
    with desk.database.transaction() as db:
        right = take_code(db, desk, agent, typed)
        if not right:
            record_failure(db, desk, account_actor(desk, agent), WrongFactor.code)
    if not right:
        raise WrongFactor


def sign_out(session: DeskSession, reason: str = "signed out") -> None:
    """End the session, record it once, and sign a checkpoint of the log. An ended session stays as it ended."""
    from cs_console.access_log.checkpoint import write_checkpoint  # signing is not on the way to the first screen

    with session.desk.database.transaction() as db:
        ended = db.connection().execute(
            update(AgentSession)
            .where(col(AgentSession.id) == session.session_id, col(AgentSession.ended_at).is_(None))
            .values(ended_at=session.desk.clock.now(), end_reason=reason)
        )
        if not ended.rowcount:
            return
        no_longer_here(db, session.agent.id)
        record(db, session, Entry(Action.SIGNED_OUT, reason=reason))
    with suppress(ConsoleError):  # the session is over, signed log or not; the header shows a log that cannot be signed
        write_checkpoint(session.desk, force=True)
    _remember_the_log(session)


def touch(session: DeskSession) -> None:
    """Note that the agent is at work; written at most every 15 s. It never revives a session that is over.

    Raises SessionEnded.
    """
    now = session.desk.clock.now()
    with session.desk.database.reading() as db:
        require_session(db, session)
        active = db.connection().execute(
            select(col(AgentSession.last_active_at)).where(col(AgentSession.id) == session.session_id)
        )
        if now - active.scalar_one() < TOUCH_EVERY:
            return
    with session.desk.database.transaction() as db:
        require_session(db, session)
        _keep_awake(db, session, now)


def unlock(session: DeskSession, password: str) -> None:
    """Open the lock with the account's own password; wrong ones are counted for this session.

    Raises SessionEnded, WrongPassword or SignInMustWait.
    """
    with session.desk.database.reading() as db:
        require_session(db, session)
    if not confirm_password(session, password):
        raise WrongPassword("Try again.")
    with session.desk.database.transaction() as db:
        require_session(db, session)
        _keep_awake(db, session, session.desk.clock.now())


def _reviews(account: Agent | AgentCard) -> bool:
    held = account.roles.split(",") if isinstance(account, Agent) else account.roles
    return any(role in held for role in REVIEWS_LOG)


def _require_the_same_log(desk: Desk, agent: Agent) -> None:
    """Refuse a log that was put back or rewritten since this reviewer saw it; it was no wrong password."""
    from cs_console.access_log.pinned_log import require_grown  # agents do not wait for it

    try:
        require_grown(desk, agent.name, agent.id)
    except LogPutBack as error:
        with suppress(ConsoleError), desk.database.transaction() as db:
            give_back(db, agent.id)
            record_failure(db, desk, _actor(desk, agent), error.code)
        raise


def _remember_the_log(session: DeskSession) -> None:
    if _reviews(session.agent):
        from cs_console.access_log.pinned_log import remember  # for reviewers alone

        remember(session.desk, session.agent.name, session.agent.id)


def _keep_awake(db: Session, session: DeskSession, now: datetime) -> None:
    db.connection().execute(
        update(AgentSession).where(col(AgentSession.id) == session.session_id).values(last_active_at=now)
    )


def _count(desk: Desk, name: str) -> tuple[Agent | None, Counted | SignInMustWait]:
    """Count the try before the password is looked at; a refusal is recorded with it."""
    with desk.database.transaction() as db:
        now = desk.clock.now()
        agent = find_agent(db, name)
        if agent is None:
            counted = count_unknown_try(db, desk, name, now)
        else:
            counted = count_try(db, agent.id, now)
        if isinstance(counted, SignInMustWait):
            record_failure(db, desk, _actor(desk, agent), counted.code)
    return agent, counted


def _begin(desk: Desk, first: FirstStep) -> SignedIn | ConsoleError:
    """Start the session unless the account changed while it was signing in."""
    agent = first.agent
    with desk.database.transaction() as db:
        now = desk.clock.now()
        taken = db.connection().execute(
            update(Agent)
            .where(
                col(Agent.id) == agent.id,
                col(Agent.password_hash) == agent.password_hash,
                col(Agent.state) == AccountState.ACTIVE,
            )
            .values(failures=0, next_try_at=None, password_hash=first.hashed)
        )
        current = db.get_one(Agent, agent.id, populate_existing=True)
        said = account_on_record(db.connection(), desk, agent.id, current.name)
        as_named = said is not None and said.name == current.name
        if not taken.rowcount or said is None or not as_named or said.state is not AccountState.ACTIVE:
            suspended = current.state != AccountState.ACTIVE or (said is not None and said.state != AccountState.ACTIVE)
            refusal: ConsoleError = AccountSuspended() if suspended else SignInRefused()
            record_failure(db, desk, account_actor(desk, current), refusal.code)
            return refusal
        started = db.connection().execute(
            select(func.max(col(AgentSession.started_at))).where(col(AgentSession.agent_id) == agent.id)
        )
        last = started.scalar()
        end_and_record(db, desk, account_actor(desk, current), agent.id, "you signed in elsewhere")
        has_one = has_factor(db, desk, agent)
        if has_one and not first.asks_for_code:  # it was set up in between
            record_failure(db, desk, account_actor(desk, current), SignInRefused.code)
            return SignInRefused()
        enrolling = not has_one and is_demanded(desk.settings, current.roles)
        session_id = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
        db.add(
            AgentSession(
                id=session_id,
                agent_id=agent.id,
                host=desk.host,
                started_at=now,
                last_active_at=now,
                enrolling=enrolling,
            )
        )
        db.flush()
        session = DeskSession(desk, card_of(db, desk, current), session_id)
        owes = owes_password(db, desk, current)
        if first.hashed != agent.password_hash:
            hashed = about_password(desk, agent.id, first.hashed, must_change=owes)
            reason = f"{current.name}: the same password, hashed with today's parameters"
            about = about_now(db, desk, current) | hashed
            append(db, desk, session.actor, Entry(Action.ACCOUNT_CHANGED, reason=reason, about=about), now)
        append(db, desk, session.actor, Entry(Action.SIGNED_IN), now)
        due = not undertakings.is_current(db, session)
        return SignedIn(session, due, owes, last, first.failures_before, enrolling)


def _up_to_date(stored: str, password: str) -> str:
    """The same hash, or a new one when the parameters have risen since (SECURITY.md)."""
    return passwords.hash_password(password) if passwords.needs_rehash(stored) else stored


def _actor(desk: Desk, agent: Agent | None) -> Actor:
    return Actor(UNKNOWN, "", "", desk.host) if agent is None else account_actor(desk, agent)

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
from cs_console.desk import AgentCard, Desk, Office
from cs_console.errors import (
    AccountSuspended,
    LogPutBack,
    Refusal,
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
from cs_console.staff.sessions import end_and_record
from cs_console.staff.tries import Counted, count_try, count_unknown_try, give_back, take_back_one
from models.agent import Agent
from models.agent_session import AgentSession
from models.enums import AccountState, Action, Role

TOUCH_EVERY = timedelta(seconds=15)
CODE_WITHIN = timedelta(minutes=5)
"""How long after the password the code may come."""
UNKNOWN = "unknown"
REVIEWERS = (Role.SUPERVISOR, Role.PRIVACY_OFFICER)


@dataclass(frozen=True)
class SignedIn:
    """A new session. What is due has to be done first: the services refuse until then.

    `last_signed_in`: when the account's session before this one began, None for the first.
    `failures_before`: wrong passwords since the last right one, for the owner to notice.
    """

    desk: Desk
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


def sign_in(office: Office, name: str, password: str, code: str = "") -> SignedIn:
    """Both steps at once; see `first_step` and `second_step`."""
    return second_step(office, first_step(office, name, password), code)


def first_step(office: Office, name: str, password: str) -> FirstStep:
    """Check name and password. The same time and words for an unknown name; no session begins yet.

    Raises SignInRefused or SignInMustWait. Every failure is recorded; a name that is no account's is recorded as
    "unknown", never as it was typed (ASVS 6.3.8, 16.3.1).
    """
    agent, counted = _count(office, normal_name(name))
    if isinstance(counted, SignInMustWait):
        raise counted
    right = is_password_of(office, agent, password)
    if agent is None or not right:
        with office.database.transaction() as session:
            record_failure(session, office, _actor(office, agent), SignInRefused.code)
        raise SignInRefused
    with office.database.transaction() as session:
        asks_for_code = has_factor(session, office, agent)
        if asks_for_code:
            take_back_one(session, agent.id)
    hashed = _up_to_date(agent.password_hash, password)
    return FirstStep(asks_for_code, agent, hashed, counted.earlier, office.clock.now())


def second_step(office: Office, first: FirstStep, code: str = "") -> SignedIn:
    """Begin the session, with a code of the second factor where the account has one (ASVS 6.3.3); an older one ends.

    A wrong code is counted like a wrong password. A reviewer of the log is let in only to the log they saw last,
    grown; and no one before requesters that a backup brought back are erased again. Raises WrongFactor,
    SignInMustWait, AccountSuspended, LogPutBack, SignInRefused where the account changed meanwhile, or what keeps them
    from being erased.
    """
    agent = first.agent
    if first.asks_for_code:
        _require_code(office, first, code)
    if _reviews(agent):
        _require_the_same_log(office, agent)
    apply_again(office)
    list_desk_keys(office)
    begun = _begin(office, first)
    if isinstance(begun, Refusal):
        raise begun
    _remember_the_log(begun.desk)
    return begun


def _require_code(office: Office, first: FirstStep, typed: str) -> None:
    """Count a try before the code is looked at, then use the code. Raises WrongFactor, SignInMustWait."""
    agent = first.agent
    if office.clock.now() - first.at > CODE_WITHIN:
        raise WrongFactor("It took too long: type your name and password again.")
    with office.database.transaction() as session:
        counted = count_try(session, agent.id, office.clock.now())
        if isinstance(counted, SignInMustWait):
            record_failure(session, office, account_actor(office, agent), counted.code)
    if isinstance(counted, SignInMustWait):
        raise counted
    with office.database.transaction() as session:
        right = take_code(session, office, agent, typed)
        if not right:
            record_failure(session, office, account_actor(office, agent), WrongFactor.code)
    if not right:
        raise WrongFactor


def sign_out(desk: Desk, reason: str = "signed out") -> None:
    """End the session, record it once, and sign a checkpoint of the log. An ended session stays as it ended."""
    from cs_console.access_log.checkpoint import write_checkpoint  # signing is not on the way to the first screen

    with desk.office.database.transaction() as session:
        ended = session.connection().execute(
            update(AgentSession)
            .where(col(AgentSession.id) == desk.session_id, col(AgentSession.ended_at).is_(None))
            .values(ended_at=desk.office.clock.now(), end_reason=reason)
        )
        if not ended.rowcount:
            return
        record(session, desk, Entry(Action.SIGNED_OUT, reason=reason))
    with suppress(Refusal):  # the session is over, signed log or not; the header shows a log that cannot be signed
        write_checkpoint(desk.office, force=True)
    _remember_the_log(desk)


def touch(desk: Desk) -> None:
    """Note that the agent is at work; written at most every 15 s. It never revives a session that is over.

    Raises SessionEnded.
    """
    now = desk.office.clock.now()
    with desk.office.database.reading() as session:
        require_session(session, desk)
        active = session.connection().execute(
            select(col(AgentSession.last_active_at)).where(col(AgentSession.id) == desk.session_id)
        )
        if now - active.scalar_one() < TOUCH_EVERY:
            return
    with desk.office.database.transaction() as session:
        require_session(session, desk)
        _keep_awake(session, desk, now)


def unlock(desk: Desk, password: str) -> None:
    """Open the lock with the account's own password; wrong ones are counted for this session.

    Raises SessionEnded, WrongPassword or SignInMustWait.
    """
    with desk.office.database.reading() as session:
        require_session(session, desk)
    if not confirm_password(desk, password):
        raise WrongPassword("Try again.")
    with desk.office.database.transaction() as session:
        require_session(session, desk)
        _keep_awake(session, desk, desk.office.clock.now())


def _reviews(account: Agent | AgentCard) -> bool:
    held = account.roles.split(",") if isinstance(account, Agent) else account.roles
    return any(role in held for role in REVIEWERS)


def _require_the_same_log(office: Office, agent: Agent) -> None:
    """Refuse a log that was put back or rewritten since this reviewer saw it; it was no wrong password."""
    from cs_console.access_log.pinned_log import require_grown  # agents do not wait for it

    try:
        require_grown(office, agent.name, agent.id)
    except LogPutBack as refusal:
        with suppress(Refusal), office.database.transaction() as session:
            give_back(session, agent.id)
            record_failure(session, office, _actor(office, agent), refusal.code)
        raise


def _remember_the_log(desk: Desk) -> None:
    if _reviews(desk.agent):
        from cs_console.access_log.pinned_log import remember

        remember(desk.office, desk.agent.name, desk.agent.id)


def _keep_awake(session: Session, desk: Desk, now: datetime) -> None:
    session.connection().execute(
        update(AgentSession).where(col(AgentSession.id) == desk.session_id).values(last_active_at=now)
    )


def _count(office: Office, name: str) -> tuple[Agent | None, Counted | SignInMustWait]:
    """Count the try before the password is looked at; a refusal is recorded with it."""
    with office.database.transaction() as session:
        now = office.clock.now()
        agent = find_agent(session, name)
        if agent is None:
            counted = count_unknown_try(session, office, name, now)
        else:
            counted = count_try(session, agent.id, now)
        if isinstance(counted, SignInMustWait):
            record_failure(session, office, _actor(office, agent), counted.code)
    return agent, counted


def _begin(office: Office, first: FirstStep) -> SignedIn | Refusal:
    """Start the session unless the account changed while it was signing in."""
    agent = first.agent
    with office.database.transaction() as session:
        now = office.clock.now()
        taken = session.connection().execute(
            update(Agent)
            .where(
                col(Agent.id) == agent.id,
                col(Agent.password_hash) == agent.password_hash,
                col(Agent.state) == AccountState.ACTIVE,
            )
            .values(failures=0, next_try_at=None, password_hash=first.hashed)
        )
        current = session.get_one(Agent, agent.id, populate_existing=True)
        said = account_on_record(session.connection(), office, agent.id, current.name)
        as_named = said is not None and said.name == current.name
        if not taken.rowcount or said is None or not as_named or said.state is not AccountState.ACTIVE:
            suspended = current.state != AccountState.ACTIVE or (said is not None and said.state != AccountState.ACTIVE)
            refusal: Refusal = AccountSuspended() if suspended else SignInRefused()
            record_failure(session, office, account_actor(office, current), refusal.code)
            return refusal
        started = session.connection().execute(
            select(func.max(col(AgentSession.started_at))).where(col(AgentSession.agent_id) == agent.id)
        )
        last = started.scalar()
        end_and_record(session, office, account_actor(office, current), agent.id, "you signed in elsewhere")
        has_one = has_factor(session, office, agent)
        if has_one and not first.asks_for_code:  # it was set up in between
            record_failure(session, office, account_actor(office, current), SignInRefused.code)
            return SignInRefused()
        enrolling = not has_one and is_demanded(office.settings, current.roles)
        session_id = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
        session.add(
            AgentSession(
                id=session_id,
                agent_id=agent.id,
                host=office.host,
                started_at=now,
                last_active_at=now,
                enrolling=enrolling,
            )
        )
        session.flush()
        desk = Desk(office, card_of(session, office, current), session_id)
        owes = owes_password(session, office, current)
        if first.hashed != agent.password_hash:
            hashed = about_password(office, agent.id, first.hashed, must_change=owes)
            reason = f"{current.name}: the same password, hashed with today's parameters"
            about = about_now(session, office, current) | hashed
            append(session, office, desk.actor, Entry(Action.ACCOUNT_CHANGED, reason=reason, about=about), now)
        append(session, office, desk.actor, Entry(Action.SIGNED_IN), now)
        due = not undertakings.is_current(session, desk)
        return SignedIn(desk, due, owes, last, first.failures_before, enrolling)


def _up_to_date(stored: str, password: str) -> str:
    """The same hash, or a new one when the parameters have risen since (SECURITY.md)."""
    return passwords.hash_password(password) if passwords.needs_rehash(stored) else stored


def _actor(office: Office, agent: Agent | None) -> Actor:
    return Actor(UNKNOWN, "", "", office.host) if agent is None else account_actor(office, agent)

"""Accounts of the people who work here: made, changed, suspended; their passwords checked and counted."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from cs_console.access_log.accounts_on_record import (
    OnRecord,
    about_account,
    about_password,
    account_on_record,
    accounts_on_record,
    identity_digest,
    password_digest,
)
from cs_console.access_log.append import append, record
from cs_console.access_log.entry import Actor, Entry
from cs_console.desk import AgentCard, Desk, DeskSession, OperatorSession
from cs_console.errors import (
    BadAccount,
    BadPassword,
    LastAdmin,
    NotVouched,
    SignInMustWait,
    SignInRefused,
    UnknownAgent,
)
from cs_console.live_session import require_live, require_session, roles_held
from cs_console.staff import passwords, persons
from cs_console.staff.factor_state import has_factor
from cs_console.staff.given_roles import roles_of, roles_to_confirm, words_of
from cs_console.staff.sessions import end_and_record
from cs_console.staff.tries import count_session_try, count_try, give_back, give_back_to_session
from models.agent import Agent
from models.agent_session import AgentSession
from models.enums import AccountState, Action, Result
from models.roles import CONFIRMED_ROLES, MANAGES_ACCOUNTS, UNLOCKS_ACCOUNTS, Role

NAME = re.compile(r"[a-z0-9._-]{2,32}")
RESERVED = frozenset({"operator", "unknown", "console", "me", "none"})
"""Names that stand for something else in the access log or in a filter."""


@dataclass(frozen=True)
class AgentRow:
    """One account as an admin sees it. `waits_until`: too many failures, no try before then."""

    name: str
    roles: tuple[Role, ...]
    state: AccountState
    must_change_password: bool
    failures: int
    waits_until: datetime | None
    last_signed_in: datetime | None
    created_at: datetime
    to_confirm: tuple[Role, ...] = ()
    """Roles that were given and do not count before another person confirms them."""
    identified: bool = False
    """Whether its owner is recorded; two accounts without a recorded owner do not count as two people."""


def normal_name(typed: str) -> str:
    """The name as accounts are found by: case does not matter, nor space around it."""
    return typed.strip().casefold()


def new_name(typed: str) -> str:
    """A usable name for a new account. Raises BadAccount."""
    name = normal_name(typed)
    if NAME.fullmatch(name) is None:
        raise BadAccount("A name is 2 to 32 of the characters a-z, 0-9, dot, underscore and hyphen.", "Choose another.")
    if name in RESERVED:
        raise BadAccount(f"The name {name} is reserved.", "Choose another.")
    return name


def roles_from(words: Iterable[str]) -> frozenset[Role]:
    """The roles of those words; "privacy-officer" is understood too. Raises BadAccount naming the roles there are."""
    found = set()
    for word in words:
        for part in word.split(","):
            try:
                found.add(Role(" ".join(re.split(r"[\s_-]+", part.strip().casefold()))))
            except ValueError:
                there_are = ", ".join(role.value for role in Role)
                raise BadAccount(f"Unknown role {part.strip()!r}.", f"The roles are: {there_are}.") from None
    if not found:
        raise BadAccount("An account needs at least one role.", f"The roles are: {', '.join(Role)}.")
    return frozenset(found)


def card_of(db: Session, desk: Desk, agent: Agent) -> AgentCard:
    """Who that account is, for a desk: with the roles that its row and the log hold alike."""
    return AgentCard(agent.id, agent.name, roles_held(db, desk, agent))


def account_actor(desk: Desk, agent: Agent, session_id: str = "") -> Actor:
    """The account itself as the one who acts, in a session or before there is one."""
    return Actor(agent.name, agent.roles, session_id[:16], desk.host)


def add_agent(
    session: DeskSession,
    name: str,
    roles: Iterable[Role],
    password: str,
    *,
    temporary: bool = False,
    identity: str = "",
) -> str:
    """Make an account and return its id. With `temporary` its owner has to choose a password at the first sign-in.

    `identity`: a contact of its owner that no other active account has; it shows that they are another person.
    Raises BadAccount (name or identity taken or unusable, no role) or BadPassword.
    """
    chosen, held = new_name(name), frozenset(roles)
    if not held:
        raise BadAccount("An account needs at least one role.", f"The roles are: {', '.join(Role)}.")
    passwords.check_new(password, chosen, session.desk.settings.desk_name)
    hashed = passwords.hash_password(password)
    with session.work(*MANAGES_ACCOUNTS) as db:
        token = persons.identity_token(session.desk, identity) if identity else None
        persons.require_own_identity(db, token)
        later = roles_to_confirm(db, session.desk, "", "", held)
        agent = insert_agent(db, session.desk, chosen, held - later, hashed, temporary=temporary, identity=token)
        _wait_for_confirmation(session, agent, later)
        db.add(agent)
        db.flush()
        about = about_account(session.desk, agent) | (_about_roles(held, later) if held & CONFIRMED_ROLES else {})
        record(db, session, Entry(Action.ACCOUNT_ADDED, reason=f"{chosen}: {_told(agent)}", about=about))
        return agent.id


def insert_agent(
    db: Session,
    desk: Desk,
    name: str,
    roles: frozenset[Role],
    hashed: str,
    *,
    temporary: bool = False,
    identity: bytes | None = None,
) -> Agent:
    """Store a new account inside the caller's transaction. Raises BadAccount when the name is taken."""
    now = desk.clock.now()
    agent = Agent(
        name=name,
        roles=",".join(sorted(role.value for role in roles)),
        password_hash=hashed,
        password_set_at=now,
        must_change_password=temporary,
        created_at=now,
        identity=identity,
    )
    try:
        with db.begin_nested():
            db.add(agent)
            db.flush()
    except IntegrityError:
        raise BadAccount(f"An account named {name} already exists.", "Choose another name.") from None
    return agent


def list_agents(session: DeskSession) -> tuple[AgentRow, ...]:
    """All accounts by name."""
    with session.reading(*UNLOCKS_ACCOUNTS) as db:
        newest = select(col(AgentSession.agent_id), func.max(col(AgentSession.started_at))).group_by(
            col(AgentSession.agent_id)
        )
        started = {row[0]: row[1] for row in db.connection().execute(newest)}
        agents = db.scalars(select(Agent).order_by(col(Agent.name))).all()
        now = session.desk.clock.now()
        return tuple(_row_of(agent, started.get(agent.id), now) for agent in agents)


def _row_of(agent: Agent, last: datetime | None, now: datetime) -> AgentRow:
    waits = agent.next_try_at if agent.next_try_at is not None and agent.next_try_at > now else None
    return AgentRow(
        agent.name,
        tuple(Role(word) for word in agent.roles.split(",") if word),
        AccountState(agent.state),
        agent.must_change_password,
        agent.failures,
        waits,
        last,
        agent.created_at,
        tuple(sorted(roles_of(agent.roles_to_confirm))),
        agent.identity is not None,
    )


def without_identity(db: Session) -> int:
    """How many active accounts have no identity: none of them is the second person beside another of them."""
    unknown = select(func.count()).where(col(Agent.state) == AccountState.ACTIVE, col(Agent.identity).is_(None))
    return db.connection().execute(unknown).scalar_one()


def unlike_the_log(db: Session, desk: Desk) -> tuple[str, ...]:
    """The accounts of whose row the log says otherwise, by name, with what differs. Raises LogBroken."""
    known = accounts_on_record(db.connection(), desk)
    agents = db.scalars(select(Agent).order_by(col(Agent.name))).all()
    found = {agent.name: _differences(desk, agent, known.of(agent.id, agent.name)) for agent in agents}
    return tuple(f"{name} ({', '.join(differs)})" for name, differs in found.items() if differs)


def _differences(desk: Desk, agent: Agent, said: OnRecord | None) -> list[str]:
    if said is None:
        return ["not in the log at all"]
    row = about_account(desk, agent)
    compared = {
        "name": (agent.name, said.name),
        "roles": (roles_of(agent.roles), roles_of(said.roles)),
        "state": (agent.state, said.state),
        "identity": (row["identity"], said.identity),
        "password": (row["password"], said.password),
        "roles to be confirmed": (row["waiting"], said.waiting),
    }
    return [what for what, (stored, logged) in compared.items() if logged is not None and stored != logged]


def suspend(session: DeskSession, name: str) -> None:
    """Close an account to sign-in and end its sessions (policy IV.(1)2).

    Raises UnknownAgent, BadAccount, and, once that is recorded, LastAdmin.
    """
    with _last_admin_on_record(session, name), session.work(*MANAGES_ACCOUNTS) as db:
        admins = _locked_admins(db)
        agent = named(db, session.desk, name)
        _not_oneself(session, agent)
        _not_last(admins, agent)
        agent.state = AccountState.SUSPENDED
        _changed(db, session, agent, "suspended", ends="your account is suspended")


def unlock(session: DeskSession, name: str) -> None:
    """Lift the wait after failed sign-ins; for an admin it also lifts a suspension. No one unlocks their own account.

    Raises UnknownAgent, BadAccount, NotAllowed.
    """
    with session.work(*UNLOCKS_ACCOUNTS) as db:
        agent = named(db, session.desk, name)
        _not_oneself(session, agent)
        if agent.state == AccountState.SUSPENDED and not isinstance(session, OperatorSession):
            require_live(db, session, (Role.ADMIN,))
        persons.require_own_identity(db, agent.identity, agent.id)
        agent.state = AccountState.ACTIVE
        db.flush()
        give_back(db, agent.id)
        _changed(db, session, agent, "unlocked")


def reset(session: DeskSession, name: str, password: str) -> None:
    """Give an account a password that its owner has to change at the next sign-in; its sessions end.

    One's own is changed with the old one instead (ASVS 6.2.3). Raises UnknownAgent, BadAccount, BadPassword.
    """
    passwords.check_new(password, normal_name(name), session.desk.settings.desk_name)
    hashed = passwords.hash_password(password)
    with session.work(*MANAGES_ACCOUNTS) as db:
        agent = named(db, session.desk, name)
        _not_oneself(session, agent)
        agent.password_hash = hashed
        agent.password_set_at = session.desk.clock.now()
        agent.must_change_password = True
        db.flush()
        give_back(db, agent.id)
        about = {"change": "password reset", **about_password(session.desk, agent.id, hashed, must_change=True)}
        _changed(db, session, agent, "password reset", ends="your password was reset", about=about)


def set_identity(session: DeskSession, name: str, contact: str) -> None:
    """Record an account's owner, by a contact of that person; only its keyed hash is kept.

    Raises UnknownAgent, or BadAccount for an invalid contact, one of another active account, or one's own account.
    """
    token = persons.identity_token(session.desk, contact)
    with session.work(*MANAGES_ACCOUNTS) as db:
        agent = named(db, session.desk, name)
        _not_oneself(session, agent)
        persons.require_own_identity(db, token, agent.id)
        agent.identity = token
        about = {"identity": identity_digest(session.desk, token)}
        _changed(db, session, agent, "identity recorded", about=about)


def set_roles(session: DeskSession, name: str, roles: Iterable[Role]) -> None:
    """Give an account exactly these roles; its sessions end. No one changes their own.

    Raises UnknownAgent, BadAccount, and, once that is recorded, LastAdmin.
    """
    wanted = frozenset(roles)
    if not wanted:
        raise BadAccount("An account needs at least one role.", f"The roles are: {', '.join(Role)}.")
    with _last_admin_on_record(session, name), session.work(*MANAGES_ACCOUNTS) as db:
        admins = _locked_admins(db)
        agent = named(db, session.desk, name)
        _not_oneself(session, agent)
        if Role.ADMIN not in wanted:
            _not_last(admins, agent)
        before = agent.roles
        later = roles_to_confirm(db, session.desk, agent.id, before, wanted)
        agent.roles = words_of(wanted - later)
        _wait_for_confirmation(session, agent, later)
        new = wanted - roles_of(before)
        about = _about_roles(new, later) if new else {}
        what = f"roles {before} -> {_told(agent)}"
        _changed(db, session, agent, what, ends="your roles were changed", about=about)


def _wait_for_confirmation(session: DeskSession, agent: Agent, roles: frozenset[Role]) -> None:
    agent.roles_to_confirm = words_of(roles)
    agent.roles_given_by = (session.agent.id or None) if roles else None


def _told(agent: Agent) -> str:
    """The account's roles for the record, those that wait among them."""
    waiting = f"{agent.roles_to_confirm} to be confirmed" if agent.roles_to_confirm else ""
    return "; ".join(filter(None, (agent.roles, waiting)))


def _about_roles(new: frozenset[Role], later: frozenset[Role]) -> dict[str, str]:
    change = "roles to be confirmed" if later else "roles given"
    return {"change": change, "roles": words_of(later or new)}


def change_own_password(session: DeskSession, old: str, new: str) -> None:
    """Choose a new password, with the old one (ASVS 6.2.3). This session, the account's only one, goes on.

    Raises SignInRefused or SignInMustWait for the old one, BadPassword for the new one.
    """
    desk = session.desk
    with desk.database.reading() as db:
        require_session(db, session)
        beside_factor = has_factor(db, desk, session.agent)
    shortest = passwords.SHORTEST_WITH_FACTOR if beside_factor else passwords.SHORTEST
    passwords.check_new(new, session.agent.name, desk.settings.desk_name, shortest=shortest)
    if passwords.normal(old) == passwords.normal(new):
        raise BadPassword("This is your current password.", "Choose another one.")
    if not confirm_password(session, old):
        raise SignInRefused
    hashed = passwords.hash_password(new)
    with desk.database.transaction() as db:
        require_session(db, session)
        db.connection().execute(
            update(Agent)
            .where(col(Agent.id) == session.agent.id)
            .values(password_hash=hashed, password_set_at=desk.clock.now(), must_change_password=False)
        )
        reason = f"{session.agent.name}: password changed"
        agent = _as_on_record(db, desk, db.get_one(Agent, session.agent.id, populate_existing=True))
        about = about_now(db, desk, agent) | about_password(desk, agent.id, hashed, must_change=False)
        record(db, session, Entry(Action.ACCOUNT_CHANGED, reason=reason, about=about))


def confirm_password(session: DeskSession, password: str) -> bool:
    """Whether this is the password of the person signed in, asked again behind the lock or before an approval.

    Counted for this session alone (ASVS 7.5.1): failures at the door keep no one waiting who is inside, and the other
    way round. Failures are recorded and make the next try wait. Raises SignInMustWait.
    """
    return check_password(session.desk, session.agent.id, password, session_id=session.session_id)


def check_password(desk: Desk, agent_id: str, password: str, *, session_id: str = "") -> bool:
    """Whether this is the account's password, of a person who need not be signed in.

    Counted like a sign-in, or for that session: failures are recorded and make the next try wait. Raises
    SignInMustWait.
    """
    with desk.database.transaction() as db:
        agent = db.get(Agent, agent_id)
        if agent is None or agent.state != AccountState.ACTIVE:
            return False
        now = desk.clock.now()
        counted = count_session_try(db, session_id, now) if session_id else count_try(db, agent_id, now)
        if isinstance(counted, SignInMustWait):
            record_failure(db, desk, account_actor(desk, agent), counted.code)
    if isinstance(counted, SignInMustWait):
        raise counted
    right = is_password_of(desk, agent, password)
    with desk.database.transaction() as db:
        if right and session_id:
            give_back_to_session(db, session_id)
        elif right:
            give_back(db, agent_id)
        else:
            record_failure(db, desk, account_actor(desk, agent), "password_asked_again")
    return right


def is_password_of(desk: Desk, agent: Agent | None, typed: str) -> bool:
    """Whether that is the account's password, and its name and the stored hash those that the log has.

    It takes as long for None, which is not an account. Raises LogBroken.
    """
    right = passwords.verify(agent.password_hash if agent else None, typed)
    if agent is None or not right:
        return False
    with desk.database.reading() as db:
        said = account_on_record(db.connection(), desk, agent.id, agent.name)
    if said is None or said.name != agent.name:  # a name that was swapped makes no one another
        return False
    # an older desk did not say which password
    return said.password is None or said.password == password_digest(desk, agent.id, agent.password_hash)


def owes_password(db: Session, desk: Desk, agent: Agent) -> bool:
    """Whether its owner has to choose another password first, by the row or by the log."""
    said = account_on_record(db.connection(), desk, agent.id, agent.name)
    return agent.must_change_password or (said is not None and bool(said.must_change))


def require_new_password(db: Session, session: DeskSession, agent: Agent) -> None:
    """Have the account's owner choose a password at the next sign-in, on record."""
    agent.must_change_password = True
    _changed(db, session, agent, "a new password is due", about={"must_change": "1"})


def record_failure(db: Session, desk: Desk, actor: Actor, reason: str) -> None:
    """Record a refused sign-in or password (ASVS 16.3.1)."""
    append(
        db,
        desk,
        actor,
        Entry(Action.SIGN_IN_FAILED, outcome=Result.REFUSED, reason=reason),
        desk.clock.now(),
    )


def find_agent(db: Session, name: str, *, locked: bool = False) -> Agent | None:
    """The account of that name, if there is one; with `locked` no one else changes it until the transaction ends."""
    if NAME.fullmatch(normal_name(name)) is None:
        return None  # no account has it; and not every store accepts every text
    found = select(Agent).where(col(Agent.name) == normal_name(name))
    return db.scalars(found.with_for_update() if locked else found).first()


def named(db: Session, desk: Desk, name: str) -> Agent:
    """The account of that name, locked, as the log has it. Raises UnknownAgent, NotVouched."""
    agent = find_agent(db, name, locked=True)
    if agent is None:
        raise UnknownAgent("There is no account with that name.", "See `cs-console agents list`.")
    return _as_on_record(db, desk, agent)


def _as_on_record(db: Session, desk: Desk, agent: Agent) -> Agent:
    """The account with its row put right where the log says otherwise, so that no change to it confirms a forged row.

    Raises NotVouched for one that the log does not know, or knows by another name.
    """
    said = account_on_record(db.connection(), desk, agent.id, agent.name)
    if said is None or said.name != agent.name:
        raise NotVouched(f"The access log does not contain the account {agent.name} as it is stored.")
    agent.roles, agent.state = said.roles, said.state
    if said.waiting is not None:
        agent.roles_to_confirm, agent.roles_given_by = said.waiting, said.given_by or None
    return agent


def about_now(db: Session, desk: Desk, agent: Agent) -> dict[str, str]:
    """What an entry about a change of this account vouches for: what the log has, where the row may be forged."""
    said = account_on_record(db.connection(), desk, agent.id, agent.name)
    about = about_account(desk, agent)
    if said is not None:
        about["name"] = said.name
    if said is not None and said.identity is not None:
        about["identity"] = said.identity
    if said is not None and said.password is not None:
        about |= {"password": said.password, "must_change": "1" if said.must_change else ""}
    return about


def _not_oneself(session: DeskSession, agent: Agent) -> None:
    if agent.id == session.agent.id:
        raise BadAccount("You cannot change your own account.", "Ask another admin.")


def _locked_admins(db: Session) -> frozenset[str]:
    """The ids of the admins who can sign in; locked until the transaction ends, so that none is removed."""
    active = (
        select(col(Agent.id))
        .where(col(Agent.state) == AccountState.ACTIVE, col(Agent.roles).contains(Role.ADMIN.value))
        .order_by(col(Agent.id))  # in one order everywhere: two consoles that each held one would wait for ever
        .with_for_update()
    )
    return frozenset(db.connection().execute(active).scalars())


def _not_last(admins: frozenset[str], agent: Agent) -> None:
    if admins == {agent.id}:
        raise LastAdmin(agent.name)


@contextmanager
def _last_admin_on_record(session: DeskSession, name: str) -> Iterator[None]:
    """Write a refused attempt on the last admin down in a transaction of its own before it is raised."""
    try:
        yield
    except LastAdmin as error:
        reason = f"{normal_name(name)}: {error.code}"
        with session.desk.database.transaction() as db:
            record(db, session, Entry(Action.ACCOUNT_CHANGED, outcome=Result.REFUSED, reason=reason))
        raise


def _changed(
    db: Session, session: DeskSession, agent: Agent, what: str, ends: str = "", about: Mapping[str, str] | None = None
) -> None:
    db.add(agent)
    db.flush()
    if ends:
        end_and_record(db, session.desk, account_actor(session.desk, agent), agent.id, ends)
    vouched = {**about_now(db, session.desk, agent), **(about or {})}
    record(db, session, Entry(Action.ACCOUNT_CHANGED, reason=f"{agent.name}: {what}", about=vouched))

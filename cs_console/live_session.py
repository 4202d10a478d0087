"""Whether a session is live and its account holds a role: asked before every act, by the store and by the log."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, case, select
from sqlmodel import Session, col

from cs_console.access_log.accounts_on_record import NEWEST_COLUMNS, OnRecord, account_on_record
from cs_console.errors import MustChangePassword, MustEnrol, NotAllowed, SessionEnded
from cs_console.prepared import Prepared, Row, Step, first_rows
from models.agent import Agent
from models.agent_session import AgentSession
from models.columns import from_microseconds, moment
from models.enums import AccountState
from models.roles import Role

if TYPE_CHECKING:
    from cs_console.desk import Desk, DeskSession

NOTHING, NEW_PASSWORD, SECOND_FACTOR = 0, 1, 2
"""What an account still has to do before anything else."""

LIVE_COLUMNS = (
    col(AgentSession.started_at),
    col(AgentSession.last_active_at),
    col(AgentSession.ended_at),
    col(AgentSession.end_reason),
    col(Agent.state),
    col(Agent.roles),
    case((col(Agent.must_change_password), NEW_PASSWORD), (col(AgentSession.enrolling), SECOND_FACTOR), else_=NOTHING),
    *NEWEST_COLUMNS,
)
"""What `check_live` and `roles_and_due` judge, for statements that read it together with more."""

_LIVE = Prepared(
    select(*LIVE_COLUMNS)
    .join(Agent, col(Agent.id) == col(AgentSession.agent_id))
    .where(col(AgentSession.id) == bindparam("session"), col(Agent.id) == bindparam("agent"))
)


def require_live(db: Session, session: "DeskSession", any_of: tuple[Role, ...]) -> None:
    """Refuse unless the desk's session is live and its account holds one of these roles (any, if none are named).

    Raises SessionEnded, NotAllowed, or, while the account owes a password of its own or a second factor,
    MustChangePassword or MustEnrol.
    """
    connection = db.connection()
    check_live_row(connection, session, first_rows(connection, live_step(session))[0], any_of)


def live_step(session: "DeskSession") -> Step:
    """What `check_live_row` judges, to be asked together with more."""
    return _LIVE, {"session": session.session_id, "agent": session.agent.id}


def check_live_row(connection: Connection, session: "DeskSession", row: Row | None, any_of: tuple[Role, ...]) -> None:
    """The same of the answer to `live_step`."""
    check_roles(*_roles_and_due(connection, session, row), any_of)


def roles_and_due(
    connection: Connection, session: "DeskSession", roles: str, due: int, newest: Iterable[bytes | None]
) -> tuple[str, int]:
    """Those of the roles in the account's row that the log holds too, and what is due by either of them.

    `newest`: of NEWEST_COLUMNS. Raises SessionEnded for an account that the log says is suspended, or does not know by
    that name; LogBroken.
    """
    said = account_on_record(connection, session.desk, session.agent.id, session.agent.name, newest)
    if said is None or said.name != session.agent.name or said.state is not AccountState.ACTIVE:
        raise SessionEnded("your account is suspended")
    return both(roles, said), NEW_PASSWORD if said.must_change else due


def both(roles: str, said: OnRecord) -> str:
    """The roles that an account's row and the log hold alike, joined by commas."""
    on_record = said.roles.split(",")
    return ",".join(role for role in roles.split(",") if role and role in on_record)


def roles_held(db: Session, desk: "Desk", agent: Agent) -> frozenset[Role]:
    """The roles that an account has now, by its row and by the log; none while either says it is suspended, nor
    where they differ in its name.
    """
    said = account_on_record(db.connection(), desk, agent.id, agent.name)
    if said is None or said.name != agent.name:
        return frozenset()
    if said.state is not AccountState.ACTIVE or agent.state != AccountState.ACTIVE:
        return frozenset()
    return frozenset(Role(word) for word in both(agent.roles, said).split(",") if word)


def check_roles(roles: str, due: int, any_of: tuple[Role, ...]) -> None:
    """Refuse unless one of these roles is among `roles`. Raises NotAllowed, MustChangePassword or MustEnrol."""
    if due == NEW_PASSWORD:
        raise MustChangePassword
    if due == SECOND_FACTOR:
        raise MustEnrol
    held = roles.split(",")
    if any_of and not any(role.value in held for role in any_of):
        wanted = " or ".join(role.value for role in any_of)
        article = "an" if wanted[0] in "aeiou" else "a"
        raise NotAllowed(f"Only {article} {wanted} can do this.", "Ask a person with that role.")


def require_session(db: Session, session: "DeskSession") -> None:
    """Refuse unless the desk's session is live: for what is allowed while a password or a second factor
    is due.

    Raises SessionEnded.
    """
    _roles_and_due(db.connection(), session, first_rows(db.connection(), live_step(session))[0])


def _roles_and_due(connection: Connection, session: "DeskSession", row: Row | None) -> tuple[str, int]:
    """The account's roles now, and what it has to do first. Raises SessionEnded."""
    if row is None:
        raise SessionEnded("this session is not known here")
    started, active, ended, reason, state, roles, due, *newest = row
    check_live(session, from_microseconds(started), from_microseconds(active), moment(ended), reason, state)
    return roles_and_due(connection, session, roles, due, newest)


def check_live(
    session: "DeskSession", started: datetime, active: datetime, ended: datetime | None, reason: str | None, state: str
) -> None:
    """Refuse a session that was ended, is idle or old, or whose account is suspended. Raises SessionEnded."""
    settings, now = session.desk.settings, session.desk.clock.now()
    if ended is not None:
        raise SessionEnded(reason or "the session was ended")
    if state != AccountState.ACTIVE:
        raise SessionEnded("your account is suspended")
    if now - active > timedelta(seconds=settings.idle_sign_out):
        raise SessionEnded(f"you were inactive for {settings.idle_sign_out // 60} minutes")
    if now - started > timedelta(hours=settings.session_hours):
        raise SessionEnded(f"your session reached its limit of {settings.session_hours} hours")

"""What the access log says of an account: its name, its roles, its state, whose it is, its password (DESIGN.md, 12).

Every entry that makes or changes an account vouches for all of that, so the newest one is the whole answer. A row can
take a role away; it gives none. Kept in memory until the newest such entry is another one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, LargeBinary, ScalarSelect, select, type_coerce
from sqlmodel import col

from cs_console.access_log import legacy
from cs_console.access_log.vouched import COLUMNS_OF_ENTRY, Word, digest, genuine
from models.agent import Agent
from models.enums import AccountState, Action, Result
from models.log import LogEntry

if TYPE_CHECKING:
    from cs_console.desk import Desk

ABOUT_ACCOUNTS = (Action.ACCOUNT_ADDED, Action.ACCOUNT_CHANGED)


@dataclass(frozen=True, slots=True)
class OnRecord:
    """One account. `name` is the one that it was made with: names never change. `roles`, `waiting` as words joined
    by commas; `waiting` were given by `given_by` (an id, "" for the operator) and do not count yet.

    `identity` and `password` are digests of what its row has to hold, `identity` "" where it is not recorded whose it
    is; with `must_change` the password was set by another person. Older entries say none of these, nor who gave
    which roles: None, and the row counts.
    """

    name: str
    roles: str
    state: AccountState
    identity: str | None = None
    waiting: str | None = None
    given_by: str | None = None
    password: str | None = None
    must_change: bool | None = None


@dataclass(slots=True)
class AccountsRead:
    """What was read of the log last. `newest`: the tags of the entries it ended with."""

    newest: tuple[bytes | None, ...] = ()
    by_id: Mapping[str, OnRecord] = field(default_factory=dict)
    of_older_desks: Mapping[str, OnRecord] = field(default_factory=dict)
    """By name: those entries have no id."""

    def of(self, agent_id: str, name: str) -> OnRecord | None:
        """What the log says of an account, None where it does not know it."""
        return self.by_id.get(agent_id) or self.of_older_desks.get(name)


def about_account(desk: "Desk", agent: Agent) -> dict[str, str]:
    """What an entry about an account vouches for, by its row."""
    return {
        "account": agent.id,
        "name": agent.name,
        "held": agent.roles,
        "state": AccountState(agent.state).value,
        "identity": identity_digest(desk, agent.identity),
        "waiting": agent.roles_to_confirm,
        "given_by": agent.roles_given_by or "",
        **about_password(desk, agent.id, agent.password_hash, must_change=agent.must_change_password),
    }


def about_password(desk: "Desk", agent_id: str, hashed: str, *, must_change: bool) -> dict[str, str]:
    """What an entry vouches for where a password is set: which hash of it, and whether its owner has to change it."""
    return {"password": password_digest(desk, agent_id, hashed), "must_change": "1" if must_change else ""}


def password_digest(desk: "Desk", agent_id: str, hashed: str) -> str:
    """How the log knows the hash of an account's password again."""
    return digest(desk, "password", agent_id, hashed)


def identity_digest(desk: "Desk", identity: bytes | None) -> str:
    """How the log knows an identity again; "" for none."""
    return "" if identity is None else digest(desk, "staff identity", bytes(identity).hex())


def tag_of_newest(action: Action) -> ScalarSelect[Any]:
    """The tag of the newest entry of this sort, which tells whether another one was written since."""
    return (
        select(type_coerce(col(LogEntry.tag), LargeBinary))
        .where(col(LogEntry.action) == action.value)
        .order_by(col(LogEntry.at).desc(), col(LogEntry.seq).desc())
        .limit(1)
        .scalar_subquery()
    )


NEWEST_COLUMNS: tuple[ScalarSelect[Any], ...] = tuple(tag_of_newest(action) for action in ABOUT_ACCOUNTS)
"""To be asked with whatever judges an account: the tags of the newest entries, which tell whether anything changed."""
_NEWEST = select(*NEWEST_COLUMNS)
_ENTRIES = (
    select(*COLUMNS_OF_ENTRY)
    .where(
        col(LogEntry.action).in_([action.value for action in ABOUT_ACCOUNTS]),
        col(LogEntry.outcome) == Result.DONE.value,
    )
    .order_by(col(LogEntry.seq))
)


def account_on_record(
    connection: Connection, desk: "Desk", agent_id: str, name: str, newest: Iterable[bytes | None] | None = None
) -> OnRecord | None:
    """What the log says of an account, None where it does not know it. `newest`: of NEWEST_COLUMNS, if it was asked.

    Raises LogBroken.
    """
    return accounts_on_record(connection, desk, newest).of(agent_id, name)


def accounts_on_record(
    connection: Connection, desk: "Desk", newest: Iterable[bytes | None] | None = None
) -> AccountsRead:
    """What the log says of every account. Raises LogBroken."""
    tags = _tags(connection.execute(_NEWEST).one() if newest is None else newest)
    if tags != desk.accounts_read.newest:
        desk.accounts_read = _read(desk, tags, connection.execute(_ENTRIES))
    return desk.accounts_read


def _tags(newest: Iterable[bytes | None]) -> tuple[bytes | None, ...]:
    return tuple(None if tag is None else bytes(tag) for tag in newest)


def _read(desk: "Desk", tags: tuple[bytes | None, ...], rows: Iterable[Any]) -> AccountsRead:
    by_id: dict[str, OnRecord] = {}
    by_name: dict[str, OnRecord] = {}
    for row in rows:
        word = genuine(desk, tuple(row))
        about = word.about or {}
        if "held" not in about:
            _heard_of_old(by_name, word)
            continue
        by_id[about["account"]] = OnRecord(
            about["name"],
            about["held"],
            AccountState(about["state"]),
            about["identity"],
            about["waiting"],
            about["given_by"],
            about.get("password"),
            about["must_change"] == "1" if "must_change" in about else None,
        )
        by_name.pop(about["name"], None)
    return AccountsRead(tags, by_id, by_name)


def _heard_of_old(by_name: dict[str, OnRecord], word: Word) -> None:
    said = legacy.account(word)
    if said is None:
        return
    before = by_name.get(said.name, OnRecord(said.name, "", AccountState.ACTIVE))
    roles = before.roles if said.roles is None else said.roles
    if said.more_roles:
        roles = ",".join(sorted({*filter(None, roles.split(",")), *said.more_roles.split(",")}))
    by_name[said.name] = replace(before, roles=roles, state=said.state or before.state)

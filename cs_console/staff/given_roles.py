"""Roles that were given and take effect once another person has confirmed them (DECISIONS.md, 9)."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log.accounts_on_record import accounts_on_record
from cs_console.desk import Desk
from models.agent import Agent
from models.enums import AccountState
from models.roles import CONFIRMED_ROLES, CONFIRMS_ROLES, Role


def roles_of(words: str) -> frozenset[Role]:
    """The roles that a column holds, joined by commas."""
    return frozenset(Role(word) for word in words.split(",") if word)


def words_of(roles: Iterable[Role]) -> str:
    """The roles as a column holds them."""
    return ",".join(sorted(role.value for role in roles))


def roles_to_confirm(db: Session, desk: Desk, agent_id: str, held: str, wanted: Iterable[Role]) -> frozenset[Role]:
    """Which of the wanted roles the account does not get before they are confirmed.

    None if the settings do not require it, or without two other active accounts, one of which could have given
    them and the other confirm.
    """
    new = (frozenset(wanted) - roles_of(held)) & CONFIRMED_ROLES
    if not new or not desk.settings.confirm_roles:
        return frozenset()
    known = accounts_on_record(db.connection(), desk)
    can = {role.value for role in CONFIRMS_ROLES}
    others = 0
    for other_id, other_name in db.connection().execute(select(col(Agent.id), col(Agent.name))).all():
        said = known.of(other_id, other_name)
        if said is not None and other_id != agent_id and said.state is AccountState.ACTIVE:
            others += not can.isdisjoint(said.roles.split(","))
    return new if others >= 2 else frozenset()

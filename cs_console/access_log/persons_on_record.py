"""Whether two accounts are two people, as the access log says it (DECISIONS.md, 9)."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log.accounts_on_record import accounts_on_record, identity_digest
from models.agent import Agent

if TYPE_CHECKING:
    from cs_console.desk import Desk


def is_another(db: Session, desk: "Desk", one: str | None, other: str) -> bool:
    """Whether the account `one` belongs to another person than `other`, both by id; the account None belongs to no one.

    Two accounts without an identity may be one person's: neither counts as the second person beside the other. The log
    says whose an account is, not its row. Raises LogBroken.
    """
    if one is None or one == other:
        return one is None
    whose = _identities(db, desk, (one, other))
    return len(whose) == 2 and whose[one] != whose[other]


def of_same_people(db: Session, desk: "Desk", accounts: Iterable[str]) -> frozenset[str]:
    """These accounts, and every other one that the log says is one of the same people's. Raises LogBroken."""
    given = frozenset(accounts)
    if not given:
        return given
    everyone = _identities(db, desk)
    theirs = {everyone[one] for one in given if everyone.get(one)}
    return given | {one for one, identity in everyone.items() if identity in theirs}


def _identities(db: Session, desk: "Desk", only: Collection[str] = ()) -> dict[str, str]:
    """By account: the digest of its identity, "" where it is not recorded whose it is."""
    known = accounts_on_record(db.connection(), desk)
    if not known.of_older_desks and known.by_id.keys() >= set(only):
        return {one: known.by_id[one].identity or "" for one in only or known.by_id}
    columns = select(col(Agent.id), col(Agent.name), col(Agent.identity))
    found = {}
    for agent_id, name, identity in db.connection().execute(
        columns.where(col(Agent.id).in_(only)) if only else columns
    ):
        said = known.by_id.get(agent_id)
        if said is not None:
            found[agent_id] = said.identity or ""
        else:  # what an older desk recorded is in the row alone; an account that no one added is no one's
            found[agent_id] = identity_digest(desk, identity) if name in known.of_older_desks else ""
    return found

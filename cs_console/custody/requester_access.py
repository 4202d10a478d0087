"""Whose data may still be worked with: an erased requester's is gone, a restricted one's is kept for its hold alone.

To everybody but a privacy officer the two are the same, word for word: that there is a hold can tell of an
investigation (policy I.(4)2, no tipping off). A row that calls a requester active again does not count once the access
log has it that their erasure was approved (DESIGN.md, invariant 12).
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from cs_console.access_log.vouched import COLUMNS_OF_ENTRY, genuine
from cs_console.desk import Desk, DeskSession
from cs_console.errors import KeyDestroyed, OnHold
from cs_console.prepared import Prepared, Row, all_rows
from models.enums import Action, RequesterState, Result
from models.log import ENDS, LogEntry
from models.requester import Requester
from models.roles import Role

_ENDS = text(f"log_entry.{ENDS}")
"""That an erasure was approved, or carried out, takes a requester out of use for good."""
_NAMING = aliased(LogEntry)
_WHOSE = (
    select(col(_NAMING.requester))
    .where(col(_NAMING.ticket) == bindparam("number"), col(_NAMING.requester).is_not(None))
    .order_by(col(_NAMING.at).desc(), col(_NAMING.seq).desc())
    .limit(1)
)
NEWEST_ENDING = Prepared(
    select(*COLUMNS_OF_ENTRY)
    .where(
        col(LogEntry.requester) == _WHOSE.scalar_subquery(),
        _ENDS,
        col(LogEntry.outcome) == Result.DONE.value,
    )
    .order_by(col(LogEntry.seq).desc())
    .limit(1)
)
"""For a reveal, asked in the round trip that locks the log: the last such entry of who the log calls the ticket's
requester. Only their key gives their pseudonym, which is not there yet."""
_STATES = select(col(Requester.id), col(Requester.state)).where(
    col(Requester.id).in_(bindparam("requesters", expanding=True))
)
_ENDINGS = (
    select(*COLUMNS_OF_ENTRY)
    .where(
        col(LogEntry.requester).in_(bindparam("names", expanding=True)),
        _ENDS,
        col(LogEntry.outcome) == Result.DONE.value,
    )
    .order_by(col(LogEntry.seq))
)
_STATE = Prepared(select(col(Requester.state)).where(col(Requester.id) == bindparam("requester")))
_ENDS_OF_ONE = Prepared(
    select(*COLUMNS_OF_ENTRY)
    .where(col(LogEntry.requester) == bindparam("name"), _ENDS, col(LogEntry.outcome) == Result.DONE.value)
    .order_by(col(LogEntry.seq))
)


def check_in_use(session: DeskSession, state: str) -> None:
    """Refuse to work with a requester in this state. Raises KeyDestroyed; OnHold for who may know of a hold."""
    if state == RequesterState.ACTIVE:
        return
    if state == RequesterState.RESTRICTED and _may_know(session):
        raise OnHold
    raise KeyDestroyed  # also while the key of an erased requester is still being destroyed


def check_ending(session: DeskSession, pseudonym: str, newest: Row | None) -> None:
    """Refuse a requester whose erasure the log has as approved. `newest`: of NEWEST_ENDING. Raises LogBroken too."""
    word = None if newest is None else genuine(session.desk, newest)
    if word is not None and word.requester == pseudonym:
        erased = word.action is Action.REQUESTER_ERASED
        check_in_use(session, RequesterState.ERASED if erased else RequesterState.RESTRICTED)


def require_in_use(db: Session, session: DeskSession, requester_id: str) -> None:
    """The same for a requester by id, as they are now by their row and by the log. Raises LogBroken too."""
    check_in_use(session, db.get_one(Requester, requester_id, populate_existing=True).state)
    ended = ended_on_record(db, session.desk, [requester_id])
    check_in_use(session, ended.get(requester_id, RequesterState.ACTIVE))


def hidden_from(
    db: Session, session: DeskSession, requester_ids: Collection[str], keys: Mapping[str, bytes] | None = None
) -> set[str]:
    """The requesters that this desk is shown nothing of, not even masks. `keys`: theirs, where they are known.

    Raises LogBroken.
    """
    wanted = set(requester_ids)
    shown = _shown_to(session)
    states = db.connection().execute(_STATES, {"requesters": sorted(wanted)})
    hidden = {requester_id for requester_id, state in states if state not in shown}
    ended = ended_on_record(db, session.desk, wanted - hidden, keys)
    return hidden | {one for one, state in ended.items() if state not in shown}


def is_hidden_from(db: Session, session: DeskSession, requester_id: str, key: bytes) -> bool:
    """The same of one requester, whose key is at hand. Raises LogBroken."""
    named = session.desk.pseudonym(requester_id, key)
    state, ends = all_rows(db.connection(), (_STATE, {"requester": requester_id}), (_ENDS_OF_ONE, {"name": named}))
    said = [*(stored for (stored,) in state), *_ended(session.desk, ends).values()]
    return not set(said) <= _shown_to(session)


def ended_on_record(
    db: Session, desk: Desk, requester_ids: Collection[str], keys: Mapping[str, bytes] | None = None
) -> dict[str, RequesterState]:
    """Those of these requesters whose erasure the log has as approved: restricted, or erased. Raises LogBroken."""
    keys = desk.keyring.keys(requester_ids) if keys is None else keys
    names = {desk.pseudonym(one, keys[one]): one for one in requester_ids if one in keys}
    if not names:
        return {}
    rows = db.connection().execute(_ENDINGS, {"names": sorted(names)})
    return {names[name]: state for name, state in _ended(desk, rows).items()}


def _ended(desk: Desk, rows: Iterable[Any]) -> dict[str, RequesterState]:
    """By pseudonym: what rows of _ENDINGS say that requesters are. Raises LogBroken."""
    said = [genuine(desk, tuple(row)) for row in rows]
    erased = {word.requester for word in said if word.action is Action.REQUESTER_ERASED}
    return {
        word.requester: RequesterState.ERASED if word.requester in erased else RequesterState.RESTRICTED
        for word in said
        if word.requester is not None
    }


def _shown_to(session: DeskSession) -> set[RequesterState]:
    return {RequesterState.ACTIVE, RequesterState.RESTRICTED} if _may_know(session) else {RequesterState.ACTIVE}


def _may_know(session: DeskSession) -> bool:
    return session.agent.has(Role.PRIVACY_OFFICER)

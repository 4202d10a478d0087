"""Whose data may still be worked with: an erased requester's is gone, a restricted one's is kept for its hold alone.

To everybody but a privacy officer the two are the same, word for word: that there is a hold can tell of an
investigation (policy I.(4)2, no tipping off).
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.desk import Desk
from cs_console.errors import KeyDestroyed, OnHold
from models.enums import RequesterState, Role
from models.requester import Requester


def check_in_use(desk: Desk, state: str) -> None:
    """Refuse to work with a requester in this state. Raises KeyDestroyed; OnHold for who may know of a hold."""
    if state == RequesterState.ACTIVE:
        return
    if state == RequesterState.RESTRICTED and _may_know(desk):
        raise OnHold
    raise KeyDestroyed  # also while the key of somebody erased is still being destroyed


def require_in_use(session: Session, desk: Desk, requester_id: str) -> None:
    """The same for a requester by id, as they are now."""
    check_in_use(desk, session.get_one(Requester, requester_id, populate_existing=True).state)


def hidden_from(session: Session, desk: Desk, requester_ids: Iterable[str]) -> set[str]:
    """Those requesters of whom this desk is shown nothing, not even masks."""
    shown = {RequesterState.ACTIVE, RequesterState.RESTRICTED} if _may_know(desk) else {RequesterState.ACTIVE}
    found = select(col(Requester.id)).where(
        col(Requester.id).in_(set(requester_ids)), col(Requester.state).not_in(shown)
    )
    return set(session.connection().execute(found).scalars())


def _may_know(desk: Desk) -> bool:
    return desk.agent.has(Role.PRIVACY_OFFICER)

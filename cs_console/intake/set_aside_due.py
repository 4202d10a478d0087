"""Whether mail that is set aside waits for the upkeep: asked each minute, of the store alone.

What reads mail takes 2 MiB of memory, so a console imports it only when there is mail to read again.
"""

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from cs_console.desk import Desk
from cs_console.version import program_version
from models.enums import SetAside, SetAsideKey, SetAsideState
from models.quarantined import Quarantined

_IS_KEPT = col(Quarantined.state) == SetAsideState.KEPT
IS_UNREADABLE = _IS_KEPT & (col(Quarantined.sort) == SetAside.UNREADABLE)
LACKS_A_KEY = _IS_KEPT & (col(Quarantined.key) == SetAsideKey.OF_DESK)


def not_tried_with(version: str) -> ColumnElement[bool]:
    """Unreadable mail that this version of the program has not tried to read."""
    return IS_UNREADABLE & (col(Quarantined.tried_with) != version)


def waits_to_be_read(desk: Desk) -> bool:
    """Whether `set_aside_acts.retry_after_update` has anything to do. Raises StoreUnavailable."""
    return _any(desk, not_tried_with(program_version()))


def waits_for_a_key(desk: Desk) -> bool:
    """Whether `set_aside_upgrade.give_keys_apart` has anything to do. Raises StoreUnavailable."""
    return _any(desk, LACKS_A_KEY)


def _any(desk: Desk, condition: ColumnElement[bool]) -> bool:
    with desk.database.reading() as db:
        return db.connection().execute(select(col(Quarantined.number)).where(condition).limit(1)).first() is not None

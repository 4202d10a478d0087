"""Which packs were adopted, as the access log says it: a row alone puts no policy in force (DESIGN.md, 12)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log import legacy
from cs_console.access_log.vouched import oldest_first
from models.adopted_pack import AdoptedPack
from models.enums import Action, Result
from models.log import LogEntry

if TYPE_CHECKING:
    from cs_console.desk import Desk


def about_adoption(name: str, sha256: str) -> dict[str, str]:
    """What the entry of an adoption vouches for."""
    return {"pack": name, "sha256": sha256}


def last_adoption(db: Session, desk: "Desk", name: str = "") -> tuple[str, str] | None:
    """Name and sha256 of what was adopted last, of that name if one is given. Raises LogBroken."""
    return next((one for one in _newest_first(db, desk) if not name or one[0] == name), None)


def newest_adopted(db: Session, desk: "Desk") -> str:
    """The name of the pack that was adopted last, "" where none was. Raises LogBroken."""
    found = last_adoption(db, desk)
    return found[0] if found else ""


def adopted_names(db: Session, desk: "Desk") -> frozenset[str]:
    """Every pack that was ever adopted. Raises LogBroken."""
    return frozenset(name for name, _ in _newest_first(db, desk))


def _newest_first(db: Session, desk: "Desk") -> Iterator[tuple[str, str]]:
    """Every adoption. An older desk's entry holds the beginning of the sha256; the row has all of it."""
    adopted = (col(LogEntry.action) == Action.POLICY_ADOPTED.value, col(LogEntry.outcome) == Result.DONE.value)
    for word in reversed(oldest_first(db, desk, *adopted)):
        if word.about is not None:
            yield word.about["pack"], word.about["sha256"]
        else:
            name, begins = legacy.adoption(word)
            rows = select(col(AdoptedPack.sha256)).where(col(AdoptedPack.name) == name)
            stored = db.connection().execute(rows).scalars()
            yield from ((name, sha256) for sha256 in stored if begins and sha256.startswith(begins))

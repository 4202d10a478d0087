"""What the store says of the packs that were adopted."""

from sqlalchemy import select
from sqlmodel import Session, col

from models.adopted_pack import AdoptedPack


def last_adoption(session: Session, name: str = "") -> tuple[str, str] | None:
    """Name and sha256 of what was adopted last, of that name if one is given."""
    last = select(col(AdoptedPack.name), col(AdoptedPack.sha256)).order_by(
        col(AdoptedPack.at).desc(), col(AdoptedPack.id).desc()
    )
    found = session.connection().execute(last.where(col(AdoptedPack.name) == name) if name else last).first()
    return None if found is None else (found[0], found[1])


def newest_adopted(session: Session) -> str:
    """The name of the pack that was adopted last, "" where none was."""
    found = last_adoption(session)
    return found[0] if found else ""


def adopted_names(session: Session) -> frozenset[str]:
    """Every pack that was ever adopted."""
    return frozenset(session.connection().execute(select(col(AdoptedPack.name)).distinct()).scalars())

"""The desk's list of tags, and which tickets have them."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import Session, col

from models.ticket_tag import DeskTag, TicketTag


def desk_tags(db: Session) -> tuple[str, ...]:
    """The desk's tags, sorted."""
    return tuple(db.connection().execute(select(col(DeskTag.name)).order_by(col(DeskTag.name))).scalars())


def tags_of(db: Session, numbers: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The tags of these tickets by number, sorted; a ticket without one is left out."""
    wanted = list(numbers)
    if not wanted:
        return {}
    rows = db.connection().execute(
        select(col(TicketTag.ticket_number), col(TicketTag.tag))
        .where(col(TicketTag.ticket_number).in_(wanted))
        .order_by(col(TicketTag.ticket_number), col(TicketTag.tag))
    )
    found: dict[int, tuple[str, ...]] = {}
    for number, tag in rows:
        found[number] = (*found.get(number, ()), tag)
    return found

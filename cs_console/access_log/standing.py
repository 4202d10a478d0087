"""Who has a ticket, whose and of which kind it is, which window is open: as the access log says it (DESIGN.md, 12)."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlmodel import Session

from cs_console.access_log import legacy
from cs_console.access_log.vouched import (
    HANDING,
    NEWEST_ASSIGNMENT,
    NEWEST_KIND,
    NEWEST_OWNER,
    NEWEST_WINDOW,
    genuine,
    last_done,
    latest,
)
from cs_console.errors import NotVouched, OwnerNotVouched
from cs_console.prepared import Row
from models.columns import microseconds
from models.enums import Action, Channel, Link, TicketKind

if TYPE_CHECKING:
    from cs_console.desk import Desk, DeskSession

_OPENING = (Action.TICKET_CREATED,)
_PROVING = (Action.VERIFIED, *HANDING)
LINK_AND_CHANNEL = (last_done(_PROVING), last_done(_OPENING))
"""What `link_of` and `channel_on_record` ask, to be asked ahead."""


def is_holder(connection: Connection, session: "DeskSession", number: int, newest: Row | None) -> bool:
    """Whether the log's last word on who has this ticket names the desk's agent. `newest`: of NEWEST_ASSIGNMENT."""
    if newest is None:
        return legacy.holder(connection, session.desk, number) == session.agent.name
    return genuine(session.desk, newest).names(to=session.agent.id)


def check_owner(desk: "Desk", number: int, pseudonym: str, newest: Row | None) -> None:
    """Refuse a ticket that its row gives to another requester than the log does. `newest`: of NEWEST_OWNER.

    Of a ticket that an older desk took in the log has no such entry, and the row counts. Raises OwnerNotVouched.
    """
    if newest is not None and genuine(desk, newest).requester != pseudonym:
        raise OwnerNotVouched(number)


def require_owner(db: Session, desk: "Desk", number: int, pseudonym: str) -> None:
    """The same, asked of the log. Raises OwnerNotVouched, LogBroken."""
    check_owner(desk, number, pseudonym, NEWEST_OWNER.first(db.connection(), {"number": number}))


def is_open(
    connection: Connection,
    desk: "Desk",
    number: int,
    window_id: str,
    minutes: int,
    pseudonym: str,
    newest: Row | None,
) -> bool:
    """Whether the log's last word on this ticket's windows opened this one for this requester, and its time is not
    over.

    `newest`: of NEWEST_WINDOW; `minutes`: how long the ticket's pack keeps a window open.
    """
    now = microseconds(desk.clock.now())
    if newest is None:
        begins, until = legacy.window(connection, desk, number, minutes)
        return bool(begins) and window_id.startswith(begins) and until > now
    word = genuine(desk, newest)
    if word.action is not Action.VERIFIED or word.requester != pseudonym:
        return False
    return word.names(window=window_id) and int((word.about or {})["until"]) > now


def require_holder(db: Session, session: "DeskSession", number: int) -> None:
    """Refuse to act on a ticket that only its row says is the agent's. Raises NotVouched."""
    connection = db.connection()
    if not is_holder(connection, session, number, NEWEST_ASSIGNMENT.first(connection, {"number": number})):
        raise NotVouched(f"According to the access log, #{number} is not assigned to you.")


def require_open(db: Session, desk: "Desk", number: int, window_id: str, minutes: int, pseudonym: str) -> None:
    """Refuse a window that only its row says is open. Raises NotVouched."""
    connection = db.connection()
    newest = NEWEST_WINDOW.first(connection, {"number": number})
    if not is_open(connection, desk, number, window_id, minutes, pseudonym, newest):
        raise NotVouched(f"According to the access log, the requester of #{number} is not verified now.")


def kind_of(desk: "Desk", stored: TicketKind, newest: Row | None) -> TicketKind:
    """The kind that the log says a ticket is of, which decides what may be seen and how it ends; the `stored` one only
    where an older desk's entries say none. `newest`: of NEWEST_KIND. Raises LogBroken.
    """
    return stored if newest is None else TicketKind((genuine(desk, newest).about or {})["kind"])


def kind_on_record(db: Session, desk: "Desk", number: int, stored: TicketKind) -> TicketKind:
    """The same, asked for. Raises LogBroken."""
    return kind_of(desk, stored, NEWEST_KIND.first(db.connection(), {"number": number}))


def channel_on_record(db: Session, desk: "Desk", number: int, stored: Channel) -> Channel:
    """The channel that the log says a ticket came by, since who may be written to rests on it; the `stored` one only
    where an older desk's entry says none. Raises LogBroken.
    """
    opened = latest(db, desk, number, _OPENING)
    return Channel((opened.about or {}).get("channel", stored) if opened is not None else stored)


def link_of(db: Session, desk: "Desk", number: int, stored: Link) -> Link:
    """How surely a ticket is its requester's: what its row calls proven counts only as the log has it.

    A verification proves it, and a person who links it; taking the link back leaves it no one's. Raises LogBroken.
    """
    if stored is not Link.PROVEN:
        return stored
    last = latest(db, desk, number, _PROVING)
    if last is None:
        return Link.PRESUMED
    if last.action is Action.TICKET_UNLINKED:
        return Link.NONE
    # entries of older desks do not say what a verification made of it
    said = (last.about or {}).get("link" if last.action is Action.VERIFIED else "after", Link.PROVEN.value)
    return Link(said)

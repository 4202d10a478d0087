"""The newest message of a ticket for the queue's reading pane: redacted, and on record before it is opened."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, case, select, update
from sqlmodel import Session, col

from cs_console.access_log.aliases import alias_of
from cs_console.access_log.append import lock_log
from cs_console.access_log.standing import link_of
from cs_console.access_log.vouched import COLUMNS_OF_ENTRY, genuine
from cs_console.custody.requester_access import require_in_use
from cs_console.custody.safe_views import open_safe
from cs_console.custody.ticket_keys import TicketKeys, keys_for_view
from cs_console.desk import DeskSession
from cs_console.errors import KeyDestroyed, OnHold, SealBroken
from cs_console.independence.separation import excluded_agents
from cs_console.plain_text import plain
from cs_console.prepared import Prepared, Row
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import UNREADABLE, TicketFacts, facts, record_about
from cs_console.verification.askers import asker_of
from models.agent import Agent
from models.columns import from_microseconds
from models.enums import Action, Channel, DeliveryState, Link, MessageSort
from models.log import LogEntry
from models.message import Message
from models.roles import WORKS_ON_TICKETS
from models.ticket import Ticket

_NOT_READ_HERE = (MessageSort.CODE.value, MessageSort.REMINDER.value, MessageSort.ACKNOWLEDGEMENT.value)
"""What the console writes by itself says nothing about the case."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A ticket's newest message. `alias`: whose ticket it is, presumed or proven (`link`); `agent`: who wrote it, None
    where it came in. `unconfirmed`: nothing says that it is from an address on file. The time is UTC.
    """

    number: int
    version: int
    message_id: str
    alias: str
    link: Link
    agent: str | None
    sort: MessageSort
    channel: Channel
    language: str
    at: datetime
    unconfirmed: bool
    text: str = field(repr=False)


_CAME_IN = case((col(Message.sort) == MessageSort.RECEIVED.value, 1), else_=0)
_NEWEST = Prepared(
    select(
        col(Message.id),
        col(Message.at),
        col(Agent.name),
        col(Message.sort),
        col(Message.channel),
        col(Message.unconfirmed),
        col(Message.text_redacted),
    )
    .outerjoin(Agent, col(Agent.id) == col(Message.agent_id))
    .where(
        col(Message.ticket_number) == bindparam("number"),
        col(Message.sort).not_in(_NOT_READ_HERE),
        col(Message.delivery) != DeliveryState.HELD.value,
    )
    .order_by(col(Message.at).desc(), _CAME_IN, col(Message.id).desc())  # in the end the question before its answer
    .limit(1)
)
_REDACTION_DUE = Prepared(select(col(Ticket.redaction_due)).where(col(Ticket.number) == bindparam("number")))
_PREVIEWED = Prepared(
    select(*COLUMNS_OF_ENTRY).where(
        col(LogEntry.ticket) == bindparam("number"),
        col(LogEntry.action) == Action.TICKET_PREVIEWED.value,
        col(LogEntry.session) == bindparam("session"),
    )
)
_READ_NOW = Prepared(
    update(Ticket)
    .where(col(Ticket.number) == bindparam("wanted"), col(Ticket.version) == bindparam("seen"))
    .values(unread=0)
)


def preview(session: DeskSession, number: int) -> Preview | None:
    """The newest message; None where only the facts in the list may be shown, or there is none.

    That is so for the tickets of minors, of erased and held requesters, for those that this agent must keep away from,
    and while words are still to be hidden. The text is opened only once the log holds that this session was shown this
    message: one entry for a message and session. Raises NothingThere, NotAllowed, NoUndertaking, SessionEnded,
    LogBroken; then nothing was opened.
    """
    shown, unrecorded = _look(session, number)
    if unrecorded is not None:
        _put_on_record(session, number, unrecorded)
        shown, _ = _look(session, number)  # what came in meanwhile is not on record, and stays closed
    return shown


def mark_previewed(session: DeskSession, seen: Preview) -> bool:
    """Say in the queue that the ticket was read, if it is no one else's and still as it was seen; whether it is read.

    Raises NothingThere, NotAllowed, SessionEnded.
    """
    with session.work(*WORKS_ON_TICKETS) as db:
        ticket, newest = facts(db, seen.number), _NEWEST.first(db.connection(), {"number": seen.number})
        if newest is None or not _is_on_record(db, session, seen.number, newest[0]):
            return False
        if not ticket.unread or ticket.assignee_id not in (None, session.agent.id):
            return False
        return _READ_NOW.run(db.connection(), {"wanted": seen.number, "seen": seen.version}) == 1


def _look(session: DeskSession, number: int) -> tuple[Preview | None, str | None]:
    """What may be shown now, or the message that must be on record first."""
    with session.reading(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        ticket, newest = facts(db, number), _NEWEST.first(db.connection(), {"number": number})
        keys = None if newest is None else _keys_to_read(db, session, ticket)
        if newest is None or keys is None:
            return None, None
        if not _is_on_record(db, session, number, newest[0]):
            return None, newest[0]
        return _opened(db, session, ticket, keys, newest), None


def _keys_to_read(db: Session, session: DeskSession, ticket: TicketFacts) -> TicketKeys | None:
    """What opens this ticket's redacted text in a list; None where it is shown, if at all, on the ticket alone."""
    desk = session.desk
    due = _REDACTION_DUE.first(db.connection(), {"number": ticket.number})
    if due is None or due[0] is not None:
        return None
    try:
        require_in_use(db, session, ticket.requester_id)
        keys = keys_for_view(db, session, ticket.number)
    except (KeyDestroyed, OnHold):
        return None
    pack = desk.packs.get(ticket.pack)
    asker = asker_of(db, desk, pack, ticket.number, ticket.requester_id, keys.requester_key)
    if asker.age_in_doubt or (asker.band is not None and asker.band.is_flagged):
        return None
    return None if session.agent.id in excluded_agents(db, desk, ticket.number) else keys


def _opened(db: Session, session: DeskSession, ticket: TicketFacts, keys: TicketKeys, newest: Row) -> Preview:
    message_id, at, agent, sort, channel, unconfirmed, sealed = newest
    try:
        text = plain(open_safe(keys.key, keys.place("message", "text_redacted", message_id), sealed))
    except SealBroken:  # the other tickets can still be read
        text = UNREADABLE
    desk = session.desk
    return Preview(
        ticket.number,
        ticket.version,
        message_id,
        alias_of(desk.pseudonym(ticket.requester_id, keys.requester_key)),
        link_of(db, desk, ticket.number, ticket.link),
        agent,
        MessageSort(sort),
        Channel(channel),
        ticket.language,
        from_microseconds(at),
        bool(unconfirmed),
        text,
    )


def _put_on_record(session: DeskSession, number: int, message_id: str) -> None:
    with session.work(*WORKS_ON_TICKETS) as db:
        lock_log(db.connection(), session.desk)  # two answers at once must not record it twice
        require_current(db, session)
        if not _is_on_record(db, session, number, message_id):
            about = {"message": message_id}
            record_about(db, session, facts(db, number), Action.TICKET_PREVIEWED, about=about)


def _is_on_record(db: Session, session: DeskSession, number: int, message_id: str) -> bool:
    """Whether the log holds that this session was shown this message. Raises LogBroken."""
    rows = _PREVIEWED.all(db.connection(), {"number": number, "session": session.actor.session})
    return any(genuine(session.desk, row).names(message=message_id) for row in rows)

"""What happened to a ticket after an answer to it was proposed: whoever approves has to know what changed since."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session, col

from cs_console.decisions.notice import field_titles
from cs_console.desk import Office
from cs_console.policy.schema import Pack
from cs_console.tickets.ticket_facts import TicketFacts, pseudonym
from models.columns import from_microseconds
from models.enums import Action, Result
from models.log import LogEntry
from models.verification import Verification

_TOLD = (
    Action.TICKET_FOLLOW_UP,
    Action.TICKET_CHANGED,
    Action.TICKET_CLAIMED,
    Action.TICKET_ASSIGNED,
    Action.TICKET_RELEASED,
    Action.CONTACT_CHANGED,
    Action.NOTE_ADDED,
    Action.MESSAGE_SENT,
    Action.VERIFIED,
    Action.WINDOW_CLOSED,
)


@dataclass(frozen=True)
class Since:
    """One thing that changed after the proposal, in words, and when it last did (UTC)."""

    words: str
    at: datetime


def changed_since(
    session: Session, office: Office, ticket: TicketFacts, pack: Pack, proposed_at: datetime
) -> tuple[Since, ...]:
    """What changed since the newest proposal on a ticket, the earliest first; empty where nothing did.

    It is read from the access log, which alone says when something reached us; the same things count as one line.
    """
    about = and_(col(LogEntry.ticket) == ticket.number, col(LogEntry.outcome) == Result.DONE.value)
    proposed = select(func.max(col(LogEntry.seq))).where(about, col(LogEntry.action) == Action.DECISION_PROPOSED.value)
    whose = and_(
        col(LogEntry.requester) == pseudonym(office, ticket.requester_id),
        col(LogEntry.action) == Action.CONTACT_CHANGED.value,
        col(LogEntry.outcome) == Result.DONE.value,
    )
    entries = session.connection().execute(
        select(col(LogEntry.at), col(LogEntry.action), col(LogEntry.reason), col(LogEntry.actor), col(LogEntry.fields))
        .where(or_(about, whose), col(LogEntry.action).in_([action.value for action in _TOLD]))
        .where(col(LogEntry.seq) > proposed.scalar_subquery())
        .order_by(col(LogEntry.seq))
    )
    counted: dict[str, list[int]] = {}
    for entry in entries:
        counted.setdefault(_words(pack, entry), []).append(entry.at)
    told = [Since(_plural(words, len(at)), from_microseconds(at[-1])) for words, at in counted.items()]
    return tuple(sorted((*told, *_run_out(session, office, ticket, proposed_at)), key=lambda one: one.at))


def _words(pack: Pack, entry: Any) -> str:
    """One entry in words; those that are counted begin with "1 "."""
    match Action(entry.action):
        case Action.TICKET_FOLLOW_UP:
            return "1 message received"
        case Action.TICKET_ASSIGNED:
            return f"reassigned to {entry.reason.rpartition(' -> ')[2]}"
        case Action.TICKET_CHANGED | Action.TICKET_RELEASED:
            return str(entry.reason)
        case Action.TICKET_CLAIMED:
            return f"claimed by {entry.actor}"
        case Action.CONTACT_CHANGED:
            return f"a contact was changed: {', '.join(field_titles(pack, filter(None, entry.fields.split(','))))}"
        case Action.NOTE_ADDED:
            return "1 note written"
        case Action.MESSAGE_SENT:
            return "1 message sent"
        case Action.VERIFIED:
            return "the requester was verified again"
        case _:
            return "the verification window was closed"


def _plural(words: str, count: int) -> str:
    if count == 1:
        return words
    if not words.startswith("1 "):
        return f"{words} ({count} times)"
    _, noun, rest = words.split(" ", 2)
    return f"{count} {noun}s {rest}"


def _run_out(session: Session, office: Office, ticket: TicketFacts, proposed_at: datetime) -> Iterator[Since]:
    """A window that nobody closed ends by time, which no entry tells."""
    until = session.connection().execute(
        select(func.max(col(Verification.window_until))).where(
            col(Verification.ticket_number) == ticket.number, col(Verification.closed_at).is_(None)
        )
    )
    ended = until.scalar()
    if ended is not None and proposed_at < ended <= office.clock.now():
        yield Since("the verification window ran out", ended)

"""What happened to a ticket after an answer to it was proposed: the person who approves has to know what changed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session, col

from cs_console.access_log import legacy
from cs_console.access_log.vouched import ASSIGNING, CHANGING, KEPT_AWAY, Word, oldest_first
from cs_console.decisions.notice import field_titles
from cs_console.desk import Desk
from cs_console.policy.schema import Pack
from cs_console.tickets.ticket_record import TicketFacts, pseudonym
from models.agent import Agent
from models.columns import from_microseconds
from models.enums import Action, Result
from models.log import LogEntry
from models.verification import Verification

_TOLD = (
    *CHANGING,
    Action.TICKET_FOLLOW_UP,
    Action.TICKET_CLAIMED,
    Action.TICKET_ASSIGNED,
    Action.TICKET_RELEASED,
    Action.CONTACT_CHANGED,
    Action.NOTE_ADDED,
    Action.MESSAGE_SENT,
    Action.NOTICE_POSTED,
    Action.VERIFIED,
    Action.WINDOW_CLOSED,
)


@dataclass(frozen=True)
class Since:
    """One thing that changed after the proposal, in words, and when it last did (UTC)."""

    words: str
    at: datetime


def changed_since(db: Session, desk: Desk, ticket: TicketFacts, pack: Pack, proposed_at: datetime) -> tuple[Since, ...]:
    """What changed since the newest proposal on a ticket, the earliest first; empty where nothing did.

    It is read from the access log, which alone says when something reached us; the same things count as one line.
    Raises LogBroken.
    """
    about = and_(col(LogEntry.ticket) == ticket.number, col(LogEntry.outcome) == Result.DONE.value)
    proposed = select(func.max(col(LogEntry.seq))).where(about, col(LogEntry.action) == Action.DECISION_PROPOSED.value)
    whose = and_(
        col(LogEntry.requester) == pseudonym(desk, ticket.requester_id),
        col(LogEntry.action) == Action.CONTACT_CHANGED.value,
        col(LogEntry.outcome) == Result.DONE.value,
    )
    said = oldest_first(
        db,
        desk,
        or_(about, whose),
        col(LogEntry.action).in_([action.value for action in _TOLD]),
        col(LogEntry.seq) > proposed.scalar_subquery(),
    )
    names = _names(db, said)
    counted: dict[str, list[int]] = {}
    for word in said:
        counted.setdefault(_words(pack, names, word), []).append(word.at)
    told = [Since(_plural(words, len(at)), from_microseconds(at[-1])) for words, at in counted.items()]
    return tuple(sorted((*told, *_run_out(db, desk, ticket, proposed_at)), key=lambda one: one.at))


def _names(db: Session, said: Iterable[Word]) -> dict[str, str]:
    """The names of the accounts that these entries hand the ticket from and to, by id."""
    ids = {word.about[end] for word in said if word.about and word.action in ASSIGNING for end in ("from", "to")}
    found = db.connection().execute(select(col(Agent.id), col(Agent.name)).where(col(Agent.id).in_(ids)))
    return {row.id: row.name for row in found}


def _words(pack: Pack, names: Mapping[str, str], word: Word) -> str:
    """One entry in words; those that are counted begin with "1 "."""
    about = word.about or {}
    match word.action:
        case Action.TICKET_FOLLOW_UP:
            return "1 message received"
        case Action.TICKET_ASSIGNED:
            return f"reassigned to {names.get(about['to'], 'an account that is gone')}"
        case Action.TICKET_RELEASED:
            taken = about.get("why") == KEPT_AWAY
            return f"taken from {names.get(about['from'], 'no one')}" if taken else f"released by {word.actor}"
        case Action.TICKET_CLAIMED:
            return f"claimed by {word.actor}"
        case Action.TICKET_STATE_SET:
            return f"state {about['from']} -> {about['state']}"
        case Action.TICKET_PRIORITY_SET:
            return f"priority {about['from']} -> {about['priority']}"
        case Action.TICKET_KIND_SET:
            return f"kind {about['from']} -> {about['kind']}"
        case Action.REVIEW_BEGAN:
            after = about["after"]
            return f"to be decided again by others after #{after}" if after else "the decision's review date has come"
        case Action.CONTACT_CHANGED:
            fields = about["fields"] if word.about else legacy.fields(word)
            return f"a contact was changed: {', '.join(field_titles(pack, filter(None, fields.split(','))))}"
        case Action.NOTE_ADDED:
            return "1 note written"
        case Action.MESSAGE_SENT | Action.NOTICE_POSTED:
            return "1 message sent"
        case Action.NOTICE_SENT_AGAIN:
            return "the notice was sent again"
        case Action.VERIFIED:
            return "the requester was verified again"
        case Action.WINDOW_CLOSED:
            return "the verification window was closed"
        case _:
            return legacy.told(word) or "the ticket was changed"


def _plural(words: str, count: int) -> str:
    if count == 1:
        return words
    if not words.startswith("1 "):
        return f"{words} ({count} times)"
    _, noun, rest = words.split(" ", 2)
    return f"{count} {noun}s {rest}"


def _run_out(db: Session, desk: Desk, ticket: TicketFacts, proposed_at: datetime) -> Iterator[Since]:
    """A window that no one closed ends by time, without an entry."""
    until = db.connection().execute(
        select(func.max(col(Verification.window_until))).where(
            col(Verification.ticket_number) == ticket.number, col(Verification.closed_at).is_(None)
        )
    )
    ended = until.scalar()
    if ended is not None and proposed_at < ended <= desk.clock.now():
        yield Since("the verification window ran out", ended)

"""Marking what redaction missed on a ticket: the words are hidden on all of it from then on, and it is on record."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.custody.known_terms import tells_what_to_hide
from cs_console.custody.late_redaction import redact_soon
from cs_console.custody.marked_terms import Mark, add_mark, known_then, marks_of, remove_mark, show_again
from cs_console.custody.redaction import has_blocks
from cs_console.custody.redaction_queue import redact_ticket_later
from cs_console.custody.requester_access import require_in_use
from cs_console.custody.safe_views import open_safe
from cs_console.custody.ticket_keys import TicketKeys, keys_for_view
from cs_console.desk import DeskSession
from cs_console.errors import BadInput, ChangedElsewhere, NothingThere
from cs_console.plain_text import one_line, plain
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import facts, record_about
from models.agent import Agent
from models.enums import Action
from models.message import Message
from models.roles import WORKS_ON_TICKETS
from models.ticket import Ticket

SUBJECT = ""
"""Where words are that were marked in a ticket's subject; elsewhere it is the message's id."""
LONGEST = 200
MOST = 100
"""So many marks of one ticket: what needs more is a message to report, not to mark."""


@dataclass(frozen=True, slots=True)
class MarkOnTicket:
    """A mark as people may see it: who made it, when, and how many words it hides."""

    id: str
    agent: str
    at: datetime
    words: int


def mark(session: DeskSession, number: int, item: str, words: str) -> None:
    """Hide words that `item` (SUBJECT, or a message's id) shows on the whole ticket, in what comes later too.

    Anyone who may read the ticket may. The entry names no words. The ticket shows no text until they are hidden in all
    of it. Raises BadInput for words that cannot be marked, ChangedElsewhere where they are not shown there any more,
    NothingThere, NotAllowed, NoUndertaking, KeyDestroyed, OnHold.
    """
    chosen = words.strip()
    _require_markable(chosen)
    with session.work(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        ticket = facts(db, number)
        require_in_use(db, session, ticket.requester_id)
        keys = keys_for_view(db, session, number)
        if chosen not in _shown(db, keys, number, item):
            raise ChangedElsewhere(number)
        if len(marks_of(db, keys)) >= MOST:
            raise BadInput(f"#{number} has {MOST} marks already.", "Remove a wrong one first (x).")
        mark_id = add_mark(db, keys, session.agent.id, chosen, session.desk.clock.now())
        redact_ticket_later(db, number)
        record_about(db, session, ticket, Action.WORDS_MARKED, about={"mark": mark_id})
    redact_soon(session.desk)


def unmark(session: DeskSession, number: int, mark_id: str) -> None:
    """Remove a wrong mark: its words are shown again where nothing else hides them. On record.

    Raises NothingThere, NotAllowed, NoUndertaking, KeyDestroyed, OnHold.
    """
    with session.work(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        ticket = facts(db, number)
        require_in_use(db, session, ticket.requester_id)
        keys = keys_for_view(db, session, number)
        before = known_then(db, session.desk, keys)
        if not remove_mark(db, number, mark_id, session.desk.clock.now()):
            raise NothingThere("This mark was removed already.")
        now = known_then(db, session.desk, keys)
        record_about(db, session, ticket, Action.MARK_REMOVED, about={"mark": mark_id})
    regions = session.desk.packs.get(ticket.pack).meta.regions
    show_again(session.desk, keys, regions, before, now)


def marks_on(session: DeskSession, number: int) -> tuple[MarkOnTicket, ...]:
    """The marks that hide something on the ticket, the newest first. Raises like `mark`."""
    with session.reading(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        facts(db, number)
        keys = keys_for_view(db, session, number)
        marks = marks_of(db, keys)
        names = _names(db, marks)
    return tuple(MarkOnTicket(one.id, names.get(one.agent_id, ""), one.at, one.words) for one in marks)


def _names(db: Session, marks: tuple[Mark, ...]) -> dict[str, str]:
    wanted = {one.agent_id for one in marks}
    rows = db.connection().execute(select(col(Agent.id), col(Agent.name)).where(col(Agent.id).in_(wanted)))
    return {row.id: row.name for row in rows}


def _require_markable(words: str) -> None:
    if not words:
        raise BadInput("No words are marked.", "Move to the words first.")
    if len(words) > LONGEST:
        raise BadInput(f"More than {LONGEST} characters are marked.", "Mark the name or the number alone.")
    if has_blocks(words):
        raise BadInput("A part of that is hidden already.", "Mark only words that are still shown.")
    if not tells_what_to_hide(words):
        raise BadInput(
            "These words are too common: hiding them would change what the ticket says.",
            "Mark the whole name, number or address.",
        )


def _shown(db: Session, keys: TicketKeys, number: int, item: str) -> str:
    """What the subject or the message shows now. Raises NothingThere, SealBroken."""
    run = db.connection().execute
    if item == SUBJECT:
        sealed = run(select(col(Ticket.subject_redacted)).where(col(Ticket.number) == number)).scalar_one()
        return one_line(plain(open_safe(keys.key, keys.place("ticket", "subject_redacted", str(number)), sealed)))
    found = run(
        select(col(Message.text_redacted)).where(col(Message.id) == item, col(Message.ticket_number) == number)
    ).scalar_one_or_none()
    if found is None:
        raise NothingThere("This message is not on the ticket.")
    return plain(open_safe(keys.key, keys.place("message", "text_redacted", item), found))

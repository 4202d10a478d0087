"""Notes between agents: sealed and redacted like everything about a requester, and never sent."""

from sqlmodel import Session

from cs_console.custody.contacts import known_values
from cs_console.custody.redaction import redact
from cs_console.custody.search_queue import index_later
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.desk import DeskSession
from cs_console.errors import BadInput
from cs_console.plain_text import plain
from cs_console.tickets.ticket_record import TicketFacts, record_about
from models.columns import new_id
from models.enums import Action, MessageSort
from models.message import Message

MAX_TEXT = 100_000


def written(text: str) -> str:
    """The typed text, made plain. Raises BadInput for an empty or too long text."""
    words = plain(text).strip()
    if not words:
        raise BadInput("The text is empty.", "Enter a text first.")
    if len(words) > MAX_TEXT:
        raise BadInput(f"The text is longer than {MAX_TEXT:,} characters.", "Shorten it. Your draft is saved.")
    return words


def keep_note(db: Session, session: DeskSession, ticket: TicketFacts, words: str) -> None:
    """Keep a note inside the caller's transaction, on record. Raises KeyDestroyed."""
    desk, note_id = session.desk, new_id()
    keys = ticket_keys(db, desk, ticket.number)
    known = known_values(db, desk, keys.requester_id, keys.requester_key, keys)
    redacted = redact(words, desk.packs.get(ticket.pack).meta.regions, known)
    db.add(
        Message(
            id=note_id,
            ticket_number=ticket.number,
            sort=MessageSort.NOTE,
            channel=ticket.channel,
            agent_id=session.agent.id,
            text=keys.seal("message", "text", note_id, words),
            text_redacted=keys.seal("message", "text_redacted", note_id, redacted),
            at=desk.clock.now(),
        )
    )
    db.flush()
    index_later(db, ticket.number)
    record_about(db, session, ticket, Action.NOTE_ADDED)
